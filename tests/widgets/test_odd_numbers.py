"""Numbers that are none, have no end, are huge or all alike, and axes without a label, in the pictures of all kinds."""

import json
from contextlib import suppress
from functools import cache
from io import BytesIO

import numpy as np
import pytest

import mi_widgets as mi
from mi_widgets.core.pictures import VIEWS
from mi_widgets.core.results import Result
from mi_widgets.widgets._marks.bars import Bar
from mi_widgets.widgets.dashboards.dashboards import binned
from mi_widgets.widgets.superposition.instances import Instances
from tests.kinds import KINDS

pytestmark = pytest.mark.filterwarnings("error")

HUGE = 3e38  # a sum or a difference of two is beyond single precision
ODD = {
    "all at once": [np.nan, np.inf, -np.inf, HUGE, -HUGE, None],
    "no numbers": [np.nan],
    "some huge": [HUGE, -HUGE, None],
    "all infinite": [np.inf],
    "nothing": [0.0],
}

made = cache(lambda kind: KINDS[kind]())


def with_numbers(result, odd):
    """The same Result with odd numbers in turn; where one is None, its own stays."""
    dataset = result.to_dataset()
    for data in dataset.values():
        if data.dtype.kind == "f":
            flat = data.values.reshape(-1)
            for i, number in enumerate(odd):
                flat[i :: len(odd)] = flat[i :: len(odd)] if number is None else number
            data.values = flat.reshape(data.shape)
    return of(result, dataset)


def without(result, axis):
    """The same Result with no label on an axis."""
    return of(result, result.to_dataset().isel({axis: slice(0)}))


def of(result, dataset):
    same = {
        name: getattr(result, name) for name in ("kind", "title", "primary", "unit", "source", "provenance")
    }
    return Result(dataset=dataset, **same)


def axes_of(kind):
    return [str(axis) for axis in made(kind).dataset.sizes]


@pytest.mark.parametrize("kind", sorted(VIEWS))
@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_a_view_draws_them(kind, odd):
    view = with_numbers(made(kind), odd).view()
    assert view.png()
    assert repr(view)
    json.dumps(view.get_state(), allow_nan=False, default=str)  # the browser would not read it


@pytest.mark.parametrize(
    "kind",
    [
        "faithfulness",
        "fourier_norms",
        "loss_per_token",
        "head_scores",
        "attention",
        "sae_training",
        "next_tokens",
    ],
)
def test_a_figure_draws_them(kind):
    with_numbers(made(kind), ODD["all at once"]).plot().savefig(BytesIO(), dpi=20)


@pytest.mark.parametrize("kind", KINDS)
def test_an_axis_without_a_label_is_refused_or_drawn_as_nothing(kind):
    for axis in axes_of(kind):
        empty = without(made(kind), axis)
        if not empty.values.size:
            assert [text.get_text() for text in empty.plot().axes[0].texts] == ["no numbers"]
        if kind in VIEWS:
            with suppress(mi.errors.ResultError):
                assert empty.view().png()


@pytest.mark.parametrize("axis", ["batch", "layer", "head", "query", "key"])
def test_an_attention_view_says_what_is_empty(axis):
    with pytest.raises(mi.errors.ResultError, match=rf"Attention has nothing to draw .*{axis} 0.*\.sel\("):
        mi.views.AttentionView(without(made("attention"), axis))


@pytest.mark.parametrize("axis", ["batch", "pos"])
def test_a_tokens_view_says_what_is_empty(axis):
    with pytest.raises(
        mi.errors.ResultError, match=rf"Loss per token has nothing to draw .*{axis} 0.*\.sel\("
    ):
        mi.views.TokensView(without(made("loss_per_token"), axis))


def test_a_bar_without_end_says_so_and_one_without_a_number_says_nothing():
    assert [Bar("a", value).number for value in (np.inf, -np.inf, np.nan, 2.0)] == ["∞", "−∞", "", "2.00"]


def test_a_figure_writes_what_has_no_end():
    texts = with_numbers(made("head_scores"), ODD["all at once"]).plot().axes[0].texts
    assert {"∞", "−∞", "3.0e38", "−3.0e38"} <= {text.get_text() for text in texts}
    assert len(texts) == made("head_scores").values.size - 2  # without those that are no numbers


def test_of_densities_only_nothing_is_never():
    assert binned(np.array([np.nan, np.inf, 0.0, 0.5]))["never"] == 1
    assert sum(binned(np.array([np.nan, np.inf, 0.0, 0.5]))["counts"]) == 1


def test_an_activation_without_end_stays_one():
    view = with_numbers(made("latents"), [np.inf]).view()
    latent = int(view.result.dataset["latent"].max())
    view.selection = {"latent": latent}
    assert "∞" in repr(view)


def test_a_sparsity_of_1_has_no_place_on_the_axis_of_sparsities():
    geometry = made("feature_geometry")
    assert Instances(geometry).by_sparsity
    sparsest = of(geometry, geometry.to_dataset().assign(sparsity=("instance", np.array([0.0, 1.0]))))
    assert Instances(sparsest).x.tolist() == [0, 1]
