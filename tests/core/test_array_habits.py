"""What people do with arrays by habit: it works as numpy's users expect, or one error says what to write."""

import copy
import operator
import random
from collections import deque

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import torch

import mi_widgets as mi
from mi_widgets.core.errors import NotAnArray, ResultError
from tests.core.test_labelled import a_result

NONE, ONE, TWO = a_result(2.0), a_result([1.0, 2.0, -3.0]), a_result([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
EACH = pytest.mark.parametrize("result", [NONE, ONE, TWO], ids=["number", "line", "table"])
SEVERAL = pytest.mark.parametrize(("result", "axes"), [(ONE, r"layer 3"), (TWO, r"layer 2, head 3")])


def test_it_is_an_array_to_numpy():
    result = a_result()
    assert (np.asarray(result) is result.values) or np.shares_memory(np.asarray(result), result.values)
    np.testing.assert_array_equal(np.asarray(result, dtype=np.float64), result.values.astype(np.float64))
    np.testing.assert_array_equal(np.abs(result), np.abs(result.values))
    assert np.nanmean(result) == np.nanmean(result.values)
    np.testing.assert_array_equal(np.stack([result, result]), np.stack([result.values] * 2))
    assert result.shape == (2, 3)
    with pytest.raises(ValueError, match="read-only"):
        np.asarray(result)[0, 0] = 7
    np.array(result)[0, 0] = 7
    assert result.values[0, 0] == 1


def test_one_number_is_a_float_and_several_are_none():
    assert float(a_result(2.5)) == 2.5
    assert float(a_result().sel(layer=1, head=0)) == 4.0
    assert float(a_result([[7.0]])) == 7.0
    with pytest.raises(ResultError, match=r"Score has 6 numbers \(layer 2, head 3\), not one: .*\.max\(\)"):
        float(a_result())


def test_one_number_compares_rounds_and_is_formatted_as_a_float():
    one = a_result().max()
    assert one == 5.0
    assert one != 4
    assert one > 4 >= a_result(3.0)
    assert max([one, a_result(6.0)]) == 6
    assert (int(one), round(one, 1), f"{one:.2f}") == (5, 5.0, "5.00")
    assert f"{one}" == str(one)
    assert len({one, a_result(), a_result()}) == 3


def test_numpy_finds_results_in_what_holds_several():
    result = a_result()
    for several in ([result, result], (result, result), deque([result, result])):
        np.testing.assert_array_equal(np.stack(several), np.stack([result.values] * 2))


@EACH
@pytest.mark.parametrize("make", [torch.tensor, torch.as_tensor, torch.asarray])
def test_torch_takes_a_copy(result, make):
    made = make(result)
    assert made.dtype == torch.float32
    np.testing.assert_array_equal(made, result.values)
    made += 1
    assert (made.numpy() != result.values).all()
    assert torch.tensor(result, dtype=torch.float64).dtype == torch.float64


def test_texts_are_no_tensor_and_truth_values_are_one():
    texts = mi.load("induction-2l").run([1, 2, 3]).next_tokens()["token"]
    with pytest.raises(ResultError, match=r"holds texts \(token\), with which nothing can be calculated"):
        torch.tensor(texts)
    assert torch.tensor(mi.toys.feature_geometry(mi.toys.load("plane"))["represented"]).dtype == torch.bool


@EACH
@pytest.mark.parametrize("how", [np.mean, np.abs, np.sqrt, np.max, np.isnan, np.exp, np.size, np.ndim])
def test_functions_of_numpy_see_the_numbers(result, how):
    with np.errstate(invalid="ignore"):
        found = how(result)
        np.testing.assert_array_equal(found, how(result.values))
    assert not isinstance(found, mi.Result)


def test_matplotlib_draws_the_numbers():
    figure, axes = plt.subplots()
    assert [bar.get_height() for bar in axes.bar([0, 1, 2], ONE)] == [1, 2, -3]
    assert [bar.get_width() for bar in axes.barh([0, 1, 2], ONE)] == [1, 2, -3]
    assert axes.plot(ONE)[0].get_ydata().tolist() == [1, 2, -3]
    assert len(axes.plot([5, 6], TWO)) == 3
    assert axes.scatter(ONE, ONE).get_offsets().shape == (3, 2)
    assert axes.imshow(TWO).get_array().shape == (2, 3)
    assert axes.axhline(NONE).get_ydata() == [2, 2]
    assert axes.hist(ONE)[0].sum() == 3
    axes.fill_between([0, 1, 2], ONE, ONE + 1)
    axes.errorbar([0, 1, 2], ONE, yerr=abs(ONE))
    plt.close(figure)


def test_pandas_takes_the_bare_numbers():
    assert pd.DataFrame(TWO).values.tolist() == TWO.values.tolist()
    assert pd.DataFrame({"score": ONE})["score"].tolist() == [1, 2, -3]
    assert pd.Series(ONE).tolist() == [1, 2, -3]


def test_its_length_is_that_of_its_first_axis():
    assert (len(ONE), len(TWO)) == (3, 2)
    with pytest.raises(TypeError, match=r"Score is one number, without a length: write float\(result\)"):
        len(NONE)


@SEVERAL
@pytest.mark.parametrize(
    "habit", [list, tuple, sorted, max, min, sum, enumerate, lambda r: [*zip(r, r, strict=True)]]
)
def test_nobody_knows_over_which_axis_to_go(result, axes, habit):
    says = (
        rf"Score \({axes}\) is not gone through by itself: go through result\.values, or .*, as in "
        r"\[result\.sel\(layer=n\) for n in result\.dataset\['layer'\]\.values\]\. The largest is result\.max\(\)"
    )
    with pytest.raises(NotAnArray, match=says):
        habit(result)
    parts = [result.sel(layer=n) for n in result.dataset["layer"].values]
    np.testing.assert_array_equal(np.stack(parts), result.values)


def test_one_number_is_not_gone_through():
    with pytest.raises(
        TypeError, match=r"Score is one number, with nothing to go through: write float\(result\)"
    ):
        list(NONE)
    with pytest.raises(NotAnArray, match=r"What Score \(layer 3\) holds .* write 2\.0 in result\.values"):
        assert 2.0 in ONE


@EACH
@pytest.mark.parametrize(
    ("place", "got"), [(0, "an int"), ((0, 0), "a tuple"), (slice(1), "a slice"), ({"layer": 0}, "a dict")]
)
def test_places_are_those_of_the_values(result, place, got):
    says = rf"takes the name of a variable \(score, other\); got {got}\. .*result\.sel\(layer=…\).*result\.values\[…\]"
    with pytest.raises(ResultError, match=says):
        result[place]


def test_a_random_part_is_refused_in_the_same_words():
    with pytest.raises(ResultError, match=r"got an int\. Numbers are chosen by labels, result\.sel"):
        random.choice(ONE)


@pytest.mark.parametrize(
    "how", [operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne]
)
@pytest.mark.parametrize("other", [1, 2.0, np.float32(3), np.array(2.0), a_result(2.0), a_result([[5.0]])])
def test_one_number_compares_with_another(how, other):
    assert how(NONE, other) == how(2.0, float(other))
    assert how(other, NONE) == how(float(other), 2.0)


@SEVERAL
@pytest.mark.parametrize(
    ("other", "said", "written"),
    [
        (0.5, r"0\.5", r"0\.5"),
        (np.ones(3), "a ndarray", "other"),
        (torch.ones(3), "a Tensor", "other"),
        (NONE, r"Score \(one number\)", r"other\.values"),
        (copy.copy(ONE), r"Score \(layer 3\)", r"other\.values"),
    ],
)
def test_several_numbers_compare_one_by_one_as_values(result, axes, other, said, written):
    for how, sign in ((operator.gt, ">"), (operator.eq, "=="), (operator.ne, "!=")):
        says = rf"{sign} compares one value with one; here are Score \({axes}\) and {said}\. "
        says += rf"Write result\.values {sign} {written}, which compares each"
        with pytest.raises(NotAnArray, match=says):
            how(result, other)


def test_one_text_compares_with_another():
    texts = mi.load("induction-2l").run([1, 2, 3]).next_tokens()["token"]
    first = texts.sel(batch=0, rank=0)
    assert first == first.values.item() == copy.copy(first)
    assert first != "no such token"
    with pytest.raises(NotAnArray, match=r"Write result\.values == 'x', which compares each\."):
        _ = texts == "x"


def test_an_equality_of_all_is_numpys():
    for other in ([1.0, 2.0, -3.0], ONE.values, copy.copy(ONE)):
        with pytest.raises(NotAnArray, match=r"and np\.array_equal\(result, other\) all of them"):
            _ = other == ONE
        assert np.array_equal(ONE, other)


@EACH
def test_what_is_no_number_is_unlike_it(result):
    same = result
    assert same == result
    assert result in [copy, result]
    assert result != "x"
    assert result not in [None, "x"]
    assert result != object()
    assert result == pytest.approx(result.values)
    with pytest.raises(TypeError, match="not supported between instances"):
        _ = result < "x"


@SEVERAL
def test_several_numbers_are_neither_true_nor_false(result, axes):
    says = (
        rf"\({axes}\), not one: it is neither true nor false: write result\.values\.any\(\) or \.all\(\), or "
    )
    with pytest.raises(NotAnArray, match=says):
        bool(result)
    assert NONE
    assert not a_result(0.0)


@SEVERAL
def test_several_numbers_are_rounded_by_numpy(result, axes):
    with pytest.raises(
        NotAnArray, match=rf"Score has \d numbers \({axes}\), not one: write np\.round\(result, 2\)"
    ):
        round(result, 2)
    for habit in (float, int, "{:.2f}".format, lambda r: f"{r:>10}"):
        with pytest.raises(NotAnArray, match=rf"\({axes}\), not one: choose one with \.sel"):
            habit(result)


@EACH
@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("T", r"result\.values\.T or, with labels, result\.to_xarray\(\)\.T"),
        ("item", r"result\.values\.item\(…\) or, with labels, result\.to_xarray\(\)\.item\(…\)"),
        ("tolist", r"result\.values\.tolist\(…\)"),
        ("isel", r"result\.to_xarray\(\)\.isel\(…\)"),
        ("std", r"result\.values\.std\(…\) or, with labels, result\.to_xarray\(\)\.std\(…\)"),
    ],
)
def test_what_only_arrays_have_is_shown_the_way(result, name, line):
    with pytest.raises(AttributeError, match=rf"^'Result' object has no attribute '{name}': write {line}$"):
        getattr(result, name)
    with pytest.raises(AttributeError, match=r"^'Result' object has no attribute 'nothing'$"):
        _ = result.nothing
    assert not hasattr(result, "__setitem__")
