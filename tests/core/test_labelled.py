"""A Result as an array, a table, and a term in arithmetic; its code makes the same numbers again."""

import operator

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.core.errors import ResultError
from mi_widgets.core.provenance import Provenance
from mi_widgets.core.record import Placeholder
from mi_widgets.core.results import Result
from tests.conftest import small_transformer

FOUR = (operator.add, operator.sub, operator.mul, operator.truediv)


def a_result(
    values=((1.0, -2.0, 3.0), (4.0, 5.0, np.nan)), *, title="Score", unit="nats", model="toy", **labels
):
    values = np.asarray(values)
    axes = ("layer", "head")[: values.ndim]
    coords = {axis: labels.get(axis, range(n)) for axis, n in zip(axes, values.shape, strict=True)}
    return Result(
        kind="test_kind",
        title=title,
        dataset=xr.Dataset(
            {"score": (axes, values), "other": (axes, values * 0, {"units": unit})}, coords=coords
        ),
        primary="score",
        unit=unit,
        source="",
        provenance=Provenance(model, Placeholder(f"your {title}", "score"), warnings=(f"beware of {model}",)),
    )


def test_truth_values_are_counted():
    geometry = mi.toys.feature_geometry(mi.toys.load("plane"))["represented"]
    assert float(geometry.sum()) == geometry.values.sum()
    assert (geometry - geometry).values.max() == 0


@pytest.mark.parametrize("how", ["max", "min", "mean", "sum"])
@pytest.mark.parametrize("dim", [None, "head", ["layer", "head"]])
def test_axes_are_reduced_without_what_is_no_number(how, dim):
    found = getattr(a_result(), how)(dim)
    axis = 1 if dim == "head" else None
    wanted = getattr(np, f"nan{how}")(a_result().values, axis=axis)
    np.testing.assert_allclose(found.values, wanted)
    assert found.dims == (("layer",) if dim == "head" else ())
    assert found.unit == "nats"
    assert found.title.startswith(f"Score: {how}")
    np.testing.assert_allclose(again(found), wanted)


def test_what_cannot_be_reduced_is_told():
    with pytest.raises(ResultError, match="Score has no axis 'pos'; its axes are layer, head"):
        a_result().mean("pos")
    with pytest.raises(ResultError, match="Score: axes have names, layer, head; got 0"):
        a_result().mean(0)
    with pytest.raises(ResultError, match="Score has no numbers along head"):
        a_result(np.ones((2, 0))).max("head")


@pytest.mark.parametrize("how", FOUR)
@pytest.mark.parametrize("other", [2, 0.5, np.float32(3), np.int64(-4)])
def test_a_number_on_either_side(how, other):
    result = a_result()
    for found, wanted in (
        (how(result, other), how(result.values, float(other))),
        (how(float(other), result), how(float(other), result.values)),
    ):
        np.testing.assert_allclose(found.values, wanted, rtol=1e-6)
        np.testing.assert_allclose(again(found), wanted, rtol=1e-6)
        assert found.dims == ("layer", "head")
    assert how(result, other).unit == "nats"
    assert how(other, result).unit == ("1 / nats" if how is operator.truediv else "nats")


@pytest.mark.parametrize("how", FOUR)
def test_two_results_keep_their_labels(how):
    one, other = (
        a_result(layer=[3, 5]),
        a_result([[1.0, 2.0, 4.0], [2.0, 2.0, 2.0]], title="Other", layer=[3, 5]),
    )
    found = how(one, other)
    np.testing.assert_allclose(found.values, how(one.values, other.values))
    np.testing.assert_allclose(again(found), found.values)
    assert found.dataset["layer"].values.tolist() == [3, 5]
    units = {operator.mul: "nats × nats", operator.truediv: "ratio"}
    assert found.unit == units.get(how, "nats")
    assert found.title.startswith("Score ")
    assert found.title.endswith(" Other")


def test_the_unit_of_a_product_is_not_that_of_a_factor():
    share = mi.toys.feature_geometry(mi.toys.load("plane"))
    product = share * share
    assert product["value"].unit == product.unit == f"{share.unit} × {share.unit}"


def test_an_axis_that_one_of_them_lacks_is_that_of_the_other():
    result = a_result()
    found = result - result.mean("head")
    np.testing.assert_allclose(found.values, result.values - np.nanmean(result.values, 1, keepdims=True))
    np.testing.assert_allclose(again(found), found.values)


def test_where_it_comes_from_is_kept_of_both():
    found = a_result(model="one") - a_result(model="another")
    assert found.model_name == "one and another"
    assert found.title == "Score: one − another"
    assert found.warnings == ("beware of one", "beware of another")
    assert (found - 1).warnings == found.warnings
    assert (2 * (found - 1)).title == "2 × (Score: one − another − 1)"


def test_of_one_model_under_interventions_the_title_says_which():
    model = mi.load(small_transformer())
    plain = mi.loss_per_token(model.run([[1, 2, 3]]))
    with model.intervene(mi.ablate(at.z[0, 1])):
        without = mi.loss_per_token(model.run([[1, 2, 3]]))
    title = "Loss per token: mi.stack(mi.ablate(at.z[0, 1], to='zero')) − as it is"
    assert (without - plain).title == title
    assert "under mi.stack(mi.ablate(at.z[0, 1], to='zero'))" in str(without)
    assert "under" not in str(plain)
    assert (without - 1).provenance.interventions == without.provenance.interventions


@pytest.mark.parametrize(
    ("calculate", "title", "unit"),
    [
        (lambda a, b: (a - b).max("head"), "(Score − Other): max over head", "nats"),
        (lambda a, b: a - b.max("head"), "Score − Other: max over head", "nats"),
        (lambda a, b: abs(a - b), "Size of (Score − Other)", "nats"),
        (lambda a, b: sum([a, b, a]), "Score + Other + Score", "nats"),
        (lambda a, b: a - (b - a), "Score − (Other − Score)", "nats"),
        (lambda a, b: (a - b) * 2, "(Score − Other) × 2", "nats"),
        (lambda a, b: a / b * a, "(Score / Other) × Score", "nats"),
        (lambda a, b: a / (a * b), "Score / (Score × Other)", "nats / (nats × nats)"),
        (lambda a, b: 1 / (1 / a), "1 / (1 / Score)", "1 / (1 / nats)"),
    ],
)
def test_titles_and_units_say_what_was_calculated(calculate, title, unit):
    found = calculate(a_result(), a_result(title="Other"))
    assert (found.title, found.unit) == (title, unit)


def test_titles_and_units_do_not_grow_without_end():
    found = a_result()
    for _ in range(20):
        found = found * found
    assert len(found.title) <= 120 >= len(found.unit)


def test_a_part_takes_no_labels_away():
    run = mi.load(small_transformer()).run([[1, 2, 3]])
    loss = mi.loss_per_token(run)
    for found in (loss - loss.sel(pos=1), loss.sel(pos=1) - loss):
        assert found.dataset["pos_token"].equals(loss.dataset["pos_token"])
        assert found.dataset["pos"].equals(loss.dataset["pos"])


def tokens(values, texts, axes=("batch", "pos")):
    data = xr.DataArray(np.asarray(values, "float32"), dims=axes, coords={"pos": range(np.shape(values)[-1])})
    return Result(
        kind="k",
        title="Loss",
        dataset=data.assign_coords(pos_token=(axes, np.array(texts))).to_dataset(name="loss"),
        primary="loss",
        unit="nats",
        source="",
        provenance=Provenance("toy"),
    )


@pytest.mark.parametrize("how", FOUR)
def test_where_labels_beside_an_axis_differ_both_are_kept(how):
    """Clean and corrupted prompts are compared position by position, and differ in a token."""
    clean, corrupted = tokens([[1, 2]], [["When", " Mary"]]), tokens([[3, 5]], [["When", " John"]])
    found = how(clean, corrupted)
    np.testing.assert_allclose(found.values, how(clean.values, corrupted.values))
    assert found.dataset["pos_token"].values.tolist() == [["When", " Mary| John"]]
    assert "pos 1 ' Mary| John'" in str(found)
    assert how(found, clean).dataset["pos_token"].equals(found.dataset["pos_token"])


def test_labels_of_a_prompt_are_compared_with_those_of_each():
    several = tokens([[1, 2], [3, 4]], [["a", "b"], ["a", "c"]])
    one = tokens([1, 2], ["a", "b"], axes=("pos",))
    for found, changed in ((several - one, "c|b"), (one - several, "b|c")):
        assert found.dataset["pos_token"].dims == ("batch", "pos")
        assert found.dataset["pos_token"].values.tolist() == [["a", "b"], ["a", changed]]


def test_tokens_that_are_padded_on_opposite_sides_are_not_compared_by_column():
    left = tokens([[np.nan, 1], [2, 3]], [["", "a"], ["b", "c"]])
    right = tokens([[1, np.nan], [2, 3]], [["a", ""], ["b", "c"]])
    says = r"padded on opposite sides.* run both with the padding on one side"
    for how in (operator.sub, np.maximum, lambda one, other: one.sel(batch=0) * other.sel(batch=0)):
        with pytest.raises(ResultError, match=says):
            how(left, right)
    assert (left - left).values[0, 1] == 0
    assert (left.sel(batch=1) - right.sel(batch=1)).values.tolist() == [0, 0]
    # A token without a text at both ends is no padding.
    assert (tokens([[1, 2]], [["", ""]]) - tokens([[1, 2]], [["b", ""]])).shape == (1, 2)


def test_labels_that_differ_do_not_grow_without_end():
    found = sum(tokens([n], [f"token {n}"], axes=("pos",)) for n in range(20))
    [label] = found.dataset["pos_token"].values.tolist()
    assert label.startswith("token 0|token 1|")
    assert len(label) == 40


def test_numbers_beside_an_axis_that_differ_are_both_kept():
    one, other = (
        a_result([1.0, 2.0]).to_dataset().assign_coords(sparsity=("layer", np.array([0.5, x], "float32")))
        for x in (0.9, 0.1)
    )
    made = {"kind": "k", "title": "Score", "primary": "score", "unit": "nats", "source": ""}
    one, other = (Result(dataset=data, provenance=Provenance("toy"), **made) for data in (one, other))
    assert (one - other).dataset["sparsity"].values.tolist() == ["0.5", "0.9|0.1"]
    assert (one - one).dataset["sparsity"].dtype == np.float32
    assert "layer" not in (one.sel(layer=0) - other.sel(layer=1)).dataset.coords


@pytest.mark.parametrize(
    ("other", "says"),
    [
        (
            a_result(layer=[1, 2]),
            r"Score \(layer 2, head 3\) and Score \(layer 2, head 3\) have other labels on layer: "
            r"choose the same ones with \.sel\(…\), or calculate with \.values",
        ),
        (a_result(unit="share"), r"Score is in nats, Score in share: with \.values, which have no unit"),
    ],
)
def test_what_does_not_fit_is_told(other, says):
    with pytest.raises(ResultError, match=says):
        a_result() - other


def test_texts_and_what_is_no_number_are_no_terms():
    texts = mi.load("induction-2l").run([1, 2, 3]).next_tokens()["token"]
    with pytest.raises(ResultError, match=r"holds texts \(token\), with which nothing can be calculated"):
        texts + texts
    for other in ("x", True, [1]):
        with pytest.raises(TypeError):
            a_result() + other
    array = np.ones((2, 3))
    for calculate in (
        lambda: a_result() + array,
        lambda: array - a_result(),
        lambda: a_result() / xr.DataArray(array),
    ):
        with pytest.raises(ResultError, match=r"an array has no labels.*result\.values"):
            calculate()


def test_signs_and_sizes():
    result = a_result()
    for found, wanted in ((-result, -result.values), (abs(result), np.abs(result.values))):
        np.testing.assert_array_equal(found.values, wanted)
        np.testing.assert_array_equal(again(found), wanted)


@given(st.lists(st.sampled_from(FOUR), min_size=1, max_size=5), st.integers(1, 9), st.booleans())
def test_any_chain_is_made_again_by_its_code(chain, number, turned):
    found = result = a_result()
    for how in chain:
        found = how(number, found) if turned else how(found, number)
        if found.unit == "nats":
            found = found + result
    np.testing.assert_allclose(again(found), found.values, rtol=1e-4)


def test_it_is_kept_in_a_file(tmp_path):
    found = (a_result() - a_result(title="Other")).mean("head")
    found.save(tmp_path / "result")
    assert mi.load_result(tmp_path / "result").code() == found.code()


def test_a_table_has_a_row_for_each_number():
    table = a_result().to_pandas()
    assert table.index.names == ["layer", "head"]
    assert table.loc[(1, 0), "score"] == 4
    assert a_result(2.5).to_pandas()["score"].tolist() == [2.5]


def test_a_difference_has_a_picture():
    found = a_result() - 1
    assert repr(found.view()).startswith("HeatmapView(toy, Score − 1")
    assert found.plot().axes


def again(result):
    """What the code makes, where the user brings the Results it asks for."""
    code = result.code().replace("= ...  # bring your Score", "= a_result()")
    code = code.replace("= ...  # bring your Other", "= OTHER")
    names = {"a_result": a_result, "OTHER": a_result([[1.0, 2.0, 4.0], [2.0, 2.0, 2.0]], title="Other")}
    exec(code, names)
    return names["result"].values
