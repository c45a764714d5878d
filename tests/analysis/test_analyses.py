"""Analyses read back a circuit set by hand, add up, and find nothing in a random network."""

import numpy as np
import pytest
import torch

import mi_widgets as mi
from mi_widgets import sites as at
from tests.analysis.induction_by_hand import induction_circuit
from tests.conftest import small_transformer

PROBE = {"length": 10, "n": 6}


@pytest.fixture(scope="module")
def by_hand():
    return mi.load(induction_circuit())


def test_the_circuit_set_by_hand_is_read_back_exactly(by_hand):
    scores = {
        kind: mi.head_scores(by_hand, kind, **PROBE)["score"].values
        for kind in ("previous_token", "duplicate_token", "induction")
    }
    assert scores["previous_token"][0, 0] == pytest.approx(1, abs=1e-4)
    assert scores["induction"][1, 0] == pytest.approx(1, abs=1e-4)
    assert scores["duplicate_token"].max() < 0.1
    assert scores["induction"][0, 0] < 0.1


def test_it_foresees_the_repeat_and_only_that(by_hand):
    result = mi.repeat_accuracy(by_hand, **PROBE)
    assert result.sel(passage="repeat").values == 1
    assert result.sel(passage="first").values < 0.3
    assert result.to_dataset()["loss"].sel(passage="repeat") < 1e-3


@pytest.mark.parametrize("head", [at.z[0, 0], at.z[1, 0]])
def test_without_either_head_it_is_lost(by_hand, head):
    with by_hand.intervene(mi.ablate(head)):
        assert mi.repeat_accuracy(by_hand, **PROBE).sel(passage="repeat").values < 0.3


def test_a_random_network_scores_nothing():
    model = mi.load(small_transformer())
    for kind in ("previous_token", "duplicate_token", "induction"):
        assert mi.head_scores(model, kind, length=16).values.max() < 0.25
    assert mi.repeat_accuracy(model, length=16).values.max() < 0.1


def test_repeated_tokens_repeat_and_differ_within_a_span(model):
    ids = mi.repeated_tokens(model, length=12, n=4, seed=1)
    assert torch.equal(ids[:, :12], ids[:, 12:])
    assert all(len(set(row[:12].tolist())) == 12 for row in ids)
    assert torch.equal(ids, mi.repeated_tokens(model, length=12, n=4, seed=1))
    assert not torch.equal(ids, mi.repeated_tokens(model, length=12, n=4, seed=2))


def test_what_cannot_be_measured_is_refused(model):
    with pytest.raises(mi.errors.PromptError, match="length must be a whole number from 2 to 20"):
        mi.head_scores(model, "induction", length=21)
    with pytest.raises(mi.errors.MIError, match="allowed: previous_token, duplicate_token, induction"):
        mi.head_scores(model, "copying")
    with pytest.raises(mi.errors.NotKept, match=r"keep=\[at.pattern\]"):
        mi.attention(model.run([1, 2]))


def test_attention_is_labelled_and_padding_is_nan(model):
    run = model.run([[1, 2, 3], [4, 5]], keep=[at.pattern])
    result = mi.attention(run)
    assert result.dims == ("batch", "layer", "head", "query", "key")
    assert np.array_equal(result.values[0, 1], run[at.pattern[1]][0].numpy())
    assert np.isnan(result.values[1, :, :, 2, :]).all()
    assert np.isnan(result.values[1, :, :, :, 2]).all()
    assert result.dataset["query_token"].values.tolist() == [[" 1", " 2", " 3"], [" 4", " 5", ""]]
    one = mi.attention(model.run([1, 2], keep=[at.pattern[1]]))
    assert one.dataset["layer"].values.tolist() == [1]


def test_a_single_token_attends_to_itself(model):
    assert (mi.attention(model.run([7], keep=[at.pattern])).values == 1).all()


def test_loss_is_the_cross_entropy(model):
    run = model.run([[1, 2, 3, 4], [5, 6]])
    loss = mi.loss_per_token(run)
    expected = torch.nn.functional.cross_entropy(
        run.logits[0, :-1], torch.tensor([2, 3, 4]), reduction="none"
    )
    assert np.allclose(loss.values[0, 1:], expected.numpy(), atol=1e-5)
    assert np.isnan(loss.values[:, 0]).all()
    assert np.isnan(loss.values[1, 2:]).all()
    assert np.isnan(mi.loss_per_token(model.run([3])).values).all()


def test_the_code_of_a_result_makes_it_again(model):
    with model.intervene(mi.ablate(at.z[1, 3])):
        run = model.run([[1, 2, 3, 1, 2]], keep=[at.pattern])
        results = [
            mi.attention(run),
            mi.loss_per_token(run),
            mi.head_scores(model, "induction", length=8),
            mi.repeat_accuracy(model, length=8),
            run.next_tokens(3),
        ]
    for result in results:
        lines = [line for line in result.code().splitlines() if not line.startswith("model = ...")]
        names = {"model": model}
        exec("\n".join(lines), names)
        assert names["result"].dataset.identical(result.dataset)
        assert names["result"].code() == result.code()


def test_every_result_can_be_printed_as_a_figure(model):
    run = model.run([[1, 2, 3, 4]], keep=[at.pattern])
    both = model.run([[1, 2, 3, 4], [1, 2]])
    for result in (
        mi.attention(run),
        mi.loss_per_token(run),
        mi.loss_per_token(both),
        mi.head_scores(model, "induction", length=8),
        mi.repeat_accuracy(model, length=8),
        run.next_tokens(3),
        mi.head_scores(model, "induction", length=8).sel(layer=1, head=2),
    ):
        figure = result.plot()
        assert result.model_name in " ".join(
            [figure.get_suptitle(), *(axes.get_title(loc="left") for axes in figure.axes)]
        )
