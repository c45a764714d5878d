"""The attribution view without a browser: bars, grid and running total, and the sentence."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from mi_widgets.core.numbers import count_text, number_text

from .. import _marks as marks
from .._shared.axis_scale import XAxis
from .._shared.tokens import quoted, shortened
from .bars import bars
from .terms import Terms
from .words import sentence

_WIDTH = 900
_BARS, _RIGHT = 410, 436
_WIDE = 70  # pixels of a cell in one of few columns


def picture(terms: Terms, selection: Mapping[str, Any], off: set[tuple[int, int]]) -> marks.Picture:
    """The bars at the left; at the right the grid, unless no term is in a layer, and the running total."""
    row = terms.row(selection)
    right, wrong = quoted(terms.right[row]), quoted(terms.wrong[row])
    prompt = [f"prompt {selection['batch']}"] if len(terms.batch) > 1 else []
    control = "" if terms.control is None else f" · grey: {terms.control.name[:16]}"
    said = f"{terms.unit}, for {shortened(right)} if positive{control}"
    above = [_grid(terms, selection, off)] if terms.parts.layers else []
    total = marks.Column(
        [_running(terms, row)], "Running total", "through the layers to the logit difference"
    )
    return marks.Picture(
        terms.title,
        [
            terms.model_name,
            *prompt,
            f"{right} over {wrong}",
            count_text(len(terms.names), "term"),
            terms.unit,
        ],
        marks.Row(
            [
                marks.Column([bars(terms, selection, off, _BARS)], "Largest terms", said, width=_BARS),
                marks.Column([*above, total], width=_RIGHT),
            ]
        ),
        sentence(terms, selection),
        width=_WIDTH,
        most=3,
    )


def _grid(terms: Terms, selection: Mapping[str, Any], off: set[tuple[int, int]]) -> marks.Column:
    """Layers down and their parts across, and what the colours mean for all prompts and the control."""
    parts, scale = terms.parts, terms.cells_scale
    places: dict[Any, tuple[int, int]] = {
        (layer, head): (row, column)
        for row, layer in enumerate(parts.layers)
        for column, head in enumerate(parts.heads)
    }
    lit = places.get((selection.get("layer"), selection.get("head")))
    if selection["term"] is not None:
        row, column = parts.cells[terms.names.index(selection["term"])]
        lit = None if row < 0 else (row, column)
    cells = marks.Cells(
        terms.grid[0, terms.row(selection)],
        scale,
        marks.Labels([f"L{layer}" for layer in parts.layers]),
        marks.Labels(parts.columns),
        lit=lit or (None, None),
        off=[places[head] for head in off if head in places],
        largest=(46 if len(parts.columns) > 4 else _WIDE, 26),
        room=(_RIGHT - 48, 330),
    )
    name = "Heads" if parts.heads else "Layers"
    summed = f", {terms.summed} summed up" if terms.summed else ""
    return marks.Column([cells, marks.ColourBar(scale)], name, terms.unit + summed)


def _running(terms: Terms, row: int) -> marks.Lines:
    """The running total of the prompt, and that of the control; the stages are named beneath."""
    stages = terms.parts.stages
    x = list(range(len(stages)))
    total, *control = terms.running[:, row]
    lines = [
        marks.Line("", [], np.zeros(1), "other"),  # level at 0, so that 0 is on the axis
        marks.Line(number_text(float(total[-1])), x, total, "main"),
        *(marks.Line(terms.control.name, x, values, "control") for values in control if terms.control),
    ]
    layers = [stage.partition(" ")[0] for stage in stages]
    ends = [i for i in x[:-1] if layers[i] != layers[i + 1]]
    return marks.Lines(
        lines, XAxis([*x, 0]), names=[(i, layers[i]) for i in dict.fromkeys([0, x[-1], *ends])]
    )
