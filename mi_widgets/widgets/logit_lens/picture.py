"""The lens without a browser: tokens in their cells, the pinned token's rank beside them, and the sentence."""

import math
from collections.abc import Mapping
from typing import Any

from .. import _marks as marks
from .._marks.inks import QUIET
from .._shared.axis_scale import XAxis, YAxis
from .._shared.tokens import shortened, visible
from .lens import Lens
from .words import layer_name, position, sentence

_ROOM = 820  # the width of all cells
_ROOM_BESIDE = 556  # what of it is left beside a chart
_HEIGHT = 520
_TEXT = (40, 14)  # what a token in a cell needs
_WIDEST = 932
_BESIDE, _BELOW = (270, 176), (520, 150)  # the chart's width and height
_GAP = 24  # between the cells and the chart


def picture(lens: Lens, selection: Mapping[str, Any], color: str, pinned: str | None) -> marks.Picture:
    """The cells, a colour bar, and the chart of the pinned token beside them or below."""
    cells = _cells(lens, selection, color, pinned)
    bar = marks.ColourBar(lens.scales[color], lens.coloured_by(color, pinned), lens.ends(color))
    grid = marks.Column([cells, bar], gap=8)
    beside = cells.block(_WIDEST).width + _GAP + _BESIDE[0] <= _WIDEST
    curve = _curve(lens, selection, pinned, *(_BESIDE if beside else _BELOW))
    batch = [f"batch {selection['batch']}"] if len(lens.batch) > 1 else []
    both = marks.Row if beside else marks.Column
    return marks.Picture(
        lens.title,
        [lens.model_name, f"{len(lens.layers)} x {len(lens.pos)}", *batch],
        both([grid, *([] if curve is None else [curve])], gap=_GAP if beside else 10),
        sentence(lens, selection, color, pinned),
    )


def _cells(lens: Lens, selection: Mapping[str, Any], color: str, pinned: str | None) -> marks.Cells:
    batch, row, column = lens.place(selection)
    tokens = [shortened(token) for token in lens.cells.tokens[batch].tolist()]
    # Less room for columns where a chart may stand beside them and no token is lost by it.
    written = [room // len(tokens) >= _TEXT[0] for room in (_ROOM, _ROOM_BESIDE)]
    room = _ROOM_BESIDE if pinned is not None and written[0] == written[1] else _ROOM
    return marks.Cells(
        lens.page(batch, color, lens.asked.index(pinned) if pinned is not None else 0),
        lens.scales[color],
        marks.Labels([layer_name(layer) for layer in lens.layers], "layer", row),
        marks.Labels(tokens, "pos", column, turned=True),
        texts=lens.cells.token[batch],
        lit=(row, column),
        largest=(84, 24),
        room=(room, _HEIGHT),
        needs=_TEXT,
    )


def _curve(
    lens: Lens, selection: Mapping[str, Any], pinned: str | None, width: int, height: int
) -> marks.Mark | None:
    """The rank of the pinned token over the layers, at the selected position or the last; None where there is none."""
    batch, row, column = lens.place(selection)
    column = lens.last_real(batch) if column is None else column
    if pinned is None or column is None:
        return None
    every = [("", lens.cells)]
    if lens.control is not None and lens.control_cells is not None:
        every = [(pinned, lens.cells), (lens.control.name, lens.control_cells)]
    layers, asked = lens.layer_numbers, lens.asked.index(pinned)
    lines = [
        marks.Line(
            visible(name), layers, cells.asked_rank[asked, batch, ::-1, column], "control" if i else "main"
        )
        for i, (name, cells) in enumerate(every)
    ]
    at = None if row is None else layers[-1 - row]
    chart = marks.Lines(lines, XAxis(layers), _ranks(lens.worst), marker=at, width=width, height=height)
    said = f"rank of {shortened(pinned)} at {position(lens, batch, column)}"
    return marks.Column([marks.Paragraph(said, QUIET), chart], gap=4)


def _ranks(worst: int) -> YAxis:
    """Ranks on a logarithmic axis with 0, the likeliest, at the top."""
    most = math.log1p(worst)
    ticks = [0, *(10**power for power in range(7) if 10**power <= worst)]
    return YAxis(lambda rank: 1 - math.log1p(rank) / most, [(rank, _short(rank)) for rank in ticks])


def _short(rank: int) -> str:
    return f"{rank // 1000}k" if rank >= 1000 else str(rank)
