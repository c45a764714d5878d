"""Layers counted from the end, and slices of them: the same as the layers by their numbers, wherever a site stands."""

import numpy as np
import pytest
import torch

import mi_widgets as mi
from mi_widgets import sites as at
from tests.conftest import small_gpt2, small_transformer
from tests.model.letters import letters

IDS = [[3, 1, 4, 1, 5]]
N = 6
PAIR = mi.PromptPair("abcd", "abed", ("e", "f"))
QUIET = {"progress": False}


@pytest.fixture(scope="module")
def model():
    return mi.load(small_transformer(n_layers=N, d_vocab=50), tokenizer=letters())


@pytest.mark.parametrize(
    ("layers", "numbers"),
    [
        (-1, 5),
        (-6, 0),
        (slice(2, 5), [2, 3, 4]),
        (slice(None, None, 2), [0, 2, 4]),
        (slice(-3, None), [3, 4, 5]),
        (slice(None, -4), [0, 1]),
        (slice(1, 6, 3), [1, 4]),
        (slice(5, 6), [5]),
    ],
)
def test_what_is_read_is_what_the_layers_have(layers, numbers, model):
    site = at.resid_post[layers]
    assert eval(repr(site), {"at": at}) == site
    whole = model.run(IDS, keep=[at.resid_post, at.z])
    some = model.run(IDS, keep=[site, at.z[layers]])
    assert torch.equal(some[site], whole[at.resid_post][numbers])
    assert torch.equal(whole[site], some[site])
    assert torch.equal(some[at.z[layers, 2].pos(-1)], whole[at.z][numbers][..., -1, 2, :])
    kept = [numbers] if isinstance(numbers, int) else numbers
    assert sorted(layer for name, layer in some.kept if name == "z") == kept
    assert torch.equal(model.run(IDS, keep=site)[site], some[site])
    with pytest.raises(mi.errors.NotKept):
        some[at.resid_post]
    graph = model.run(IDS, keep=[at.resid_post], grad=True)
    every = graph.gradient(graph.logits[0, -1, 7], at.resid_post)
    assert torch.equal(graph.gradient(graph.logits[0, -1, 7], site), every[numbers])


@pytest.mark.parametrize(
    ("layers", "numbers"), [(-1, [5]), (slice(-3, None), [3, 4, 5]), (slice(0, 4, 2), [0, 2])]
)
@pytest.mark.parametrize(
    "change",
    [
        mi.ablate,
        lambda site: mi.scale(site, 0.3),
        lambda site: mi.interventions.replace(site, 0.7),
        lambda site: mi.interventions.apply(site, torch.sin),
        mi.interventions.ablate_sites,
    ],
)
def test_what_is_changed_is_changed_in_each_of_the_layers(layers, numbers, change, model):
    with model.intervene(change(at.attn_out[layers])):
        changed, written = model.run(IDS).logits, model.generate(IDS, max_new_tokens=3).ids
        names = [each.site.layer for each in model.interventions if each.site.name == "attn_out"]
    with model.intervene(*(change(at.attn_out[number]) for number in numbers)):
        by_hand = model.run(IDS).logits
        assert written == model.generate(IDS, max_new_tokens=3).ids
    assert torch.allclose(changed, by_hand, atol=1e-5)
    assert names == numbers


def test_heads_directions_and_runs_of_the_last_layers(model):
    direction = torch.arange(32.0).cos()
    with model.intervene(mi.steer(at.resid_post[-2].pos(-1), direction), mi.ablate(at.z[-3:, 1])):
        changed = model.run(IDS).logits
    by_hand = [mi.steer(at.resid_post[4].pos(-1), direction), *(mi.ablate(at.z[i, 1]) for i in (3, 4, 5))]
    with model.intervene(*by_hand):
        assert torch.allclose(changed, model.run(IDS).logits, atol=1e-5)
    run = model.run(IDS, keep=[at.z])
    assert mi.patch(at.z[-1], run) == mi.patch(at.z[5], run)
    assert mi.ablate(at.z[-2, 3], to="mean", data=run) == mi.ablate(at.z[4, 3], to="mean", data=run)


# Site of some layers -> a Result of them, and what its axis `layer` says.
RESULTS = {
    "mean_activations": lambda m, site: mi.mean_activations(m, ["abc", "de"], site, **QUIET),
    "activation_patching": lambda m, site: mi.activation_patching(m, PAIR, site, **QUIET),
    "attribution_patching": lambda m, site: mi.attribution_patching(m, [PAIR], site, **QUIET),
    "sweep": lambda m, site: m.sweep("abc", mi.ablate, site, metric=lambda x: x[:, 3], **QUIET),
    "ablation_effects": lambda m, site: mi.ablation_effects(m, PAIR, site, **QUIET),
}


@pytest.mark.parametrize("name", RESULTS)
@pytest.mark.parametrize(("layers", "numbers"), [(-1, [5]), (slice(-4, None, 2), [2, 4])])
def test_results_of_some_layers_name_them_by_their_numbers(name, layers, numbers, model):
    whole, some = RESULTS[name](model, at.z), RESULTS[name](model, at.z[layers])
    assert np.atleast_1d(some.dataset["layer"].values).tolist() == numbers
    expected = whole.to_xarray().sel(layer=numbers)
    found = some.to_xarray()
    np.testing.assert_allclose(found.values.reshape(expected.shape), expected.values, atol=1e-5)
    names = {"model": model}
    code = (
        some.code()
        .replace("\nmodel = ...", "\n_ = ...")
        .replace("\nmetric = ...", "\nmetric = lambda x: x[:, 3]")
    )
    exec(code, names)
    np.testing.assert_allclose(names["result"].values, some.values, atol=1e-6)
    if layers == -1:
        assert "at.z[5]" in code


def test_lists_of_sites_and_single_ones_are_those_of_the_model(model):
    circuit, means = [at.z[-1, 2], at.z[4, 1]], None
    same = mi.faithfulness(model, [at.z[5, 2], at.z[4, 1]], PAIR, means=means, n_random=1, **QUIET)
    found = mi.faithfulness(model, circuit, PAIR, means=means, n_random=1, **QUIET)
    np.testing.assert_allclose(found.values, same.values, atol=1e-6)
    assert "at.z[5, 2]" in found.code()
    assert "-1, 2" not in found.code()
    paths = mi.path_patching(model, PAIR, [at.q[-1, 1], at.v[-1]], **QUIET)
    by_hand = mi.path_patching(model, PAIR, [at.q[5, 1], at.v[5]], **QUIET)
    np.testing.assert_allclose(paths.values, by_hand.values, atol=1e-6)
    direction = mi.directions.mean_difference(model, ["ab", "ac"], ["de", "df"], at.resid_post[-1], **QUIET)
    assert direction.site == at.resid_post[5]
    sae = mi.sae.train(
        model, at.resid_post[-2], ["abc"] * 4, d_sae=8, k=2, n_tokens=20, batch_size=4, **QUIET
    )
    assert sae.site == at.resid_post[4]
    effect = mi.steering_effect(model, mi.steer(at.resid_post[-1], direction), "abc", max_new_tokens=2)
    assert "at.resid_post[5]" in effect.code()


@pytest.mark.parametrize("site", [at.z[6], at.z[-7], at.z[3:7], at.z[-7:], at.z[4:2], at.z[6:]])
def test_layers_that_a_model_lacks_are_refused_with_the_range(site, model):
    said = r"6 layers,( so)? the layer must be 0 to 5, or -6 to -1 from the end"
    for use in (
        lambda: model.run(IDS, keep=[site]),
        lambda: model.run(IDS, keep=site),
        lambda: model.run(IDS, keep=[at.z])[site],
        lambda: model.intervene(mi.ablate(site)).__enter__(),
        lambda: mi.mean_activations(model, ["abc"], site, **QUIET),
        lambda: model.sweep("abc", mi.ablate, site, metric=lambda x: x[:, 3], **QUIET),
    ):
        with pytest.raises(mi.errors.SiteError, match=said):
            use()
    assert not model.interventions


def test_what_takes_one_layer_says_so_of_several(model):
    run = model.run(IDS, keep=[at.z])
    with pytest.raises(
        mi.errors.InterventionError, match=r"at\.z\[2:5\] is several\. Write one a layer, as in mi\.stack"
    ):
        mi.patch(at.z[2:5], run)
    with pytest.raises(mi.errors.InterventionError, match=r"at\.z\[2:5, 1\] is several\. Write one a layer"):
        mi.ablate(at.z[2:5, 1], to="mean", data=run)
    with pytest.raises(mi.errors.SiteError, match=r"one vector a token.*got at\.resid_post\[2:5\]"):
        mi.directions.mean_difference(model, ["ab"], ["de"], at.resid_post[2:5], **QUIET)
    with pytest.raises(mi.errors.DictionaryError, match=r"one layer's activation.*got at\.resid_post\[:2\]"):
        mi.sae.train(model, at.resid_post[:2], ["abc"], d_sae=8, k=2, n_tokens=20, **QUIET)
    with pytest.raises(mi.errors.SiteError, match="has its layer already"):
        at.z[2:5][1]
    with pytest.raises(mi.errors.SiteError, match="has no layers"):
        at.logits[-1]


def test_the_last_layer_of_another_model_is_its_own():
    last = mi.ablate(at.mlp_out[-1])
    for module in (small_gpt2(), small_transformer()):
        model = mi.load(module)
        with model.intervene(last):
            assert [each.site for each in model.interventions] == [at.mlp_out[1]]
            found = model.run(IDS).logits
        with model.intervene(mi.ablate(at.mlp_out[1])):
            assert torch.equal(model.run(IDS).logits, found)
