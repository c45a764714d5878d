"""`HeatmapView`: numbers with two axes or more as a heat map, page by page."""

from typing import Any

from mi_widgets.core.errors import ResultError
from mi_widgets.core.script import Script

from .._marks import Picture
from .._shared.bundle import bundle
from .._shared.heads_off import HeadSwitchView
from .cells import Cells
from .picture import picture


class HeatmapView(HeadSwitchView[Cells]):
    """Rows and columns of numbers as colours: scores of all heads, composition, anything with two axes or more.

    The last axis runs across, the one before it down; of every other axis, such as `step`, one label is shown at a
    time. Rows and columns without a number on any page are left out. A view draws a Result and reports gestures as
    values; it never runs a model.

    Args:
        result: Any Result with two axes or more, of up to 4,000,000 cells.
        selection: What to show first, any of the axes' names with one of their labels. Default: the last step, the
            first label of other pages, and no row and no column.
        control: The same numbers on a baseline: a Result or an array of an untrained model, or
            `{"shuffled": result}`, which says what it is. The axes in front may be missing.
        intervention: Heads to show as switched off, where a cell is a head.

    Attributes:
        selection: Two-way: `{"step": 300, "layer": 1, "head": None}`. A part may be set; None selects no row (column).
        intervention: Two-way: the heads switched off with the key A, as a value for `model.intervene`.

    Raises:
        SelectionError: A selection that this view does not have; it keeps the one it had.
        ResultError: A Result that cannot be drawn as a heat map, a control of another shape, or an intervention where
            cells are not heads.
    """

    _esm, _css = bundle("heat_map")
    _signed = False  # whether colours stand around 0, whatever the signs of the numbers

    def __init__(
        self,
        result: Any,
        *,
        selection: dict[str, Any] | None = None,
        control: Any = None,
        intervention: Any = None,
    ):
        drawn = Cells(result, control, signed=self._signed)
        if intervention is not None and not drawn.of_heads:
            axes = f"{drawn.rows.name} and {drawn.columns.name}"
            raise ResultError(
                f"intervention= switches heads off, but the cells of {drawn.title} are not heads: they are "
                f"{axes}. Leave it out, or give a Result with the axes layer and head."
            )
        super().__init__(result, drawn, selection)
        self._join_gestures(intervention)

    def _picture(self) -> Picture:
        """The selected page, as the widget shows it."""
        return picture(self._drawn, self.selection, self._heads_off())

    def __repr__(self) -> str:
        drawn = self._drawn
        sizes = ", ".join(f"{axis.name} {len(axis.labels)}" for axis in drawn.axes)
        chosen = self._chosen() or "nothing"
        return f"{type(self).__name__}({drawn.model_name}, {drawn.title}: {sizes}; selected {chosen})"

    def show(self, result: Any, *, control: Any = None) -> None:
        """Draw another Result in the same place, keeping the selection where the new one has it.

        Args:
            result: With the same axes or others.
            control: As for a new view; without it the control of the old one is shown no more.
        """
        self._show(result, Cells(result, control, signed=self._signed))

    def _arguments(self, script: Script) -> list[str]:
        control = [self._drawn.control.argument(script)] if self._drawn.control is not None else []
        # `show` may have put something else in the place of heads.
        return control + (self._intervention_code(script) if self._drawn.of_heads else [])
