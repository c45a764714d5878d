"""`SuperpositionView`: how a toy model lays out more features than it has dimensions."""

from typing import Any

from .._marks import Picture
from .._shared.bundle import bundle
from .._shared.view import ResultView
from .instances import Instances
from .picture import picture
from .words import sentence


class SuperpositionView(ResultView[Instances]):
    """Three linked pictures: the features as vectors, what they do to each other, and the dimensions for each.

    The vectors are drawn where there are two dimensions. In the grid Wᵀ W, features of one figure stand side by side
    where there are more than two. A view draws a Result and reports gestures as values; it never runs a model.

    Args:
        result: What `mi.toys.feature_geometry` returns.
        selection: What to show first, any of instance and feature. Default: the sparsest instance, the first feature.

    Attributes:
        selection: Two-way: `{"instance": 5, "feature": 3}`. A part may be set, as in
            `view.selection = {"instance": 0}`.

    Raises:
        ResultError: A Result that is no geometry of features, or a part of one without all features.
        SelectionError: A selection that this view does not have; it keeps the one it had.
    """

    _esm, _css = bundle("superposition")

    def __init__(self, result: Any, *, selection: dict[str, Any] | None = None):
        super().__init__(result, Instances(result), selection)

    def _picture(self) -> Picture:
        """The same pictures, as the widget shows them."""
        return picture(self._drawn, self.selection)

    def __repr__(self) -> str:
        return f"SuperpositionView({self._drawn.model_name}; {sentence(self._drawn, self.selection)})"

    def show(self, result: Any) -> None:
        """Draw another toy model in the same place, keeping the selection where the new one has it."""
        self._show(result, Instances(result))
