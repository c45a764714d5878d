"""The lens as a PNG: tokens in their cells, the pinned token's rank beside them, for readers without the widget."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from .._shared import png
from .._shared.axis_scale import XAxis, YAxis
from .._shared.colour import NAN, MapName
from .._shared.line_chart import Line, chart, name_room
from .._shared.pool import max_pool
from .._shared.thinning import thinned
from .._shared.tokens import shortened, visible
from .._shared.wire import quantise
from .lens import Lens
from .words import layer_name, position, sentence

_MARGIN = 14
_HEADER = 44
_LARGEST = (84, 24)  # pixels of a cell
_ROOM = (820, 520)
_ROOM_BESIDE = 556  # the width that is left beside a chart
_TEXT = (40, 14)  # what a token in a cell needs
_SMALLEST = 14  # height of a cell that is no longer square
_CHART = (270, 176)
_CHART_BELOW = (520, 150)
_WIDEST = 960
_GAP = 24  # between the cells and the chart


def draw(lens: Lens, selection: Mapping[str, Any], color: str, pinned: str | None) -> bytes:
    """PNG bytes: the cells, a colour bar, the chart of the pinned token beside them or below, and the sentence."""
    picture = _with_labels(lens, selection, color, pinned)
    beside = picture.width + _GAP + _CHART[0] <= _WIDEST
    curve = _curve(lens, selection, pinned, _CHART if beside else _CHART_BELOW)
    scale, face = lens.scales[color], png.font(12, mono=False)
    batch = [f"batch {selection['batch']}"] if len(lens.batch) > 1 else []
    facts = " · ".join([lens.model_name, f"{len(lens.layers)} x {len(lens.pos)}", *batch])
    header = png.header_width(lens.title, facts) - 2 * _MARGIN
    charts = 0 if curve is None else curve.width + (picture.width + _GAP if beside else 0)
    width = max(picture.width, charts, 560, min(_WIDEST, header))
    said = png.wrapped(png.one_line(sentence(lens, selection, color, pinned)), width, face)
    y = _HEADER + max(picture.height, curve.height if curve is not None and beside else 0) + 8
    below = 0 if curve is None or beside else curve.height + 10
    image = png.canvas(width + 2 * _MARGIN, y + 38 + below + 18 * len(said))
    png.header(image, lens.title, facts)
    image.paste(picture, (_MARGIN, _HEADER))
    low, high = lens.ends(color)
    note = png.one_line(lens.coloured_by(color, pinned))
    png.colour_bar(image, (_MARGIN, y), low=low, high=high, note=note, name=scale.map)
    y += 24
    if curve is not None:
        image.paste(curve, (_MARGIN + picture.width + _GAP, _HEADER) if beside else (_MARGIN, y))
    for nth, text in enumerate(said):
        ImageDraw.Draw(image).text((_MARGIN, y + below + 18 * nth), text, png.INK, font=face)
    return png.encode(image, name=scale.map)


def _with_labels(lens: Lens, selection: Mapping[str, Any], color: str, pinned: str | None) -> Image.Image:
    batch, row, column = lens.place(selection)
    codes = _codes(lens, batch, color, pinned)
    n_rows, n_columns = len(lens.layers), len(lens.pos)
    size = _cell_size(n_rows, n_columns, _across(n_columns, pinned))
    heat = _heat(lens, batch, codes, size, lens.scales[color].map)
    step = heat.width / n_columns, heat.height / n_rows
    rows = [layer_name(layer) for layer in lens.layers]
    columns = [shortened(token) for token in lens.cells.tokens[batch].tolist()]
    face = png.font(11)
    left = int(max(face.getlength("layer ↓") + 8, *(face.getlength(text) for text in rows))) + 12
    widest = max(face.getlength(text) for text in columns)
    top = max(34, int(widest * 0.87) + 16)
    image = png.canvas(left + heat.width + int(widest * 0.5) + 12, top + heat.height + 3)
    image.paste(heat, (left, top))
    pen = ImageDraw.Draw(image)
    pen.rectangle([left - 1, top - 1, left + heat.width, top + heat.height], outline=png.FAINT)
    png.text_right(pen, (left - 12, top - 24), "pos →", size=10)
    png.text_right(pen, (left - 12, top - 11), "layer ↓", size=10)
    for i in thinned(n_rows, step_px=step[1], min_px=12, always=row):
        ink = png.ACCENT if i == row else png.QUIET
        png.text_right(pen, (left - 6, top + (i + 0.5) * step[1]), rows[i], ink=ink)
    for i in thinned(n_columns, step_px=step[0], min_px=12, always=column):
        ink = png.ACCENT if i == column else png.QUIET
        png.rotated_label(image, (int(left + (i + 0.5) * step[0]), top - 4), columns[i], ink=ink)
    if row is not None or column is not None:
        x = (left, left + heat.width) if column is None else _span(left, column, step[0])
        y = (top, top + heat.height) if row is None else _span(top, row, step[1])
        pen.rectangle([x[0] - 3, y[0] - 3, x[1] + 2, y[1] + 2], outline="white", width=2)
        pen.rectangle([x[0] - 1, y[0] - 1, x[1], y[1]], outline=png.ACCENT, width=2)
    return image


def _across(n: int, pinned: str | None) -> int:
    """The room for columns: less of it where a chart may stand beside them and no token is lost by it."""
    written = [room // n >= _TEXT[0] for room in (_ROOM[0], _ROOM_BESIDE)]
    return _ROOM_BESIDE if pinned is not None and written[0] == written[1] else _ROOM[0]


def _codes(lens: Lens, batch: int, color: str, pinned: str | None) -> np.ndarray:
    scale = lens.scales[color]
    values = lens.page(batch, color, lens.asked.index(pinned) if pinned is not None else 0)
    return quantise(values, low=scale.low, high=scale.high)


def _heat(lens: Lens, batch: int, codes: np.ndarray, size: tuple[int, int], name: MapName) -> Image.Image:
    """The colours, and the tokens where they have room."""
    heat = png.heat(max_pool(codes, side=_ROOM_BESIDE), cell=size, name=name)
    if size[0] < _TEXT[0] or size[1] < _TEXT[1]:
        return heat
    pen, face = ImageDraw.Draw(heat), png.font(11)
    signs = int((size[0] - 6) / face.getlength("0"))
    for (i, j), code in np.ndenumerate(codes):
        if code != NAN:
            middle = (j + 0.5) * size[0] - 0.5, (i + 0.5) * size[1] - 0.5
            text = shortened(str(lens.cells.token[batch, i, j]), signs)
            pen.text(middle, text, png.ink_on(int(code), name), font=face, anchor="mm")
    return heat


def _cell_size(n_rows: int, n_columns: int, room: int) -> tuple[int, int]:
    across = max(1, min(_LARGEST[0], room // n_columns))
    down = max(1, min(_LARGEST[1], _ROOM[1] // n_rows))
    if across >= _TEXT[0] and down >= _TEXT[1]:
        return across, down
    side = min(across, down)
    return side, max(side, min(down, _SMALLEST))


def _curve(
    lens: Lens, selection: Mapping[str, Any], pinned: str | None, size: tuple[int, int]
) -> Image.Image | None:
    """The rank of the pinned token over the layers, at the selected position or the last; None where there is none."""
    batch, row, column = lens.place(selection)
    column = lens.last_real(batch) if column is None else column
    if pinned is None or column is None:
        return None
    every = [("", lens.cells)]
    if lens.control is not None and lens.control_cells is not None:
        every = [(pinned, lens.cells), (lens.control.name, lens.control_cells)]
    layers = lens.layer_numbers
    asked = lens.asked.index(pinned)
    lines = [
        Line(visible(name), layers, cells.asked_rank[asked, batch, ::-1, column], "control" if i else "main")
        for i, (name, cells) in enumerate(every)
    ]
    image = png.canvas(size[0], size[1] + 22)
    said = f"rank of {shortened(pinned)} at {position(lens, batch, column)}"
    ImageDraw.Draw(image).text((0, 2), png.one_line(said), png.QUIET, font=png.font(12, mono=False))
    at = None if row is None else layers[-1 - row]
    room = min(100, name_room(lines))
    axis = _ranks(lens.worst)
    image.paste(chart(lines, XAxis(layers), size=size, right=room, marker=at, y=axis), (0, 22))
    return image


def _ranks(worst: int) -> YAxis:
    """Ranks on a logarithmic axis with 0, the likeliest, at the top."""
    most = math.log1p(worst)
    ticks = [0, *(10**power for power in range(7) if 10**power <= worst)]
    return YAxis(lambda rank: 1 - math.log1p(rank) / most, [(rank, _short(rank)) for rank in ticks])


def _short(rank: int) -> str:
    return f"{rank // 1000}k" if rank >= 1000 else str(rank)


def _span(start: float, index: int, step: float) -> tuple[float, float]:
    return start + index * step, start + (index + 1) * step
