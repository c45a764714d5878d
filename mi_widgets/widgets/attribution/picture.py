"""The attribution view without a browser: bars, grid and running total, and the sentence."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from .. import _marks as marks
from .._shared.axis_scale import XAxis
from .._shared.numbers import reading
from .._shared.tokens import quoted, shortened
from .bars import bars
from .grid import grid
from .sent import Sent
from .words import sentence

_WIDTH = 900
_BARS, _RIGHT = 410, 436


def picture(sent: Sent, selection: Mapping[str, Any], off: set[tuple[int, int]]) -> marks.Picture:
    """The bars at the left; at the right the grid, unless no term is in a layer, and the running total."""
    terms = sent.terms
    row = terms.row(selection)
    right, wrong = quoted(terms.right[row]), quoted(terms.wrong[row])
    prompt = [f"prompt {selection['batch']}"] if len(terms.batch) > 1 else []
    control = "" if terms.control is None else f" · grey: {terms.control.name[:16]}"
    said = f"{terms.unit}, for {shortened(right)} if positive{control}"
    above = [grid(sent, selection, off, _RIGHT)] if terms.parts.layers else []
    total = marks.Column([_running(sent, row)], "Running total", "through the layers to the logit difference")
    return marks.Picture(
        terms.title,
        [terms.model_name, *prompt, f"{right} over {wrong}", f"{len(terms.names):,} terms", terms.unit],
        marks.Row(
            [
                marks.Column([bars(sent, selection, off, _BARS)], "Largest terms", said, width=_BARS),
                marks.Column([*above, total], width=_RIGHT),
            ]
        ),
        sentence(terms, selection),
        width=_WIDTH,
        most=3,
    )


def _running(sent: Sent, row: int) -> marks.Lines:
    """The running total of the prompt, and that of the control; the stages are named beneath."""
    terms, parts = sent.terms, sent.terms.parts
    total = parts.running(terms.values[row : row + 1])[0]
    x = list(range(len(parts.stages)))
    # A level line at 0, so that 0 is on the axis.
    lines = [
        marks.Line("", [], np.zeros(1), "other"),
        marks.Line(reading(float(total[-1])), x, total, "main"),
    ]
    if terms.control is not None:
        control = parts.running(terms.control.values[row : row + 1])[0]
        lines.append(marks.Line(terms.control.name, x, control, "control"))
    layers = [stage.partition(" ")[0] for stage in parts.stages]
    ends = [i for i in x[:-1] if layers[i] != layers[i + 1]]
    return marks.Lines(
        lines, XAxis([*x, 0]), names=[(i, layers[i]) for i in dict.fromkeys([0, x[-1], *ends])]
    )
