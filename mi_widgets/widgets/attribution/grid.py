"""The grid for readers without the widget: a cell for each head and MLP. `grid.ts` draws the same in the browser."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from .._shared import png
from .._shared.scale import Scale
from .._shared.thinning import thinned
from .._shared.wire import quantise
from .sent import Sent

_LARGEST = (46, 26)  # pixels of a cell
_WIDE = 70  # of one of few columns
_TALLEST = 330
_NUMBERS = (38, 15)  # what a number in a cell needs
_LEFT, _TOP = 44, 20


def grid_scale(sent: Sent) -> Scale:
    """What the colours mean, for all prompts and the control."""
    return Scale("diverging", -sent.reach[1], sent.reach[1])


def summed(sent: Sent) -> str:
    """What the cells of the grid are sums of, with their unit."""
    parts = sent.terms.parts
    if parts.alone[parts.cells[:, 0] >= 0].all():
        return sent.terms.unit
    return f"{sent.terms.unit}, {'positions' if parts.heads else 'neurons'} summed up"


def draw_grid(sent: Sent, selection: Mapping[str, Any], off: set[tuple[int, int]], width: int) -> Image.Image:
    """Layers down and their parts across, with numbers where cells are large enough."""
    terms, parts, scale = sent.terms, sent.terms.parts, grid_scale(sent)
    row = terms.row(selection)
    values = parts.grid(terms.values[row : row + 1])[0]
    step = _cell_size(values.shape, width)
    codes = quantise(values, low=scale.low, high=scale.high)
    heat = png.heat(codes, cell=step, name="diverging")
    image = png.canvas(_LEFT + heat.width + 4, _TOP + heat.height + 3)
    image.paste(heat, (_LEFT, _TOP))
    pen = ImageDraw.Draw(image)
    pen.rectangle([_LEFT - 1, _TOP - 1, _LEFT + heat.width, _TOP + heat.height], outline=png.FAINT)
    if step[0] >= _NUMBERS[0] and step[1] >= _NUMBERS[1]:
        for (i, j), value in np.ndenumerate(values):
            if not np.isnan(value):
                middle = _LEFT + (j + 0.5) * step[0] - 0.5, _TOP + (i + 0.5) * step[1] - 0.5
                ink = png.ink_on(int(codes[i, j]), "diverging")
                pen.text(middle, scale.write(float(value)), ink, font=png.font(10), anchor="mm")
    _write_labels(pen, sent, step)
    _write_off(pen, sent, off, step)
    cell = _chosen_cell(sent, selection)
    if cell is not None:
        x, y = _LEFT + cell[1] * step[0], _TOP + cell[0] * step[1]
        pen.rectangle([x - 1, y - 1, x + step[0], y + step[1]], outline=png.ACCENT, width=2)
    return image


def _cell_size(shape: tuple[int, ...], width: int) -> tuple[int, int]:
    n_rows, n_columns = shape
    most = _LARGEST[0] if n_columns > 4 else _WIDE
    across = max(2, min(most, (width - _LEFT - 4) // n_columns))
    return across, max(2, min(_LARGEST[1], _TALLEST // n_rows, max(across, _NUMBERS[1])))


def _write_labels(pen: ImageDraw.ImageDraw, sent: Sent, step: tuple[int, int]) -> None:
    parts = sent.terms.parts
    for i in thinned(len(parts.layers), step_px=step[1], min_px=12):
        png.text_right(pen, (_LEFT - 6, _TOP + (i + 0.5) * step[1]), f"L{parts.layers[i]}", size=10)
    room = max(map(len, parts.columns)) * 6 + 2
    for j in thinned(len(parts.columns), step_px=step[0], min_px=room):
        at = _LEFT + (j + 0.5) * step[0], _TOP - 5
        pen.text(at, parts.columns[j], png.QUIET, font=png.font(10), anchor="ms")


def _write_off(
    pen: ImageDraw.ImageDraw, sent: Sent, off: set[tuple[int, int]], step: tuple[int, int]
) -> None:
    parts = sent.terms.parts
    for layer, head in off:
        if layer not in parts.layers or head not in parts.heads:
            continue
        x, y = _LEFT + parts.heads.index(head) * step[0], _TOP + parts.layers.index(layer) * step[1]
        pen.rectangle([x, y, x + step[0] - 2, y + step[1] - 2], fill="white")
        middle = x + step[0] / 2, y + step[1] / 2
        pen.text(middle, "off" if step[0] >= 24 else "×", png.QUIET, font=png.font(10), anchor="mm")


def _chosen_cell(sent: Sent, selection: Mapping[str, Any]) -> tuple[int, int] | None:
    """The cell of what is selected; None where that is in no layer, or nothing is."""
    terms, parts = sent.terms, sent.terms.parts
    if selection["term"] is not None:
        row, column = parts.cells[terms.names.index(selection["term"])]
        return (int(row), int(column)) if row >= 0 else None
    layer, head = selection.get("layer"), selection.get("head")
    if layer is None or head is None:
        return None
    return parts.layers.index(layer), parts.heads.index(head)
