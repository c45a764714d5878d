"""Transcoders: latents that are read at one site and act at another, against an MLP that is one, and plain hooks."""

from functools import partial

import pytest
import torch

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.core.errors import InterventionError, SiteError
from mi_widgets.core.sae import SAE
from tests.core.dictionaries import random_sae, random_transcoder
from tests.model.families import loaded, small
from tests.model.letters import letters

PROMPTS = ["abcde", "fab"]
LAYER, NEURON = 1, 5
close = partial(torch.testing.assert_close, equal_nan=True)  # what stands at padding is NaN on both sides


@pytest.fixture(scope="module")
def plain():
    return small("OPT")


@pytest.fixture(scope="module")
def model(plain):
    return mi.load(small("OPT"), tokenizer=letters())


@pytest.fixture(scope="module")
def mlp(plain):
    """A ReLU MLP is a transcoder without error: its latents are the neurons."""
    block = plain.model.decoder.layers[LAYER]
    return SAE(
        W_enc=block.fc1.weight.detach().T, b_enc=block.fc1.bias.detach(), W_dec=block.fc2.weight.detach().T,
        b_dec=block.fc2.bias.detach(), kind="l1", subtracts_b_dec=False, site=at.mlp_in[LAYER],
        writes=at.mlp_out[LAYER],
    )  # fmt: skip


@torch.no_grad()
def hooked(plain, ids, change, rows=slice(None), columns=slice(None)):
    """The plain module's logits with a neuron of every token, or some, put to something else."""

    def hook(_, args):
        x = args[0].clone().unflatten(0, (len(ids), -1)) if args[0].ndim == 2 else args[0].clone()
        x[rows, columns, NEURON] = change(x[rows, columns, NEURON])
        return (x.reshape(args[0].shape),)

    handle = plain.model.decoder.layers[LAYER].fc2.register_forward_pre_hook(hook)
    try:
        return plain(ids).logits
    finally:
        handle.remove()


@pytest.mark.parametrize("family", ["OPT", "Llama", "GPT-2", "Gemma 2", "Transformer"])
def test_the_mlp_reads_what_its_norm_gives(family):
    model = loaded(family)
    run = model.run([[1, 2, 3, 4]], keep=[at.mlp_in, at.resid_mid])
    norm = model.module.get_submodule(
        {
            "OPT": "model.decoder.layers.1.final_layer_norm",
            "Llama": "model.layers.1.post_attention_layernorm",
            "GPT-2": "transformer.h.1.ln_2",
            "Gemma 2": "model.layers.1.pre_feedforward_layernorm",
            "Transformer": "blocks.1.ln2",
        }[family]
    )
    with torch.no_grad():
        torch.testing.assert_close(run[at.mlp_in[1]], norm(run[at.resid_mid[1]]))


def test_latents_are_the_neurons_and_what_it_says_is_the_output(model, mlp):
    run = model.run(PROMPTS, keep=[at.mlp_in, at.mlp_post, at.mlp_out])
    close(run[at.latent(mlp)], run[at.mlp_post[LAYER]])
    torch.testing.assert_close(
        run[at.latent(mlp, NEURON).pos(-1)], run[at.mlp_post[LAYER].pos(-1)][:, NEURON]
    )
    close(mlp(run[at.mlp_in[LAYER]]), run[at.mlp_out[LAYER]])


def test_an_untouched_splice_changes_nothing(model):
    sae = random_transcoder(d_in=32, d_out=32, skip=True, site=at.mlp_in[1], writes=at.mlp_out[1])
    before = model.run(PROMPTS)
    for site in (at.latent(sae), at.latent(sae, 3, special=True), at.latent(sae, [1, 2]).pos(-1)):
        with model.intervene(mi.scale(site, 1.0)):
            assert model.run(PROMPTS).logits[before.mask].equal(before.logits[before.mask])


def test_changed_latents_are_changed_neurons_but_at_special_tokens(model, mlp, plain):
    ids = model.run("abcde").ids
    for edit, change in (
        (mi.ablate(at.latent(mlp, NEURON)), torch.zeros_like),
        (mi.scale(at.latent(mlp, NEURON), 3.0), lambda x: 3 * x),
        (mi.steer(at.latent(mlp, NEURON), 2.0), lambda x: x + 2),
    ):
        with model.intervene(edit):
            found = model.run("abcde").logits
        torch.testing.assert_close(
            found, hooked(plain, ids, change, columns=slice(1, None)), rtol=1e-4, atol=1e-4
        )
    asked = {
        at.latent(mlp, NEURON, special=True): slice(None),
        at.latent(mlp, NEURON).pos(0): slice(0, 1),
        at.latent(mlp, NEURON).pos(2): slice(2, 3),
        at.latent(mlp, NEURON).every("<s>"): slice(0, 1),
    }
    for site, columns in asked.items():
        with model.intervene(mi.interventions.replace(site, 4.0)):
            found = model.run("abcde").logits
        wanted = hooked(plain, ids, lambda x: torch.full_like(x, 4), columns=columns)
        torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-4)


def test_a_change_of_what_it_writes_comes_in_the_order_given(model, mlp):
    site, run = at.mlp_out[LAYER], model.run("abc", keep=[at.mlp_in, at.mlp_out])
    zero, push = mi.ablate(site), mi.steer(at.latent(mlp, NEURON, special=True), 2.0)
    for edits, wanted in (
        ((zero, push), 2 * mlp.W_dec[NEURON].expand(4, -1)),
        ((push, zero), torch.zeros(4, 32)),
    ):
        with model.intervene(*edits):
            torch.testing.assert_close(model.run("abc", keep=[site])[site][0], wanted)
    assert run[site].abs().max() > 0


def test_generation_changes_every_token_once_and_alike(model, mlp):
    with model.intervene(mi.steer(at.latent(mlp, NEURON), 60.0)):
        pushed = model.generate("ab", max_new_tokens=4, keep=[at.mlp_out])
        rows = [model.run("ab" + pushed.text[:n]).next_tokens(1).dataset["token"].item() for n in range(4)]
        assert list(pushed.tokens) == rows
    only_new = mi.steer(at.latent(mlp, NEURON).pos("new"), 60.0)
    with model.intervene(only_new):
        new = model.generate("ab", max_new_tokens=3, keep=[at.mlp_in, at.mlp_out])
    run = new.run
    moved = run[at.mlp_out[LAYER]] - mlp(run[at.mlp_in[LAYER]])
    torch.testing.assert_close(moved[0, :3], torch.zeros(3, 32), rtol=0, atol=1e-4)
    torch.testing.assert_close(moved[0, 3:], 60 * mlp.W_dec[NEURON].expand(3, -1), rtol=1e-4, atol=1e-3)


def test_a_sweep_is_one_run_a_cell(model, mlp):
    def make(site):
        return mi.ablate(site.latent(mlp, [NEURON, 6]))

    grid = model.sweep(PROMPTS, make, over=at.mlp_in, layers=[LAYER], by=("layer", "pos"), metric=first_logit)
    for pos in range(6):
        with model.intervene(make(at.mlp_in[LAYER].pos(pos))):
            torch.testing.assert_close(
                float(grid.dataset["metric"][0, 0, pos]),
                float(model.run(PROMPTS[0]).logits[0, -1, 0]),
                rtol=1e-4,
                atol=1e-5,
            )


def first_logit(logits):
    return logits[:, 0]


def test_another_runs_latents_are_patched(model, mlp):
    other = model.run("gh", keep=[at.mlp_in])
    site = at.latent(mlp, NEURON)
    with model.intervene(mi.patch(site, other)):
        run = model.run("ab", keep=[at.mlp_in, at.mlp_out])
    moved = run[at.mlp_out[LAYER]] - mlp(run[at.mlp_in[LAYER]])
    change = (other[site] - run[site])[..., None] * mlp.W_dec[NEURON]
    change[:, 0] = 0  # the token that begins the text
    torch.testing.assert_close(moved, change, rtol=1e-4, atol=1e-4)


def test_the_gradient_is_that_of_moving_what_it_writes(model, mlp):
    run = model.run("abc", keep=[at.mlp_in, at.mlp_out], grad=True)
    of = run.logits[0, -1, 3]
    by_output = run.gradient(of, at.mlp_out[LAYER])
    torch.testing.assert_close(run.gradient(of, at.latent(mlp)), by_output @ mlp.W_dec.T)
    torch.testing.assert_close(run.gradient(of, at.latent(mlp, 7).pos(1)), by_output[:, 1] @ mlp.W_dec[7])
    scaled = random_sae("l1", d_in=32, site=at.mlp_out[LAYER], scaling="layer_norm")
    with pytest.raises(
        SiteError, match="scales activations by their own length: there is no gradient by its latents"
    ):
        run.gradient(of, at.latent(scaled, 3))


def test_a_dictionary_that_scales_moves_in_the_activations_own_unit(model):
    sae, site = random_sae("l1", d_in=32, scaling="layer_norm", site=at.resid_post[1]), at.resid_post[1]
    x = model.run("abc", keep=[site])[site]
    with model.intervene(mi.steer(at.latent(sae, 3), 2.0)):
        found = model.run("abc", keep=[site])[site]
    wanted = x + 2 * x.std(-1, keepdim=True) * sae.W_dec[3]
    torch.testing.assert_close(found[:, 1:], wanted[:, 1:])
    assert found[:, 0].equal(x[:, 0])


def test_heads_are_read_one_beside_the_other_or_one_alone(model):
    run = model.run(PROMPTS, keep=[at.z])
    z, real = run[at.z[1]], run.mask.clone()
    real[:, 0] = False
    everything = random_sae("topk", d_in=32, site=at.z[1])
    one = random_sae("topk", d_in=8, site=at.z[1, 2])
    close(run[at.latent(everything)][run.mask], everything.encode(z[run.mask].flatten(-2)))
    close(run[at.latent(one, 3)][run.mask], one.encode(z[:, :, 2][run.mask])[:, 3])
    assert at.latent(everything).axes == ("batch", "pos", "latent")
    for sae, part in ((everything, z.flatten(-2)), (one, z[:, :, 2])):
        with model.intervene(mi.steer(at.latent(sae, 4), 2.0)):
            found = model.run(PROMPTS, keep=[at.z])[at.z[1]]
        wanted = (part + 2 * sae.W_dec[4]).unflatten(-1, (-1, 8))
        here = found if sae is everything else found[:, :, 2:3]
        torch.testing.assert_close(here[real], wanted.reshape(here.shape)[real])
        if sae is one:
            close(found[:, :, :2], z[:, :, :2], rtol=0, atol=0)


def test_what_cannot_be_written_is_said_and_the_model_is_as_before(model):
    before = model.run("abc").logits
    nowhere = random_transcoder(d_in=32, d_out=30, site=at.mlp_in[1])
    with pytest.raises(
        SiteError, match=r"does not say where it writes: mi.sae.load\(…, writes=at.mlp_out\[2\]\)"
    ):
        model.run("abc", keep=[at.mlp_in])[at.latent(nowhere, 3).written]
    wide = random_transcoder(d_in=32, d_out=30, site=at.mlp_in[1], writes=at.mlp_out[1])
    says = "writes activations of width 30; here it is 32"
    with (
        pytest.raises((SiteError, InterventionError), match=says),
        model.intervene(mi.ablate(at.latent(wide, 1, special=True))),
    ):
        model.run("abc")
    elsewhere = random_transcoder(d_in=32, d_out=32, site=at.mlp_in[2], writes=at.mlp_out[2])
    with (
        pytest.raises(SiteError, match="so the layer must be 0 to 2"),
        model.intervene(
            mi.ablate(at.mlp_in[2].latent(elsewhere, 1)), mi.ablate(at.mlp_in[3].latent(elsewhere, 1))
        ),
    ):
        pass
    with pytest.raises(SiteError, match="so the layer must be 0 to 2"):
        model.sweep(
            "abc",
            lambda site: mi.ablate(
                site.latent(random_transcoder(d_in=32, d_out=32, writes=at.mlp_out[3]), 1)
            ),
            at.mlp_in,
            metric=lambda logits: logits[:, 0],
        )
    assert model.run("abc").logits.equal(before)


def test_a_dictionary_of_another_model_or_another_site_warns(model):
    """Whatever is measured under a change of its latents says so."""
    sae = random_sae("l1", d_in=32, site=at.resid_post[1], model="gpt2-small")
    with model.intervene(mi.ablate(at.resid_post[0].latent(sae, 3).pos(-1))):
        warnings = model.run("abc").next_tokens().provenance.warnings
    assert any(
        "says that it was trained on gpt2-small, and this is OPTForCausalLM" in text for text in warnings
    )
    assert any("trained at at.resid_post[1], and reads at.resid_post[0]" in text for text in warnings)
    # A run says what it was made under, wherever it is read; a sweep, what it tried.
    plain = model.run("abc")
    with model.intervene(mi.ablate(at.resid_post[0].latent(sae, 3).pos(-1))):
        changed = model.run("abc")
        assert not any("gpt2-small" in text for text in plain.next_tokens().provenance.warnings)
    assert changed.next_tokens().provenance.warnings == warnings
    swept = model.sweep(
        "abc", lambda site: mi.ablate(site.latent(sae, 3)), at.resid_post, metric=lambda logits: logits[:, 0]
    )
    assert any("trained on gpt2-small" in text for text in swept.provenance.warnings)
    gemma, unnamed = loaded("Gemma 2"), random_sae("l1", d_in=32, site=at.mlp_out[1])
    with gemma.intervene(mi.ablate(at.latent(unnamed, 3))):
        [said] = [
            text for text in gemma.run([[1, 2]]).next_tokens().provenance.warnings if "dictionary" in text
        ]
    assert "at.mlp_out[1] of Gemma2ForCausalLM is what comes out of the norm behind it" in said
    right = random_sae("l1", d_in=32, site=at.resid_post[1], model="facebook/OPTForCausalLM")
    with model.intervene(mi.ablate(at.latent(right, 3))):
        assert not any("dictionary" in text for text in model.run("abc").next_tokens().provenance.warnings)
