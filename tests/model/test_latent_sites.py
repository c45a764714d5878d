"""Latents as sites: read, written, and an untouched splice that changes nothing; against plain tensor arithmetic."""

from types import SimpleNamespace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.analysis.activations import not_special
from mi_widgets.core.errors import InterventionError, SiteError
from tests.conftest import examples, small_transformer
from tests.core.dictionaries import KINDS, random_sae
from tests.model.letters import letters
from tests.provenance import LOADED

PROMPTS = ["abcde", "fab"]


@pytest.fixture(scope="module")
def model():
    return mi.load(small_transformer(n_layers=3), tokenizer=letters())


def dictionary(model, kind="topk", site=at.resid_post[1], **more):
    width = model.config.d_mlp if site.name == "mlp_post" else model.config.d_model
    return random_sae(kind, d_in=width, d_sae=24, k=5, site=site, **more)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("site", [at.resid_post[1], at.mlp_post[0], at.attn_out[2], at.resid_mid[0]])
def test_a_latent_is_read_as_the_dictionary_has_it(model, kind, site):
    sae = dictionary(model, kind, site)
    run = model.run(PROMPTS, keep=[site])
    latents = sae.encode(run[site])
    latents = latents.where(run.mask[..., None], torch.nan)  # of nothing it makes something
    torch.testing.assert_close(run[at.latent(sae)], latents, equal_nan=True)
    torch.testing.assert_close(run[at.latent(sae, 17)], latents[..., 17], equal_nan=True)
    torch.testing.assert_close(run[at.latent(sae, [3, 17])], latents[..., [3, 17]], equal_nan=True)
    last = latents[torch.arange(2), run.mask.sum(-1) - 1]
    torch.testing.assert_close(run[at.latent(sae, 17).pos(-1)], last[:, 17])
    torch.testing.assert_close(run[at.latent(sae).pos([0, 1])], latents[:, :2])


@pytest.mark.parametrize("kind", KINDS)
def test_an_untouched_splice_changes_nothing(model, kind):
    sae, plain = dictionary(model, kind), model.run(PROMPTS).logits
    for site in (at.latent(sae), at.latent(sae, 3), at.latent(sae, [1, 2]).pos(-1)):
        with model.intervene(mi.scale(site, 1.0)):
            again = model.run(PROMPTS)
            assert again.logits[again.mask].equal(plain[again.mask])


@settings(max_examples=examples(10))
@given(index=st.integers(0, 23), value=st.floats(-4, 4), kind=st.sampled_from(KINDS), seed=st.integers(0, 9))
def test_written_latents_move_the_activation_along_their_directions(index, value, kind, seed):
    model = mi.load(small_transformer(n_layers=3), tokenizer=letters())
    sae = dictionary(model, kind, seed=seed)
    site, x = at.resid_post[1], model.run(PROMPTS, keep=[at.resid_post])[at.resid_post[1]]
    now = sae.encode(x)[..., index]
    for edit, new in {
        mi.interventions.replace(at.latent(sae, index), value): torch.full_like(now, value),
        mi.ablate(at.latent(sae, index)): torch.zeros_like(now),
        mi.steer(at.latent(sae, index), value): now + value,
        mi.scale(at.latent(sae, index), value): now * value,
    }.items():
        with model.intervene(edit):
            found = model.run(PROMPTS, keep=[site])[site]
        wanted = x + (new - now)[..., None] * sae.W_dec[index]
        mask = not_special(model.run(PROMPTS))
        torch.testing.assert_close(found[mask], wanted[mask])


def test_several_latents_and_one_position(model):
    sae = dictionary(model)
    run = model.run(PROMPTS, keep=[at.resid_post])
    x, ends = run[at.resid_post[1]], (run.mask.sum(-1) - 1).tolist()
    with model.intervene(mi.ablate(at.latent(sae, [2, 5, 9]).pos(-1))):
        found = model.run(PROMPTS, keep=[at.resid_post])[at.resid_post[1]]
    wanted = x.clone()
    for row, last in enumerate(ends):
        wanted[row, last] -= sae.encode(x[row, last])[[2, 5, 9]] @ sae.W_dec[[2, 5, 9]]
    torch.testing.assert_close(found[run.mask], wanted[run.mask])


def test_another_runs_latents_are_patched(model):
    sae = dictionary(model)
    other = model.run("gh", keep=[at.resid_post])
    site = at.latent(sae, 4)
    x = model.run("ab", keep=[at.resid_post])[at.resid_post[1]]
    with model.intervene(mi.patch(site, other)):
        found = model.run("ab", keep=[at.resid_post])[at.resid_post[1]]
    change = other[site] - sae.encode(x)[..., 4]
    torch.testing.assert_close(found, x + change[..., None] * sae.W_dec[4])


def test_generation_is_clamped_at_new_tokens_too(model):
    sae = dictionary(model)
    with model.intervene(mi.steer(at.latent(sae, 4), 50.0)):
        pushed = model.generate("ab", max_new_tokens=3)
        rows = [model.run("ab" + pushed.text[:n]).next_tokens(1).dataset["token"].item() for n in range(3)]
    assert list(pushed.tokens) == rows
    assert pushed.text != model.generate("ab", max_new_tokens=3).text


def test_the_gradient_is_that_of_moving_along_the_direction(model):
    sae, site = dictionary(model, "l1"), at.resid_post[1]
    run = model.run("abc", keep=[site], grad=True)
    of = run.logits[0, -1, 3]
    by_activation = run.gradient(of, site)
    torch.testing.assert_close(run.gradient(of, at.latent(sae)), by_activation @ sae.W_dec.T)
    torch.testing.assert_close(run.gradient(of, at.latent(sae, 7)), by_activation @ sae.W_dec[7])
    step = 1e-2
    with model.intervene(mi.steer(at.latent(sae, 7).pos(1), step)):
        moved = model.run("abc").logits[0, -1, 3]
    torch.testing.assert_close(
        float((moved - of).detach()) / step, float(by_activation[0, 1] @ sae.W_dec[7]), rtol=0.05, atol=1e-3
    )


def test_sites_say_what_they_are():
    sae = random_sae(site=at.resid_post[1]).with_record(LOADED)
    site = at.latent(sae, 7).pos(-1)
    assert site.code() == "at.resid_post[1].latent(mi.sae.load('here'), 7).pos(-1)"
    loading = SimpleNamespace(sae=SimpleNamespace(load=lambda _: sae))
    assert eval(site.code(), {"at": at, "mi": loading}) == site
    assert site.everywhere == at.resid_post[1]
    with_special = at.latent(sae, [7, 8], special=True)
    assert with_special.code() == "at.resid_post[1].latent(mi.sae.load('here'), [7, 8], special=True)"
    assert eval(with_special.code(), {"at": at, "mi": loading}) == with_special != at.latent(sae, [7, 8])
    assert site.axes == ("batch", "pos")
    assert at.latent(sae, [1, 2]).axes == ("batch", "pos", "latent")
    assert hash(site) == hash(at.resid_post[1].latent(sae, 7).pos(-1))


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda sae: at.latent(sae, 10), r"has the latents 0 to 9; got 10"),
        (lambda sae: at.latent(sae, -1), r"got -1"),
        (lambda sae: at.latent(sae, []), r"got \[\]"),
        (lambda sae: at.latent(sae, True), r"got True"),
        (lambda sae: at.latent("sae", 1), "takes a dictionary that knows its site; got 'sae'"),
        (lambda _: at.latent(random_sae(), 1), r"Name the site: at.resid_post\[2\].latent\(sae, 17\)"),
        (lambda sae: at.pattern[0].latent(sae, 1), r"at.pattern\[0\] has no latents"),
        (lambda sae: at.latent(sae, 1).latent(sae, 2), "has no latents"),
        (lambda _: at.resid_post[0].latent(3, 1), "read by a dictionary, an mi.sae.SAE; got 3"),
    ],
)
def test_what_is_no_latent_is_refused(make, says):
    with pytest.raises(SiteError, match=says):
        make(random_sae(site=at.resid_post[1]))


def test_a_dictionary_of_another_width_is_refused_and_the_model_is_as_before(model):
    site, before = at.latent(random_sae(d_in=7, site=at.resid_post[1]), 1), model.run("abc").logits
    says = "reads activations of width 7; here it is"
    with pytest.raises((SiteError, InterventionError), match=says), model.intervene(mi.ablate(site)):
        model.run("abc")
    assert model.run("abc").logits.equal(before)
