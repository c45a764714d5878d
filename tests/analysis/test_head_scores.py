"""Scores of heads beside their control: planted truths, the plainest reading of a pattern, and short contexts."""

import numpy as np
import pytest
import torch

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.analysis.repeats import probe
from tests.analysis.heads_by_hand import looking_back
from tests.analysis.induction_by_hand import induction_circuit
from tests.conftest import small_transformer

REPEATS = ("duplicate_token", "induction")


@pytest.fixture(scope="module")
def by_hand():
    """Spans of up to 16 tokens, and words enough that a passage can be followed by others."""
    return mi.load(induction_circuit(d_vocab=40, n_ctx=33))


def test_an_induction_head_has_all_of_its_score_above_the_control(by_hand):
    found = mi.head_scores(by_hand, "induction")
    assert found.dataset["length"].values.tolist() == [8, 16]
    assert found.argmax() == {"layer": 1, "head": 0}
    assert found.values[1, 0] > 0.9  # where it finds nothing it looks evenly at everything
    assert found.dataset["score"].values[1, 0] == pytest.approx(1, abs=1e-4)
    assert abs(found.values[0, 0]) < 0.02  # the previous-token head


def test_a_previous_token_head_has_nothing_two_before(by_hand):
    found = mi.head_scores(by_hand, "previous_token").dataset
    assert found["excess"].values[0, 0] == pytest.approx(1, abs=1e-4)
    assert found["control"].values[0, 0] == pytest.approx(0, abs=1e-4)


@pytest.mark.parametrize("kind", REPEATS)
def test_a_head_that_looks_a_fixed_distance_back_has_no_excess(kind):
    back = {"induction": 23, "duplicate_token": 24}[kind]
    model = mi.load(looking_back(back, n_ctx=64, d_vocab=60))
    found = mi.head_scores(model, kind, length=[8, 24]).dataset
    assert found["score"].values.item() == pytest.approx(0.5, abs=0.02)  # all at 24 words, nothing at 8
    assert found["excess"].values.item() == pytest.approx(0, abs=1e-5)
    assert found["by_length"].sel(length=24).values.item() == pytest.approx(0, abs=1e-5)
    assert abs(mi.head_scores(model, "previous_token").values.item()) < 0.05


def test_a_head_that_looks_two_back_is_below_its_control():
    model = mi.load(looking_back(2, n_ctx=64, d_vocab=60))
    assert mi.head_scores(model, "previous_token").values.item() == pytest.approx(-1, abs=1e-3)
    assert (
        mi.head_scores(mi.load(looking_back(1, n_ctx=64, d_vocab=60)), "previous_token").values.item() > 0.99
    )


@pytest.mark.parametrize("kind", ["previous_token", *REPEATS])
def test_a_random_network_has_no_excess(kind):
    model = mi.load(small_transformer(d_vocab=80, n_ctx=64))
    assert np.abs(mi.head_scores(model, kind).values).max() < 0.02


def test_scores_and_controls_are_means_of_diagonals(model):
    rows = probe(model, 8, 3, 5, "")
    assert torch.equal(rows.repeated, mi.repeated_tokens(model, length=8, n=3, seed=5))
    again, other = (model.run(ids, keep=[at.pattern])[at.pattern] for ids in (rows.repeated, rows.unrepeated))
    # A diagonal at -d begins at query d: of the second passage those of the repeat are from query 8 on.
    expected = {
        "previous_token": (again.diagonal(-1, 3, 4)[..., 1:], again.diagonal(-2, 3, 4)),
        "duplicate_token": (again.diagonal(-8, 3, 4), other.diagonal(-8, 3, 4)),
        "induction": (again.diagonal(-7, 3, 4)[..., 1:], other.diagonal(-7, 3, 4)[..., 1:]),
    }
    for kind, (score, control) in expected.items():
        got = mi.head_scores(model, kind, length=8, n=3, seed=5)
        assert got.dims == ("layer", "head")
        assert np.allclose(got["score"].values, score.mean((1, 3)).numpy(), atol=1e-5)
        assert np.allclose(got["control"].values, control.mean((1, 3)).numpy(), atol=1e-5)
        assert np.allclose(got.values, (score.mean((1, 3)) - control.mean((1, 3))).numpy(), atol=1e-5)


def test_lengths_are_averaged_and_kept(model):
    each = [mi.head_scores(model, "induction", length=length, n=2) for length in (5, 9)]
    both = mi.head_scores(model, "induction", length=(5, 9), n=2)
    assert np.allclose(both.values, np.mean([one.values for one in each], 0), atol=1e-6)
    for one, length in zip(each, (5, 9), strict=True):
        assert np.allclose(both.dataset["by_length"].sel(length=length), one.values, atol=1e-6)
    foreseen = mi.repeat_accuracy(model, length=(5, 9), n=2).dataset
    alone = [mi.repeat_accuracy(model, length=length, n=2).dataset for length in (5, 9)]
    for variable in ("accuracy", "loss"):
        assert np.allclose(foreseen[variable], np.mean([one[variable] for one in alone], 0), atol=1e-5)
    assert foreseen["by_length"].sel(length=9).values.tolist() == alone[1]["accuracy"].values.tolist()


@pytest.mark.parametrize(("d_vocab", "length"), [(50, 12), (50, 25), (30, 20), (6, 18)])
def test_what_does_not_repeat_begins_alike_and_has_no_token_where_the_repeat_has_it(d_vocab, length):
    model = mi.load(small_transformer(n_layers=1, d_vocab=d_vocab, n_ctx=60))
    rows = probe(model, length, 5, 3, "")
    assert torch.equal(rows.unrepeated[:, :length], rows.repeated[:, :length])
    first, second = rows.unrepeated[:, :length], rows.unrepeated[:, length:]
    assert not (first == second).any()
    if 2 * length <= d_vocab:
        assert all(len(set(row)) == 2 * length for row in rows.unrepeated.tolist())
    assert second.max() < d_vocab


@pytest.mark.parametrize(
    ("n_ctx", "lengths"), [(4, [2]), (15, [7]), (16, [8]), (40, [8, 16]), (200, [8, 16, 32])]
)
def test_lengths_fit_themselves_to_the_context(n_ctx, lengths):
    model = mi.load(small_transformer(n_layers=1, n_heads=1, d_mlp=0, n_ctx=n_ctx))
    assert mi.head_scores(model, "induction", n=1).dataset["length"].values.tolist() == lengths
    usual = min(32, n_ctx // 2)
    assert mi.repeat_accuracy(model, n=1).dataset["length"].values.tolist() == [usual]
    assert mi.repeated_tokens(model).shape == (8, 2 * usual)


def test_what_does_not_fit_is_named(model):
    for given in (21, [8, 21], 1, [], [8, 8], 8.5):
        with pytest.raises(
            mi.errors.PromptError,
            match=r"mi.head_scores: \S+ takes 40 tokens, so length must be a whole number from 2 to 20, or several of "
            "them, each once; got",
        ):
            mi.head_scores(model, "induction", length=given)
    with pytest.raises(mi.errors.PromptError, match=r"whole number from 2 to 20, or several .*; got \[30\]"):
        mi.repeat_accuracy(model, length=[30])
    with pytest.raises(
        mi.errors.PromptError, match=r"mi.repeated_tokens: .* a whole number from 2 to 20; got 21"
    ):
        mi.repeated_tokens(model, length=21)
    with pytest.raises(
        mi.errors.PromptError, match=r"mi.head_scores: n must be a whole number from 1; got 0"
    ):
        mi.head_scores(model, "induction", n=0)
    small = mi.load(small_transformer(n_layers=1, n_ctx=3))
    for analysis in (lambda m: mi.head_scores(m, "induction"), mi.repeat_accuracy, mi.repeated_tokens):
        with pytest.raises(
            mi.errors.PromptError, match="takes 3 tokens, and a span of 2 that comes twice needs 4"
        ):
            analysis(small)
