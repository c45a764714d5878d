"""Functions of numpy on Results: of two they need the same labels, and what is no number does not count."""

import operator

import numpy as np
import pytest
import torch

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.core.errors import NotAnArray, ResultError
from tests.core.test_labelled import a_result

TABLE, TURNED = a_result(), a_result(layer=[1, 0])
OPERATORS = {
    np.add: operator.add,
    np.subtract: operator.sub,
    np.multiply: operator.mul,
    np.true_divide: operator.truediv,
}


@pytest.mark.parametrize("function", OPERATORS)
def test_arithmetic_of_numpy_is_that_of_the_operators(function):
    wanted = OPERATORS[function](TABLE, TABLE)
    found = function(TABLE, TABLE)
    np.testing.assert_array_equal(found, wanted)
    assert (found.title, found.unit) == (wanted.title, wanted.unit)
    np.testing.assert_array_equal(function(2, TABLE), function(2, TABLE.values))
    np.testing.assert_array_equal(function(TABLE, [1, 2, 3]), function(TABLE.values, [1, 2, 3]))
    with pytest.raises(ResultError, match="have other labels on layer"):
        function(TABLE, TURNED)


@pytest.mark.parametrize("function", [np.maximum, np.minimum, np.hypot, np.less, np.equal])
def test_other_functions_of_two_want_the_same_labels(function):
    np.testing.assert_array_equal(function(TABLE, -TABLE), function(TABLE.values, -TABLE.values))
    np.testing.assert_array_equal(
        function(TABLE, TABLE.max()), function(TABLE.values, np.nanmax(TABLE.values))
    )
    np.testing.assert_array_equal(function(TABLE, 2.0), function(TABLE.values, 2.0))
    for other in (TURNED, TABLE.sel(layer=0)):
        with pytest.raises(NotAnArray, match=rf"write np\.{function.__name__}\(one\.values, other\.values\)"):
            function(TABLE, other)


def test_products_of_matrices_go_by_places():
    with pytest.raises(NotAnArray, match=r"np\.matmul goes by places.*: write np\.matmul\("):
        np.matmul(TABLE, TABLE)
    np.testing.assert_array_equal(np.ones(2) @ TABLE, np.ones(2) @ TABLE.values)


@pytest.mark.parametrize(
    "two", [torch.tensor(2.0), torch.tensor(2), np.array(2.0), np.float32(2), np.int64(2)]
)
@pytest.mark.parametrize("how", OPERATORS.values())
def test_one_number_of_any_make_is_a_number(how, two):
    for found, wanted in ((how(TABLE, two), how(TABLE, 2)), (how(two, TABLE), how(2, TABLE))):
        np.testing.assert_array_equal(found, wanted)
        assert (found.title, found.unit) == (wanted.title, wanted.unit)
        assert found.code() == wanted.code() or type(two).__name__ != "int64"


@pytest.mark.parametrize("several", [torch.ones(3), np.ones(3)])
def test_several_numbers_without_labels_are_named_with_the_operator(several):
    kind = type(several).__name__
    for how, sign in ((operator.mul, r"\*"), (operator.sub, "-")):
        with pytest.raises(NotAnArray, match=rf"^Result {sign} {kind}: an array has no labels"):
            how(TABLE, several)
        with pytest.raises(NotAnArray, match=rf"^{kind} {sign} Result: an array has no labels"):
            how(several, TABLE)


@pytest.mark.parametrize("name", ["mean", "sum", "max", "min"])
def test_what_is_no_number_does_not_count_for_numpy_either(name):
    padded = a_result([[1.0, np.nan, 3.0], [np.nan, np.nan, 4.0]])
    function, of_numbers = getattr(np, name), getattr(np, f"nan{name}")
    assert function(padded) == of_numbers(padded.values) == float(getattr(padded, name)())
    np.testing.assert_array_equal(function(padded, axis=1), of_numbers(padded.values, axis=1))
    np.testing.assert_array_equal(function(padded, -1), getattr(padded, name)("head").values)
    np.testing.assert_array_equal(function([padded, padded]), function([padded.values] * 2))
    assert np.isnan(function(padded * float("nan")))
    assert np.isnan(padded.sum("layer").values[1])
    with pytest.raises(IndexError):
        function(padded, axis=5)


@pytest.mark.parametrize("name", ["amax", "amin"])
def test_other_names_of_a_largest_and_a_smallest_do_the_same(name):
    padded = a_result([[1.0, np.nan, 3.0], [np.nan, np.nan, 4.0]])
    function, method = getattr(np, name), getattr(padded, name[1:])
    assert function(padded) == function(a=padded) == float(method())
    np.testing.assert_array_equal(function(padded, axis=0), method("layer").values)


@pytest.mark.parametrize("name", ["mean", "sum", "max", "min", "amax"])
def test_options_that_the_methods_do_not_have_are_met_or_refused(name):
    padded = a_result([[1.0, np.nan, 3.0], [np.nan, np.nan, 4.0]])
    function, of_numbers = getattr(np, name), getattr(np, f"nan{name.removeprefix('a')}")
    for axis in (None, 1, (0, 1)):
        found = function(padded, axis, keepdims=True)
        np.testing.assert_array_equal(found, of_numbers(padded.values, axis, keepdims=True))
        assert found.ndim == 2
    assert function(padded, out=None, keepdims=False) == of_numbers(padded.values)
    says = rf"np\.{name} of a Result .* takes axis and keepdims, not where: write np\.{of_numbers.__name__}\(result\."
    with pytest.raises(NotAnArray, match=says):
        function(padded, where=padded.values > 1)


@pytest.mark.parametrize("name", ["argmax", "argmin", "median", "std", "var"])
def test_places_and_spreads_leave_out_what_is_no_number(name):
    padded = a_result([[5.0, np.nan, 1.0], [np.nan, 7.0, 2.0]])
    function, of_numbers = getattr(np, name), getattr(np, f"nan{name}")
    for options in ({}, {"axis": 1}, {"axis": -1, "keepdims": True}):
        np.testing.assert_array_equal(function(padded, **options), of_numbers(padded.values, **options))


def test_a_share_of_the_numbers_is_of_numbers():
    padded = a_result([[5.0, np.nan, 1.0], [np.nan, 7.0, 3.0]])
    assert np.percentile(padded, 50) == np.quantile(padded, q=0.5) == 4
    assert np.argmax(padded) == 4
    with pytest.raises(NotAnArray, match=r"np\.argmax of Score \(layer 1, head 2\): All-NaN slice"):
        np.argmax(a_result([[np.nan, np.nan]]))


@pytest.mark.parametrize(
    "of",
    [
        lambda a, b: np.corrcoef(a, b),
        lambda a, b: np.inner(a, b),
        lambda a, b: np.allclose(a, b),
        lambda a, b: np.array_equal(a1=a, a2=b),
        lambda a, b: np.where([True, False, True], a, b),
        lambda a, b: np.clip(a, a - 1, b),
        lambda a, b: np.clip(a, None, b),
        lambda a, b: np.stack([a, 2.0 * a, b]),
    ],
)
def test_functions_of_several_want_the_same_labels(of):
    np.testing.assert_array_equal(of(TABLE, 2 * TABLE), of(TABLE.values, 2 * TABLE.values))
    for other in (TURNED, TABLE.sel(layer=0)):
        with pytest.raises(
            NotAnArray, match=r"goes by places.*: choose the same .* or give np\.\w+ the \.values"
        ):
            of(TABLE, other)


def test_a_single_number_goes_with_any():
    low, high = TABLE.min(), TABLE.max()
    np.testing.assert_array_equal(np.clip(low, high, TABLE), TABLE.values)
    np.testing.assert_array_equal(
        np.where(TABLE.values > 1, TABLE, low), np.where(TABLE.values > 1, TABLE, low.values)
    )


def test_a_product_of_rows_wants_the_same_labels_and_one_of_matrices_none():
    row, turned = TABLE.sel(layer=0), a_result(head=[2, 1, 0]).sel(layer=0)
    assert np.dot(row, row) == np.dot(row.values, row.values)
    with pytest.raises(NotAnArray, match=r"choose the same labels .* or write np\.dot\(one\.values, other"):
        np.dot(row, turned)
    with pytest.raises(NotAnArray, match=r"np\.dot goes by places"):
        np.dot(TABLE, TABLE)


@pytest.mark.parametrize("name", ["mean", "sum", "max", "min"])
def test_over_no_axes_nothing_changes(name):
    assert getattr(TABLE, name)([]) is TABLE


def test_one_number_is_taken_for_a_number():
    most = TABLE.max()
    assert mi.scale(at.z[0, 1], most) == mi.scale(at.z[0, 1], 5.0)
    assert mi.steer(at.resid_post[0], [1.0], scale=most) == mi.steer(at.resid_post[0], [1.0], scale=5.0)
    with pytest.raises(mi.errors.WrongKind, match="factor must be a number; got a Result"):
        mi.scale(at.z[0, 1], TABLE)
    for several in (torch.ones(2), np.ones(2)):
        with pytest.raises(mi.errors.InterventionError, match="factor must be a finite number"):
            mi.scale(at.z[0, 1], several)


def test_a_temperature_is_a_number_of_any_make():
    model = mi.load("induction-2l")
    hot = {"max_new_tokens": 4, "seed": 0}
    wanted = model.generate([1, 2], temperature=0.5, **hot).ids
    for half in (torch.tensor(0.5), np.array(0.5), np.float32(0.5), a_result(0.5)):
        assert model.generate([1, 2], temperature=half, **hot).ids == wanted
    with pytest.raises(mi.errors.MIError, match="temperature must be a finite number from 0; got"):
        model.generate([1, 2], temperature=torch.ones(2), **hot)


def test_parts_of_one_thing_are_told_apart_by_what_was_chosen():
    of = {layer: TABLE.sel(layer=layer) for layer in (0, 1)}
    assert (of[1] - of[0]).title == "Score (layer 1) − Score (layer 0)"
    assert (of[1] / TABLE).title == "Score (layer 1) / Score"
    assert (of[1] - of[1]).title == "Score − Score"
    one, other = of[1].sel(head=2), of[1].sel(head=0)
    assert (one - other).title == "Score (head 2) − Score (head 0)"
