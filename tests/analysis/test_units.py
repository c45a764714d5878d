"""Every variable of every Result is in a unit of its own, whichever is in front."""

import pytest

import mi_widgets as mi
from tests.kinds import KINDS, model


@pytest.mark.parametrize("kind", KINDS)
def test_every_variable_says_its_unit(kind):
    result = KINDS[kind]()
    for name, data in result.dataset.data_vars.items():
        assert data.dtype.kind != "f" or data.attrs["units"], name
        assert data.dtype.kind not in "US" or not result[name].unit, name
        assert result[name][result.primary].unit == result.unit
        assert result[name].unit == data.attrs.get("units", "")


def test_a_loss_is_no_share():
    accuracy = KINDS["repeat_accuracy"]()
    assert accuracy["loss"].unit == "nats"
    assert " in nats\n" in str(accuracy["loss"])
    with pytest.raises(mi.errors.ResultError, match="is in nats, Repeat accuracy in share of tokens"):
        accuracy["loss"] - accuracy


def test_single_numbers_in_another_unit_are_printed_with_it():
    rows = [line.split(None, 1)[1] for line in str(KINDS["progress_measures"]()).splitlines()[1:]]
    assert "excluded" in rows
    assert "train accuracy (share of pairs)" in rows


def test_a_difference_of_losses_is_in_nats():
    score = mi.in_context_learning_score(model(), [[*range(3, 27)]] * 2, early=(2, 5), late=(10, 20))
    loss = score["loss"]
    assert (loss.sel(pos=12) - loss.sel(pos=3)).unit == score.unit == loss.unit
