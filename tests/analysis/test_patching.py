"""Patching finds a route set by hand and nothing else; its parts add up; what cannot be patched is named."""

import numpy as np
import pytest
import torch

import mi_widgets as mi
from mi_widgets import sites as at
from tests.analysis.route_by_hand import (
    AT_LETTER,
    AT_MARK,
    AT_SECOND,
    FIRST,
    IDLE,
    LOUDNESS,
    PAIR,
    PAIRS,
    SECOND,
    route,
)
from tests.conftest import small_transformer
from tests.model.families import FAMILIES, small
from tests.model.letters import letters

RANDOM = mi.PromptPair("abcd", "xbcd", ("e", "f"))


@pytest.fixture(scope="module")
def by_hand():
    return route()


def tiny(seed=0, **changes):
    return mi.load(small_transformer(seed, n_layers=3, **changes), tokenizer=letters())


def test_the_residual_stream_shows_the_route(by_hand):
    grid = mi.activation_patching(by_hand, PAIRS, at.resid_pre)
    expected = np.zeros((3, 4))
    # What head 2.0 reads waits at the second place from layer 1 on.
    expected[0, AT_LETTER] = expected[1, AT_SECOND] = expected[2, AT_SECOND] = 1
    assert grid.dims == ("layer", "pos")
    assert np.allclose(grid.values, expected, atol=1e-5)
    after = mi.activation_patching(by_hand, PAIRS, at.resid_post).values
    assert after[2, AT_MARK] == pytest.approx(1)
    assert grid.dataset["pos_token"].values.tolist() == ["<s>", "a", "c", "?"]
    assert np.allclose(grid.dataset["clean"], LOUDNESS)
    assert np.allclose(grid.dataset["corrupted"], -LOUDNESS)


METHODS = {
    "activation": lambda model, pairs, **options: mi.activation_patching(model, pairs, at.z, **options),
    "attribution": lambda model, pairs, **options: mi.attribution_patching(model, pairs, at.z, **options),
    "path": lambda model, pairs, **options: mi.path_patching(model, pairs, **options),
    "knock-outs": lambda model, pairs, **options: mi.ablation_effects(model, pairs, **options),
}


@pytest.mark.parametrize(
    ("method", "heads"),
    [
        ("activation", {FIRST, SECOND}),
        ("attribution", {FIRST, SECOND}),
        ("path", {SECOND}),
        ("knock-outs", {FIRST, SECOND}),
    ],
)
def test_every_method_finds_the_heads_of_the_route_and_no_other(by_hand, method, heads):
    found = METHODS[method](by_hand, PAIRS)
    assert found.dims == ("layer", "head")
    there = {(int(layer), int(head)) for layer, head in np.argwhere(np.abs(found.values) > 1e-5)}
    assert there == heads
    assert IDLE not in there
    size = -LOUDNESS if method == "knock-outs" else 1.0
    assert np.allclose([found.values[head] for head in heads], size, atol=1e-4)


@pytest.mark.parametrize(
    ("receivers", "senders"),
    [
        (at.v[SECOND], {FIRST}),
        (at.q[SECOND], set()),
        (at.k[SECOND], set()),
        (at.v[2, 1], set()),
        ([at.v[SECOND], at.logits], {FIRST, SECOND}),
        ([at.q[SECOND], at.k[SECOND]], set()),
        (at.v[SECOND].pos(AT_SECOND), {FIRST}),
        (at.v[SECOND].pos(AT_LETTER), set()),
    ],
)
def test_paths_go_where_they_were_laid(by_hand, receivers, senders):
    found = mi.path_patching(by_hand, PAIRS, receivers)
    assert {tuple(map(int, head)) for head in np.argwhere(np.abs(found.values) > 1e-5)} == senders
    again = eval(
        found.code().splitlines()[-1].removeprefix("result = "), {"mi": mi, "at": at, "model": by_hand}
    )
    assert np.array_equal(again.values, found.values)


@pytest.mark.parametrize("n_layers", [1, 2, 4])
@pytest.mark.parametrize("d_mlp", [0, 24])
def test_all_paths_together_are_the_total_effect(n_layers, d_mlp):
    model = mi.load(small_transformer(3, n_layers=n_layers, d_mlp=d_mlp), tokenizer=letters())
    everywhere = [site[layer] for layer in range(1, n_layers) for site in (at.q, at.k, at.v)]
    paths = mi.path_patching(model, RANDOM, [*everywhere, at.logits])
    total = mi.activation_patching(model, RANDOM, at.z)
    assert np.allclose(paths.values, total.values, atol=1e-4)
    assert np.abs(total.values).max() > 1e-3


def test_the_last_layer_has_one_path_only():
    model = tiny()
    straight, total = mi.path_patching(model, RANDOM), mi.activation_patching(model, RANDOM, at.z)
    assert np.allclose(straight.values[-1], total.values[-1], atol=1e-4)
    assert not np.allclose(straight.values[0], total.values[0], atol=1e-3)


@pytest.mark.parametrize("family", FAMILIES)
def test_patching_every_component_is_the_clean_run(family):
    model = mi.load(small(family), tokenizer=letters())
    sites = [at.embed, at.attn_out, at.mlp_out]
    clean = model.run(RANDOM.clean, keep=sites)
    parts = [mi.patch(at.embed, clean)]
    parts += [mi.patch(site[layer], clean) for site in sites[1:] for layer in range(model.config.n_layers)]
    with model.intervene(*parts):
        patched = model.run(RANDOM.corrupted)
    torch.testing.assert_close(patched.logits, clean.logits, atol=1e-4, rtol=0)
    if family != "Bloom":  # which normalises its embedding first
        grid = mi.activation_patching(model, RANDOM, at.resid_pre)
        assert grid.values[0].sum() == pytest.approx(
            grid.values[0, 1], abs=1e-3
        )  # one letter is all the difference
        assert grid.values[0, 1] == pytest.approx(1, abs=1e-3)


def test_a_cell_is_a_patch_by_hand():
    model = tiny(5)
    pairs = [RANDOM, mi.PromptPair("kbcd", "mbcd", ("e", "f"))]
    grid = mi.activation_patching(model, pairs, at.z, by=("layer", "pos", "head"), layers=[1, 2], heads=[3])
    assert grid.dims == ("layer", "pos", "head")
    clean = model.run([pair.clean for pair in pairs], keep=[at.z])
    e, f = (model.tokenizer(letter, add_special_tokens=False).input_ids[0] for letter in "ef")
    with model.intervene(mi.patch(at.z[2, 3].pos(4), clean)):
        logits = model.run([pair.corrupted for pair in pairs]).logits[:, -1]
    by_cell = grid.dataset["metric"].sel(layer=2, pos=4, head=3).values
    assert np.allclose(by_cell, (logits[:, e] - logits[:, f]).detach(), atol=1e-4)
    d = grid.dataset
    effect = (by_cell.mean() - d["corrupted"].mean()) / (d["clean"].mean() - d["corrupted"].mean())
    assert float(grid.sel(layer=2, pos=4, head=3).values) == pytest.approx(float(effect), abs=1e-4)


@pytest.mark.parametrize("site", [at.resid_pre, at.resid_post, at.z, at.mlp_out, at.attn_out])
def test_to_first_order_both_kinds_agree_where_the_change_is_small(site):
    model = tiny(2)
    with torch.no_grad():  # two letters that mean nearly the same
        w = model.module.embed.W_E
        a, b = (model.tokenizer(letter, add_special_tokens=False).input_ids[0] for letter in "ax")
        w[b] = w[a] + 1e-3 * w[b]
    exact, foretold = (f(model, RANDOM, site) for f in (mi.activation_patching, mi.attribution_patching))
    assert np.allclose(foretold.values, exact.values, atol=0.02)
    assert foretold.dims == exact.dims


def test_attribution_patching_is_exact_where_the_model_is_linear(by_hand):
    for site in (at.resid_pre, at.resid_post, at.attn_out, at.z, at.v):
        exact, foretold = (f(by_hand, PAIRS, site) for f in (mi.activation_patching, mi.attribution_patching))
        assert np.allclose(foretold.values, exact.values, atol=1e-4)


def test_batches_change_nothing():
    model = tiny(1)
    pairs = [mi.PromptPair(f"{c}bcd", f"{d}bcd", ("e", "f")) for c, d in ("ax", "by", "cz", "ga", "hm")]
    for method in METHODS.values():
        whole, parts = method(model, pairs), method(model, pairs, batch_size=2)
        assert np.allclose(whole.values, parts.values, atol=1e-4)


METRICS = {
    "probability": (mi.metrics.probability, 1.0, 0.0),
    "rank": (mi.metrics.rank, 0.0, 1.0),
    "kl": (mi.metrics.kl, 0.0, LOUDNESS),
}


@pytest.mark.parametrize("metric", METRICS)
def test_metrics_say_what_they_are_named_for(by_hand, metric):
    function, clean, corrupted = METRICS[metric]
    grid = mi.activation_patching(by_hand, PAIR, at.resid_pre, metric=function)
    assert grid.dataset["clean"].item() == pytest.approx(clean, abs=1e-3)
    assert grid.dataset["corrupted"].item() == pytest.approx(corrupted, abs=1e-2)
    assert grid.values[0, AT_LETTER] == pytest.approx(1, abs=1e-4)
    assert f"metric=mi.metrics.{metric}" in grid.code()


def test_a_metric_of_ones_own_is_named_in_the_code(by_hand):
    grid = mi.activation_patching(
        by_hand, PAIR, at.resid_pre, metric=lambda x, answers: x[:, answers.right[0]]
    )
    assert "metric = ...  # bring yours" in grid.code()
    assert grid.dataset["metric"].attrs["units"] == "the metric's own"


def test_what_cannot_be_patched_is_named(by_hand):
    def patching(*pairs, **options):
        return mi.activation_patching(by_hand, list(pairs), at.resid_pre, **options)

    longer = mi.PromptPair("abc?", "ac?", ("a", "b"))
    says = r"Pair 1: its prompts must have as many tokens.*clean has 5: <s> \| a \| b \| c \| \?, corrupted has 4"
    with pytest.raises(mi.errors.PromptError, match=says):
        patching(PAIR, longer)
    with pytest.raises(mi.errors.PromptError, match=r"'ab' of pair 0 is not one token of .*\['a', 'b'\]"):
        patching(mi.PromptPair("ac?", "bc?", ("ab", "b")))
    other = mi.PromptPair("acd?", "bcd?", ("a", "b"))
    says = r"pair 0 has 4 tokens: <s> \| a \| c \| \?, pair 1 has 5: <s> \| a \| c \| d.*by=\(\"layer\",\)"
    with pytest.raises(mi.errors.PromptError, match=says):
        patching(PAIR, other)
    with pytest.raises(
        mi.errors.MetricError, match=r"one number a prompt, a tensor of shape \(1,\).*got shape"
    ):
        patching(PAIR, metric=lambda logits, answers: logits)
    with pytest.raises(
        mi.errors.MetricError, match=r"is -?[0-9.e-]+ after the clean prompts and after the corrupted"
    ):
        patching(mi.PromptPair("ac?", "ac?", ("a", "b")))
    with pytest.raises(mi.errors.PromptError, match=r"Pair 0 is 'ac': give mi.PromptPair"):
        patching("ac")
    with pytest.raises(mi.errors.PromptError, match="No pairs"):
        patching()
    with pytest.raises(mi.errors.MetricError, match=r"metric with a gradient.*one, rank and"):
        mi.attribution_patching(by_hand, PAIR, at.z, metric=mi.metrics.rank)
    with pytest.raises(mi.errors.SiteError, match=r"receivers are at.logits and what heads read"):
        mi.path_patching(by_hand, PAIR, at.z[1, 0])
    with pytest.raises(mi.errors.SiteError, match=r"beside at\.logits receivers read at all positions"):
        mi.path_patching(by_hand, PAIR, [at.v[2, 0].pos(2), at.logits])
    with pytest.raises(mi.errors.PromptError, match="batch_size=0: give a whole number from 1"):
        patching(PAIR, batch_size=0)
    with pytest.raises(mi.errors.SiteError, match="nothing comes before"):
        mi.path_patching(by_hand, PAIR, at.q[0, 0])
    with pytest.raises(mi.errors.SiteError, match=r"layers of senders must be some of \[0\]"):
        mi.path_patching(by_hand, PAIR, at.q[1, 0], layers=[1])


def test_pairs_of_different_lengths_go_by_heads():
    model = tiny()
    pairs = [RANDOM, mi.PromptPair("kbc", "mbc", ("e", "f"))]
    for method in METHODS.values():
        together = method(model, pairs).dataset["metric"]
        for i, pair in enumerate(pairs):
            assert np.allclose(together[i], method(model, pair).dataset["metric"][0], atol=1e-4)


def test_active_interventions_hold_in_every_method():
    model = tiny(3)
    changed = mi.load(small_transformer(3, n_layers=3), tokenizer=letters())
    with torch.no_grad():
        changed.module.blocks[1].mlp.W_out *= 0.5
        changed.module.blocks[1].mlp.b_out *= 0.5
    for method in METHODS.values():
        with model.intervene(mi.scale(at.mlp_out[1], 0.5)):
            held = method(model, RANDOM)
        assert np.allclose(held.values, method(changed, RANDOM).values, atol=1e-4)
        assert not np.allclose(held.values, method(model, RANDOM).values, atol=1e-3)
        names = {"mi": mi, "at": at, "model": model}
        exec("\n".join(held.code().splitlines()[3:]).partition("\n")[2], names)
        assert np.allclose(names["result"].values, held.values, atol=1e-6)


def test_it_can_be_interrupted_and_the_model_is_as_before(monkeypatch):
    model, runs = tiny(), []
    before = model.run("abcd").logits
    run = type(model).run

    def stopped(self, *arguments, **options):
        runs.append(self.interventions)
        if len(runs) == 5:
            raise KeyboardInterrupt
        return run(self, *arguments, **options)

    monkeypatch.setattr(type(model), "run", stopped)
    with pytest.raises(KeyboardInterrupt):
        mi.path_patching(model, RANDOM)
    monkeypatch.undo()
    assert torch.equal(model.run("abcd").logits, before)


@pytest.mark.parametrize("answers", [(4, 2), [4, 2], (torch.tensor([4, 4]), 2), ([4, 4], [2, 2])])
def test_a_metric_by_hand_takes_the_ids_of_the_answers(answers):
    logits = torch.arange(10.0).reshape(2, 5)
    assert mi.metrics.logit_diff(logits, answers).tolist() == [2.0, 2.0]
    assert mi.metrics.rank(logits, answers).tolist() == [0.0, 0.0]
    assert torch.allclose(mi.metrics.probability(logits, answers), logits.softmax(-1)[:, 4])


@pytest.mark.parametrize("answers", [(" a", " b"), (4, 5), (-1, 2), (4,), 4, None, (0.5, 1), ([1, 2, 3], 4)])
def test_what_are_no_ids_is_told(answers):
    says = (
        r"^mi\.metrics\.rank: answers are two token ids \(right, wrong\) from 0 to 4, .* 2 prompts, .*; got "
    )
    with pytest.raises(mi.errors.MetricError, match=says):
        mi.metrics.rank(torch.ones(2, 5), answers)


def test_a_metric_by_hand_needs_logits_a_prompt_and_kl_clean_ones():
    with pytest.raises(
        mi.errors.MetricError, match=r"shape \(batch, d_vocab\), as run\.last_logits; got \(5,\)"
    ):
        mi.metrics.logit_diff(torch.ones(5), (1, 2))
    with pytest.raises(mi.errors.MetricError, match=r"an analysis of pairs has: metric=mi\.metrics\.kl"):
        mi.metrics.kl(torch.ones(1, 5), (1, 2))
