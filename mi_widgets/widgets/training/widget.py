"""`TrainingView`: measures over training, side by side, and a scrubber through the checkpoints."""

from typing import Any

import traitlets

from mi_widgets.core.errors import SelectionError
from mi_widgets.core.script import Script

from .._marks import Picture
from .._shared.bundle import bundle
from .._shared.control import quoted
from .._shared.view import ResultView
from .measures import Measure, Measures
from .picture import picture

_SCALES = ("linear", "log")


class _XScale(traitlets.Unicode):
    """The trait `x`, which checks itself when it is set."""

    def validate(self, obj: Any, value: Any) -> str:
        if value not in _SCALES:
            raise SelectionError(f"x can be {' or '.join(map(repr, _SCALES))} in this view; got {value!r}")
        return value


class TrainingView(ResultView[Measures]):
    """Curves of any measures over training, and one marker in all of them at the selected step.

    Linked with other views (`mi.views.link`), its scrubber moves them through training without asking the kernel.

    Args:
        measures: A Result with the axis `step`; or name -> such a Result, or -> a pair of it and its control. A
            control is a Result, or says what it is: `(curve, {"one layer": other, "untrained": third})`; it may have
            other steps, or none and is then a level line. Each further axis (layer, head, …) makes a line an element.
        selection: The step to open with, as in `{"step": 600}`. Default: the last.
        x: "linear", or "log", with step 0 at the left edge.

    Attributes:
        selection: Two-way: `{"step": 600}`, any step that one of the measures has.
        x: Two-way: "linear" or "log".

    Raises:
        ResultError: No measure, or one without the axis `step`.
        SelectionError: A step that no measure has, or an unknown `x`.
    """

    _esm, _css = bundle("training")

    x = _XScale("linear").tag(sync=True)

    def __init__(self, measures: Any, *, selection: dict[str, Any] | None = None, x: str = "linear"):
        super().__init__(measures, Measures(measures), selection, x=x)
        self.observe(self._say_code, "x")

    def write(self, script: Script) -> None:
        """Add the lines of `code` to a script."""
        if self.result is self._drawn.all[0].result:
            super().write(script)
            return
        entries = [
            f"    {quoted(measure.name)}: {_measure_code(measure, script)}," for measure in self._drawn.all
        ]
        script.add("measures = {", *entries, "}")
        script.show(
            "mi.views.TrainingView", ["measures", f"selection={self.selection!r}", *self._arguments(script)]
        )

    def _arguments(self, script: Script) -> list[str]:
        return [] if self.x == "linear" else [f"x={self.x!r}"]

    def _picture(self) -> Picture:
        """The same panels, with the marker at the selected step."""
        return picture(self._drawn.all, self._header, self.selection["step"], log=self.x == "log")

    def __repr__(self) -> str:
        n, steps = len(self._drawn.all), self._drawn.steps
        return (
            f"TrainingView({' and '.join(self._header['models'])}, {n} measure{'s' if n > 1 else ''}, "
            f"{len(steps)} steps from {steps[0]} to {steps[-1]}, at step {self.selection['step']})"
        )

    def show(self, measures: Any) -> None:
        """Draw other measures in the same place, at the same step if they have it, else at their last."""
        self._show(measures, Measures(measures))


def _measure_code(measure: Measure, script: Script) -> str:
    """What stands for a measure in the mapping; what it needs computed goes into the script."""
    curve = script.expression(measure.result, f"{measure.name} curve")
    controls = [
        script.expression(control.given, f"{measure.name} {control.name}") for control in measure.controls
    ]
    if not measure.named_controls:
        return f"({curve}, {controls[0]})" if controls else curve
    named = [f"{quoted(c.name)}: {name}" for c, name in zip(measure.controls, controls, strict=True)]
    return f"({curve}, {{{', '.join(named)}}})"
