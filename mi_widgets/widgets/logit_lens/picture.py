"""The lens without a browser: tokens in their cells, the pinned token's rank beside them, and the sentence."""

import math
from collections.abc import Mapping
from typing import Any

from .. import _marks as marks
from .._marks.inks import QUIET
from .._shared.axis_scale import XAxis, YAxis
from .._shared.tokens import shortened, visible
from .lens import Lens
from .words import coloured_by, position, sentence

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
    bar = marks.ColourBar(lens.scales[color], coloured_by(color, pinned), lens.ends(color))
    grid = marks.Column([cells, bar], gap=8)
    batch = [f"batch {selection['batch']}"] if len(lens.batch) > 1 else []
    if cells.block(_WIDEST).width + _GAP + _BESIDE[0] <= _WIDEST:
        body: marks.Mark = marks.Row([grid, *_curve(lens, selection, pinned, *_BESIDE)], gap=_GAP)
    else:
        body = marks.Column([grid, *_curve(lens, selection, pinned, *_BELOW)])
    return marks.Picture(
        lens.title,
        [lens.model_name, f"{len(lens.layers)} x {len(lens.pos)}", *batch],
        body,
        sentence(lens, selection, color, pinned),
    )


def _cells(lens: Lens, selection: Mapping[str, Any], color: str, pinned: str | None) -> marks.Cells:
    batch, row, column = lens.place(selection)
    tokens = [shortened(str(token)) for token in lens.tokens[batch]]
    # Less room for columns where a chart may stand beside them and no token is lost by it.
    written = [room // len(tokens) >= _TEXT[0] for room in (_ROOM, _ROOM_BESIDE)]
    room = _ROOM_BESIDE if pinned is not None and written[0] == written[1] else _ROOM
    return marks.Cells(
        lens.page(batch, color, pinned),
        lens.scales[color],
        marks.Labels([f"L{layer}" for layer in lens.layers], "layer", row),
        marks.Labels(tokens, "pos", column, turned=True),
        texts=lens.values["token"][0, batch],
        lit=(row, column),
        largest=(84, 24),
        room=(room, _HEIGHT),
        needs=_TEXT,
    )


def _curve(
    lens: Lens, selection: Mapping[str, Any], pinned: str | None, width: int, height: int
) -> list[marks.Mark]:
    """The rank of the pinned token over the layers, at the position that is spoken of; nothing where there is none."""
    at = lens.described_cell(selection)
    if pinned is None or at is None:
        return []
    batch, _, column = at
    layers = lens.layer_numbers
    ranks = lens.values["asked_rank"][:, lens.asked.index(pinned), batch, ::-1, column]
    names = [""] if lens.control is None else [visible(pinned), visible(lens.control.name)]
    lines = [
        marks.Line(name, layers, ranks[line], "control" if line else "main")
        for line, name in enumerate(names)
    ]
    row = lens.place(selection)[1]
    chart = marks.Lines(
        lines,
        XAxis(layers),
        _ranks(lens.worst),
        marker=None if row is None else layers[-1 - row],
        width=width,
        height=height,
    )
    said = f"rank of {shortened(pinned)} at {position(lens, batch, column)}"
    return [marks.Column([marks.Paragraph(said, QUIET), chart], gap=4)]


def _ranks(worst: int) -> YAxis:
    """Ranks on a logarithmic axis with 0, the likeliest, at the top."""
    most = math.log1p(worst)
    ticks = [0, *(10**power for power in range(7) if 10**power <= worst)]
    return YAxis(lambda rank: 1 - math.log1p(rank) / most, [(rank, _short(rank)) for rank in ticks])


def _short(rank: int) -> str:
    return f"{rank // 1000}k" if rank >= 1000 else str(rank)
