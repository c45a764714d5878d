"""Means, knock-outs and faithfulness: the route set by hand is the circuit, and random heads are none."""

import numpy as np
import pytest
import torch

import mi_widgets as mi
from mi_widgets import sites as at
from tests.analysis.route_by_hand import FIRST, IDLE, LOUDNESS, PAIR, PAIRS, SECOND, route
from tests.conftest import small_transformer
from tests.model.letters import letters

ROUTE = [at.z[FIRST], at.z[SECOND]]


@pytest.fixture(scope="module")
def by_hand():
    return route()


def tiny(seed=0, **changes):
    return mi.load(small_transformer(seed, n_layers=3, **changes), tokenizer=letters())


@pytest.mark.parametrize("site", [at.z, at.mlp_out, at.resid_post[1]])
def test_means_are_those_of_all_tokens(site):
    model = tiny()
    prompts = ["abc", "ab", "abcdef"]
    found = mi.mean_activations(model, prompts, site, batch_size=2)
    run = model.run(prompts, keep=[site])
    x = run[site] if site.layer is None else run[site][None]
    assert np.allclose(found.values, x[:, run.mask].mean(1).detach(), atol=1e-6)
    by_position = mi.mean_activations(model, ["abc", "dbc", "ebc"], site, by_position=True, batch_size=2)
    run = model.run(["abc", "dbc", "ebc"], keep=[site])
    x = run[site] if site.layer is None else run[site][None]
    assert np.allclose(by_position.values, x.mean(1).detach(), atol=1e-6)
    assert by_position.dims[:2] == ("layer", "pos")


def test_a_knock_out_puts_the_mean_there():
    model = tiny()
    prompts = ["abc", "dbc", "ebc"]
    run = model.run(prompts, keep=[at.z])
    for by_position in (False, True):
        means = mi.mean_activations(model, prompts, at.z, by_position=by_position)
        with model.intervene(mi.interventions.ablate_sites([at.z[1, 3], at.z[2, 0]], means)):
            z = model.run("kbc", keep=[at.z])[at.z]
        there = run[at.z][1, :, :, 3].mean(0 if by_position else (0, 1))
        torch.testing.assert_close(z[1, 0, :, 3], there.expand(4, 8), atol=1e-5, rtol=0)
    with model.intervene(mi.interventions.ablate_sites(at.mlp_out[1])):
        assert not model.run("kbc", keep=[at.mlp_out])[at.mlp_out[1]].any()


def test_without_a_head_of_the_route_the_answer_is_gone(by_hand):
    means = mi.mean_activations(by_hand, [pair.clean for pair in PAIRS], at.z)
    lost = mi.ablation_effects(by_hand, PAIRS, means=means)
    assert lost.values[SECOND] < -LOUDNESS / 2
    assert lost.values[IDLE] == pytest.approx(0, abs=1e-5)
    assert lost.unit == "nats"
    # What is left without one head: the other has nothing to lose any more.
    with by_hand.intervene(mi.interventions.ablate_sites(at.z[FIRST])):
        again = mi.ablation_effects(by_hand, PAIRS)
    assert np.allclose(again.values, 0, atol=1e-5)


def test_the_route_alone_does_all_that_the_model_does(by_hand):
    found = mi.faithfulness(by_hand, ROUTE, PAIRS, n_random=30)
    assert found.values == pytest.approx(1, abs=1e-5)
    assert found.dataset["above_nothing"].item() == pytest.approx(1, abs=1e-5)
    # What is left without any head is the mean of what the corrupted prompts say: each of three letters a third.
    assert np.allclose(found.dataset["nothing"], -LOUDNESS / 3, atol=1e-3)
    random = found.dataset["random"].values
    assert len(random) == 30
    assert np.median(random) < 0.5
    half = mi.faithfulness(by_hand, [at.z[SECOND]], PAIRS)
    assert half.values < 0.5
    assert mi.faithfulness(by_hand, [], PAIRS).values == pytest.approx(
        half.dataset["nothing"].mean() / LOUDNESS
    )


def test_all_heads_are_as_faithful_as_the_model():
    model = tiny(4)
    pairs = [mi.PromptPair("abcd", "xbcd", ("e", "f")), mi.PromptPair("kbcd", "mbcd", ("e", "f"))]
    heads = [at.z[layer, head] for layer in range(3) for head in range(4)]
    found = mi.faithfulness(model, heads, pairs)
    assert found.values == pytest.approx(1, abs=1e-5)
    assert np.allclose(found.dataset["circuit"], found.dataset["model"], atol=1e-5)
    again = eval(
        found.code().splitlines()[-1].removeprefix("result = "), {"mi": mi, "at": at, "model": model}
    )
    assert again.values == found.values
    for batch in (1, 2):
        assert mi.faithfulness(model, heads[:5], pairs, batch_size=batch, n_random=2).dataset[
            "random"
        ].values == pytest.approx(
            mi.faithfulness(model, heads[:5], pairs, n_random=2).dataset["random"].values, abs=1e-4
        )


def test_the_code_makes_the_means_first():
    model = tiny(2)
    pair = mi.PromptPair("abcd", "xbcd", ("e", "f"))
    own = lambda logits, answers: logits[:, answers.right[0]]  # noqa: E731
    with model.intervene(mi.scale(at.mlp_out[0], 2.0)):
        changed = mi.mean_activations(model, ["abcd", "bbcd"], at.z)
    names = {"mi": mi, "at": at, "model": model}
    for means in (mi.mean_activations(model, ["abcd", "bbcd"], at.z), changed):
        with model.intervene(mi.scale(at.mlp_out[1], 0.5)):  # in which the means were not made
            found = [
                mi.ablation_effects(model, pair, means=means),
                mi.faithfulness(model, ROUTE, pair, means=means),
            ]
            found.append(mi.ablation_effects(model, pair, means=means, metric=own))
        for made in found:
            code = made.code().partition("\nmodel = ...")[2].partition("\n")[2].partition("\n")[2]
            exec(code.replace("metric = ...", "metric = own"), names | {"own": own}, names)
            assert np.allclose(names["result"].values, made.values, atol=1e-6)


def test_what_is_no_circuit_is_named(by_hand):
    with pytest.raises(mi.errors.SiteError, match=r"a circuit is heads.*got at\.mlp_out\[0\]"):
        mi.faithfulness(by_hand, [at.mlp_out[0]], PAIRS)
    with pytest.raises(mi.errors.SiteError, match="so the head must be 0 to 1"):
        mi.faithfulness(by_hand, [at.z[0, 7]], PAIRS)
    means = mi.mean_activations(by_hand, ["ac?"], at.z[1])
    with pytest.raises(
        mi.MIError, match=r"means of at\.z in layers \[1\], which say nothing of at\.z\[2, 0\]"
    ):
        mi.interventions.ablate_sites(at.z[SECOND], means)
    with pytest.raises(mi.MIError, match=r"means come from mi.mean_activations"):
        mi.interventions.ablate_sites(at.z[SECOND], mi.ablation_effects(by_hand, PAIR))
    says = r"prompt 0 has 4 tokens \(<s> \| a \| c \| \?\), prompt 1 has 3"
    with pytest.raises(mi.errors.PromptError, match=says):
        mi.mean_activations(by_hand, ["ac?", "ac"], at.z, by_position=True)
    with pytest.raises(mi.errors.PromptError, match="The prompt is empty"):
        mi.mean_activations(by_hand, [], at.z)
    with pytest.raises(mi.errors.SiteError, match=r"a kind of activation of a layer.*got at\.pattern"):
        mi.mean_activations(by_hand, ["ac?"], at.pattern)
    means = mi.mean_activations(by_hand, ["ac?"], at.z, by_position=True)
    longer = mi.PromptPair("acd?", "bcd?", ("a", "b"))
    says = r"by position, for 4 tokens; prompt 1 has 5: <s> \| a \| c \| d \| \?"
    for method in (
        mi.ablation_effects,
        lambda model, *given, **options: mi.faithfulness(model, ROUTE, *given, **options),
    ):
        with pytest.raises(mi.errors.PromptError, match=says):
            method(by_hand, [PAIR, longer], means=means)
    with pytest.raises(mi.errors.PromptError, match="pair 1 has 5"):
        mi.ablation_effects(by_hand, [PAIR, longer], at.attn_out, by=("layer", "pos"))


def test_knock_outs_go_by_position_too(by_hand):
    means = mi.mean_activations(by_hand, [pair.clean for pair in PAIRS], at.attn_out, by_position=True)
    grid = mi.ablation_effects(by_hand, PAIRS, at.attn_out, means=means, by=("layer", "pos"))
    there = {(int(layer), int(pos)) for layer, pos in np.argwhere(np.abs(grid.values) > 1e-4)}
    assert there == {(FIRST[0], 2), (SECOND[0], 3)}
    one = mi.interventions.ablate_sites(at.z[1, 0], mi.mean_activations(by_hand, ["ac?"], at.z).sel(layer=1))
    assert len(one) == 1
