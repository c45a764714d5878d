"""`TrustView`: what was checked of a model, and what to beware of."""

from typing import Any

from .._marks import Picture
from .._shared.bundle import bundle
from .._shared.view import ResultView
from .checks import Report
from .picture import picture


class TrustView(ResultView[Report]):
    """The checks of a model as lines of text: warnings first, then notes, then what held.

    Args:
        result: A Result with the axis `check` and the variables `status` ("ok", "note" or "warning"), `seen` and
            `sites`.
        selection: The check to show as selected, as in `{"check": "BOS"}`. Default: none.

    Attributes:
        selection: Two-way: `{"check": "BOS"}`, or `{"check": None}`.

    Raises:
        ResultError: A Result that is no report of checks.
        SelectionError: A check that was not made; the view keeps the selection it had.
    """

    _esm, _css = bundle("trust")

    def __init__(self, result: Any, *, selection: dict[str, Any] | None = None):
        super().__init__(result, Report(result), selection)

    def _picture(self) -> Picture:
        """The same lines; of many checks that held, the names."""
        return picture(self._drawn, self.selection["check"])

    def __repr__(self) -> str:
        chosen = self.selection["check"]
        parts = [self._drawn.model_name, str(self._drawn)]
        return f"TrustView({', '.join(parts)}; selected {'nothing' if chosen is None else chosen})"

    def show(self, result: Any) -> None:
        """Draw another report in the same place, keeping the selection where the new one has it."""
        self._show(result, Report(result))
