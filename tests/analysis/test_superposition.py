"""Analyses of toy models: figures set by hand are found, identities hold, nothing is found in noise."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mi_widgets as mi
from mi_widgets.analysis.superposition.figures import FIGURES, NOT_REPRESENTED, OTHER
from mi_widgets.core.errors import MIError

from .figures_by_hand import antiprism, cube, in_a_plane, pairs, polygon, rotated, side_by_side, tetrahedron

SHAPES = st.tuples(st.integers(1, 6), st.integers(1, 9), st.integers(0, 99))


def figures(W):
    return mi.toys.feature_geometry(mi.toys.ToyModel(W)).dataset["figure"].values[0].tolist()


def shares(W):
    return mi.toys.feature_geometry(mi.toys.ToyModel(W)).values[0]


def normal(m, n, seed):
    return np.random.default_rng(seed).normal(size=(m, n))


# -- planted truth ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("W", "name", "share"),
    [
        (np.eye(3), "own dimension", 1),
        (pairs(3), "antipodal pair", 1 / 2),
        (polygon(3), "triangle", 2 / 3),
        (tetrahedron(), "tetrahedron", 3 / 4),
        (polygon(5), "pentagon", 2 / 5),
        (antiprism(), "square antiprism", 3 / 8),
    ],
)
def test_figures_set_by_hand_are_recognised_wherever_they_point(W, name, share):
    for turned in (W, rotated(W), 1.3 * W):
        assert set(figures(turned)) == {name}
        np.testing.assert_allclose(shares(turned), share, atol=1e-5)
        found = mi.toys.dimensions_per_feature(mi.toys.ToyModel(turned)).values[0]
        assert found == pytest.approx(len(W) / (turned**2).sum(), rel=1e-5)


def test_figures_in_dimensions_of_their_own_are_told_apart():
    W = rotated(side_by_side(pairs(1), polygon(5), tetrahedron(), np.eye(1)), seed=3)
    data = mi.toys.feature_geometry(mi.toys.ToyModel(W)).dataset
    assert data["figure"].values[0].tolist() == [
        *["antipodal pair"] * 2,
        *["pentagon"] * 5,
        *["tetrahedron"] * 4,
        "own dimension",
    ]
    assert data["group"].values[0].tolist() == [0] * 2 + [2] * 5 + [7] * 4 + [11]


def test_the_plane_by_hand():
    data = mi.toys.feature_geometry(in_a_plane()).dataset
    assert data["represented"].values.sum(1).tolist() == [2, 4, 5]
    assert data["figure"].values[:, 0].tolist() == ["own dimension", "antipodal pair", "pentagon"]
    np.testing.assert_allclose(data["to_next"].values[1, :4], 90, atol=1e-3)
    np.testing.assert_allclose(data["to_next"].values[2], 72, atol=1e-3)
    np.testing.assert_allclose(data["angle"].values[2], 72 * np.arange(5), atol=1e-3)
    assert np.isnan(data["to_next"].values[0, 2:]).all()
    assert sorted(data["to_next"].values[0, :2].round(3)) == [90, 270]
    np.testing.assert_allclose(data["dimensions_per_feature"].values, [1, 1 / 2, 2 / 5], rtol=1e-6)


@pytest.mark.parametrize(
    "W",
    [
        cube(),  # 3/8 of a dimension each, as in the antiprism
        np.concatenate([np.eye(2), polygon(3, 0.3)], 1),  # 2/5 each, as in the pentagon
        np.array([[1.0, 1.0]]),  # 1/2 each, but one direction
        polygon(4, 0.0) * [1, 1, 0.6, 1],  # a pair of unequal lengths
    ],
)
def test_the_right_share_of_dimensions_is_not_enough_for_a_figure(W):
    assert OTHER in figures(W)
    assert not {"square antiprism", "pentagon"} & set(figures(W))


def test_what_is_nearly_a_figure_is_one_and_what_is_far_is_none():
    nudge = np.random.default_rng(0).normal(size=(2, 5))
    assert set(figures(polygon(5) + 0.03 * nudge)) == {"pentagon"}
    assert set(figures(polygon(5) + 0.3 * nudge)) == {OTHER}


# -- identities -------------------------------------------------------------------------------------------------------


@given(SHAPES)
def test_interference_and_dimensionality_are_what_they_say(shape):
    W = normal(*shape)
    toy = mi.toys.ToyModel(W)
    W = toy.W.tensor.numpy()[0].astype(float)
    dots, n = mi.toys.interference(toy).dataset, W.shape[1]
    geometry = mi.toys.feature_geometry(toy).dataset
    for i in range(n):
        unit = W[:, i] / np.linalg.norm(W[:, i])
        others = sum((unit @ W[:, j]) ** 2 for j in range(n) if j != i)
        expected = (W[:, i] @ W[:, i]) / sum((unit @ W[:, j]) ** 2 for j in range(n))
        assert dots["shared"].values[0, i] == pytest.approx(others, rel=1e-4, abs=1e-5)
        assert geometry["dimensionality"].values[0, i] == pytest.approx(expected, rel=1e-4)
        for j in range(n):
            assert dots["interference"].values[0, i, j] == pytest.approx(
                W[:, i] @ W[:, j], rel=1e-4, abs=1e-5
            )
    np.testing.assert_array_equal(geometry["interference"].values, dots["interference"].values)


@given(SHAPES)
def test_shares_add_up_to_the_rank_at_most(shape):
    W = normal(*shape)
    found = shares(W)
    assert found.min() > 0
    assert found.max() <= 1 + 1e-5
    assert found.sum() <= np.linalg.matrix_rank(W) + 1e-4


@given(SHAPES, st.floats(0.1, 10))
def test_shares_know_nothing_of_directions_and_units(shape, scale):
    W = normal(*shape)
    np.testing.assert_allclose(shares(scale * rotated(W, shape[2])), shares(W), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("W", [np.eye(4), pairs(3), tetrahedron(), polygon(7), antiprism(), cube()])
def test_shares_of_regular_figures_add_up_to_their_dimensions(W):
    assert shares(W).sum() == pytest.approx(len(W), rel=1e-5)


def test_shares_of_trained_models_add_up_to_the_dimensions_as_in_the_paper():
    for name, m in (("plane", 2), ("plateau", 20)):
        sums = mi.toys.feature_geometry(mi.toys.load(name)).values.sum(1)
        assert np.abs(sums - m).max() < 0.01 * m


# -- degenerate inputs, and a control ---------------------------------------------------------------------------------


def test_a_model_of_zeros_represents_nothing():
    toy = mi.toys.ToyModel(np.zeros((2, 3)))
    data = mi.toys.feature_geometry(toy).dataset
    assert (data["dimensionality"].values == 0).all()
    assert set(data["figure"].values.ravel()) == {NOT_REPRESENTED}
    assert (data["group"].values == -1).all()
    assert np.isnan(data["angle"].values).all()
    assert np.isnan(mi.toys.interference(toy).dataset["shared"].values).all()
    found = mi.toys.dimensions_per_feature(toy).dataset
    assert np.isnan(found["dimensions"].item())
    assert found["represented"].item() == 0


def test_one_feature_in_one_dimension():
    data = mi.toys.feature_geometry(mi.toys.ToyModel([[1.0]])).dataset
    assert data["figure"].item() == "own dimension"
    assert "angle" not in data
    assert np.isnan(mi.toys.feature_geometry(mi.toys.ToyModel([[1.0], [0.0]])).dataset["to_next"].item())


def test_nothing_is_found_in_random_directions():
    known = [figure.name for figure in FIGURES]
    found = []
    for m, n in [
        *itertools.product((2, 3), (5, 8, 100)),
        (20, 100),
    ]:  # a few in many dimensions have their own
        directions = np.random.default_rng(0).normal(size=(30, m, n))
        toy = mi.toys.ToyModel(directions / np.linalg.norm(directions, axis=1, keepdims=True))
        found.append(np.isin(mi.toys.feature_geometry(toy).dataset["figure"].values, known).mean())
    assert max(found) < 0.03


# -- what is shipped --------------------------------------------------------------------------------------------------


def test_the_shipped_plane_goes_from_two_features_over_pairs_to_the_pentagon():
    data = mi.toys.feature_geometry(mi.toys.load("plane")).dataset
    at = {round(float(s), 2): data.isel(instance=i) for i, s in enumerate(data["sparsity"].values)}
    assert at[0.0]["represented"].values.tolist() == [True, True, False, False, False]
    assert set(at[0.7]["figure"].values) == {"antipodal pair", NOT_REPRESENTED}
    assert np.nanmax(np.abs(at[0.7]["to_next"].values - 90)) < 4
    for sparsity in (0.9, 0.95, 0.97, 0.99):
        assert set(at[sparsity]["figure"].values) == {"pentagon"}
        assert np.abs(at[sparsity]["to_next"].values - 72).max() < 4


def test_the_shipped_plateau_rests_at_one_half_in_antipodal_pairs():
    toy = mi.toys.load("plateau")
    each = mi.toys.dimensions_per_feature(toy).values
    resting = np.abs(each - 0.5) <= 0.03
    assert each[0] == pytest.approx(1, abs=0.05)
    assert resting.sum() >= 3
    assert (np.diff(each) < 0.01).all()
    figure = mi.toys.feature_geometry(toy).dataset["figure"].values[np.flatnonzero(resting)[1]]
    assert set(figure) <= {"antipodal pair", NOT_REPRESENTED, OTHER}
    assert (figure == "antipodal pair").sum() >= 0.9 * (figure != NOT_REPRESENTED).sum()


# -- results ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "analysis", [mi.toys.interference, mi.toys.dimensions_per_feature, mi.toys.feature_geometry]
)
def test_results_say_how_they_were_made(analysis, tmp_path):
    for toy in (mi.toys.load("plane"), in_a_plane()):
        result = analysis(toy)
        made = {}
        exec(result.code(), made)
        assert made["toy"] == toy
        np.testing.assert_array_equal(made["result"].values, result.values)
        assert "Elhage et al. 2022" in result.source
        assert result.dataset["sparsity"].values.tolist() == toy.sparsity.tensor.tolist()
        result.save(tmp_path / "result")
        again = mi.load_result(tmp_path / "result")
        np.testing.assert_array_equal(again.values, result.values)
        assert again.kind == result.kind
    large = analysis(mi.toys.ToyModel(normal(20, 60, 0)))
    assert "toy = ...  # bring your ToyModel('toy model', 60 features in 20 dimensions" in large.code()


@pytest.mark.parametrize(
    "analysis", [mi.toys.interference, mi.toys.dimensions_per_feature, mi.toys.feature_geometry]
)
def test_other_things_are_refused_with_a_way_out(analysis):
    with pytest.raises(
        MIError,
        match=rf"{analysis.__name__}: toy must be a ToyModel, .*mi\.toys\.ToyModel\(W\); got a ndarray",
    ):
        analysis(np.eye(2))
