"""`TrustView`: what was checked of a model, and what to beware of."""

from typing import Any

import traitlets

from .._marks import render
from .._shared.bundle import bundle
from .._shared.selection import Choices, checked
from .._shared.view import ResultView
from .checks import Report
from .picture import picture


class TrustView(ResultView):
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

    _report = traitlets.Dict().tag(sync=True)

    def __init__(self, result: Any, *, selection: dict[str, Any] | None = None):
        self._read = Report(result)
        first = checked({} if selection is None else selection, {"check": None}, self.choices())
        super().__init__(result, first, _header=self._read.header(), _report=self._read.packed())

    def choices(self) -> Choices:
        """The names of the checks, in the order in which they are shown; none may be selected."""
        return {"check": [*(check.label for check in self._read.checks), None]}

    def png(self) -> bytes:
        """The same lines; of many checks that held, the names."""
        return render(picture(self._read, self.selection["check"]))

    def __repr__(self) -> str:
        chosen = self.selection["check"]
        parts = [self._read.model_name, str(self._read)]
        return f"TrustView({', '.join(parts)}; selected {'nothing' if chosen is None else chosen})"

    def show(self, result: Any) -> None:
        """Draw another report in the same place, keeping the selection where the new one has it."""
        self._read, self.result = Report(result), result
        choices = self.choices()
        kept = {key: label for key, label in self.selection.items() if label in choices[key]}
        with self.hold_sync():  # one message, so that no report is drawn with another's selection
            self._header = self._read.header()
            self._report = self._read.packed()
            self._choices = self._choices_now()
            self.selection = {"check": None, **kept}
            self._say_code()
