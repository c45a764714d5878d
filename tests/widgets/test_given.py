"""What is no Result of its kind is refused by every view, in words, and one that is shown stays."""

import re

import numpy as np
import pytest
import xarray as xr

import mi_widgets as mi
from mi_widgets.core.errors import ResultError, WrongKind
from mi_widgets.core.results import Result
from mi_widgets.widgets._shared.given import kind_of
from tests.conftest import small_transformer
from tests.provenance import provenance_of

from . import losses, patterns

VIEWS = [name for name in mi.views.__all__ if name.endswith("View")]
NO_RESULTS = [[1, 2], None, 3, "a text", np.zeros((2, 4)), losses.text().dataset]


def other():
    """A Result of a kind of its own, with an axis that no view knows."""
    data = xr.Dataset({"odd": ("place", [1.0, 2.0])})
    return Result(
        kind="odd",
        title="Odd",
        dataset=data,
        primary="odd",
        unit="1",
        source="ours",
        provenance=provenance_of("odd()"),
    )


@pytest.mark.parametrize("view", VIEWS)
def test_no_view_draws_what_is_no_result_of_its_kind(view):
    model = mi.load(small_transformer())
    for given in (*NO_RESULTS, model, model.run([1, 2, 3])):
        # Variables of a Dataset are taken for measures by name: which of them is none is told.
        by_name = view == "TrainingView" and isinstance(given, xr.Dataset)
        with pytest.raises(ResultError if by_name else WrongKind, match=r"mi\.|model\.trust") as told:
            getattr(mi.views, view)(given)
        assert ("is a DataArray" if by_name else f"got {kind_of(given)}. Write mi.views.{view}(") in str(
            told.value
        )
    with pytest.raises(ResultError):
        getattr(mi.views, view)(other())


def test_what_is_no_attention_is_told():
    says = (
        "mi.views.AttentionView: result must be a Result, as in mi.attention(run); got a list. Write "
        "mi.views.AttentionView(result)."
    )
    view = mi.views.AttentionView(patterns.result())
    for show in (mi.views.AttentionView, view.show):
        with pytest.raises(WrongKind, match=f"^{re.escape(says)}$"):
            show([1, 2])
        with pytest.raises(
            ResultError, match=r"has no pattern; AttentionView draws what mi\.attention\(run\) returns"
        ):
            show(losses.text())
        with pytest.raises(ResultError, match=r"layer 0.*choose labels that exist with \.sel"):
            show(patterns.result().sel(layer=[]))
    assert view.result.kind == "attention"


@pytest.mark.parametrize(("given", "said"), [([1], "a list"), (3, "an int"), ("x", "a str")])
def test_what_goes_by_name_is_a_mapping(given, said):
    says = r"{0} takes Results by name, as in {0}=\{{'name': result\}}; got {1}\."
    with pytest.raises(ResultError, match=says.format("scores", said)):
        mi.views.AttentionView(patterns.result(), scores=given)
    with pytest.raises(ResultError, match=says.format("control", said)):
        mi.views.TokensView(losses.text(), control=given)


def test_what_is_compared_with_is_numbers():
    with pytest.raises(
        ResultError, match="Numbers are a Result, an array, or lists of one length; this is a str: "
    ):
        mi.views.AttentionView(patterns.result(), scores={"x": "y"})
