"""The heat map as a PNG: the selected page with its labels, for readers without the widget."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from .._shared import png
from .._shared.colour import LEVELS, NAN
from .._shared.pool import max_pool
from .._shared.thinning import thinned
from .._shared.tokens import cut, shortened
from .._shared.wire import quantise
from .cells import Axis, Cells
from .words import place, sentence

_MARGIN = 14
_HEADER = 44
_LARGEST = (58, 30)  # pixels of a cell
_ROOM = (620, 460)
_NUMBERS = (36, 16)  # what a number in a cell needs
_LONGEST_NAME = 24  # signs
_SHORT = 5  # signs of a label that lies flat above its column


def draw(cells: Cells, selection: Mapping[str, Any], off: set[tuple[int, int]]) -> bytes:
    """PNG bytes: the cells, a colour bar, and the sentence."""
    picture = _with_labels(cells, selection, off)
    said = png.one_line(sentence(cells, selection))
    face = png.font(12, mono=False)
    facts = " · ".join([cells.model_name, *_pages(cells, selection), cells.unit])
    least = int(face.getlength(said)) + 2 * _MARGIN
    width = max(picture.width + 2 * _MARGIN, least, png.header_width(cells.title, facts), 340)
    image = png.canvas(width, _HEADER + picture.height + 58)
    png.header(image, cells.title, facts)
    image.paste(picture, (_MARGIN, _HEADER))
    below = _HEADER + picture.height + 10
    low, high = cells.scale.ends()
    png.colour_bar(image, (_MARGIN, below), low=low, high=high, name=cells.scale.map)
    ImageDraw.Draw(image).text((_MARGIN, below + 22), said, png.INK, font=face)
    return png.encode(image, name=cells.scale.map)


def _pages(cells: Cells, selection: Mapping[str, Any]) -> list[str]:
    return [f"{axis.name} {selection[axis.name]}" for axis in cells.pages if len(axis.labels) > 1]


def _with_labels(cells: Cells, selection: Mapping[str, Any], off: set[tuple[int, int]]) -> Image.Image:
    values = cells.page(selection)
    n_rows, n_columns = values.shape
    size = _cell_size(n_rows, n_columns)
    heat = _cells(cells, values, size)
    step = heat.width / n_columns, heat.height / n_rows
    rows, columns = (_labels(axis, cells.texts(axis, selection)) for axis in (cells.rows, cells.columns))
    face = png.font(11)
    flat = not cells.columns.tokens and max(map(len, columns)) <= _SHORT
    widest = max(face.getlength(text) for text in columns)
    corner = face.getlength(max(cells.rows.name, cells.columns.name, key=len)) + 20
    left = int(max(corner, max(face.getlength(text) for text in rows))) + 12
    top = 34 if flat else max(34, int(widest * 0.87) + 16)
    image = png.canvas(left + heat.width + (6 if flat else int(widest * 0.5) + 12), top + heat.height + 3)
    image.paste(heat, (left, top))
    pen = ImageDraw.Draw(image)
    pen.rectangle([left - 1, top - 1, left + heat.width, top + heat.height], outline=png.FAINT)
    _write_corner(pen, cells, (left, top))
    row, column = place(cells, selection)
    for i in thinned(n_rows, step_px=step[1], min_px=12, always=row):
        ink = png.ACCENT if i == row else png.QUIET
        png.text_right(pen, (left - 6, top + (i + 0.5) * step[1]), rows[i], ink=ink)
    for i in thinned(n_columns, step_px=step[0], min_px=widest + 6 if flat else 12, always=column):
        ink, x = png.ACCENT if i == column else png.QUIET, left + (i + 0.5) * step[0]
        if flat:
            pen.text((x, top - 6), columns[i], ink, font=face, anchor="ms")
        else:
            png.rotated_label(image, (int(x), top - 4), columns[i], ink=ink)
    for box in _off_boxes(cells, off, (left, top), step):
        pen.rectangle(box, fill="white")
        middle = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        pen.text(middle, "off" if step[0] >= 24 else "×", png.QUIET, font=png.font(10), anchor="mm")
    if row is not None or column is not None:
        x = (left, left + heat.width) if column is None else _span(left, column, step[0])
        y = (top, top + heat.height) if row is None else _span(top, row, step[1])
        pen.rectangle([x[0] - 1, y[0] - 1, x[1], y[1]], outline=png.ACCENT, width=2)
    return image


def _cell_size(n_rows: int, n_columns: int) -> tuple[int, int]:
    across = max(1, min(_LARGEST[0], _ROOM[0] // n_columns))
    down = max(1, min(_LARGEST[1], _ROOM[1] // n_rows))
    if across >= _NUMBERS[0] and down >= _NUMBERS[1]:
        return across, down
    side = min(across, down)
    widened = [
        min(room, max(side, 14)) if side * n < 100 else side
        for room, n in ((across, n_columns), (down, n_rows))
    ]
    return widened[0], widened[1]


def _cells(cells: Cells, values: np.ndarray, size: tuple[int, int]) -> Image.Image:
    codes = quantise(values, low=cells.scale.low, high=cells.scale.high)
    heat = png.heat(_pooled(codes, cells.scale.map), cell=size, name=cells.scale.map)
    if size[0] < _NUMBERS[0] or size[1] < _NUMBERS[1]:
        return heat
    pen, face = ImageDraw.Draw(heat), png.font(11)
    for (i, j), value in np.ndenumerate(values):
        if not np.isnan(value):
            middle = (j + 0.5) * size[0] - 0.5, (i + 0.5) * size[1] - 0.5
            ink = png.ink_on(int(codes[i, j]), cells.scale.map)
            pen.text(middle, cells.scale.write(float(value)), ink, font=face, anchor="mm")
    return heat


def _pooled(codes: np.ndarray, name: str) -> np.ndarray:
    """No more cells than pixels; of those that share one the furthest from the middle of the colours."""
    highest = max_pool(codes, side=max(_ROOM))
    if name != "diverging" or highest.shape == codes.shape:
        return highest
    mirrored = np.where(codes == NAN, codes, LEVELS - 1 - codes)
    lowest = max_pool(mirrored.astype(np.uint8), side=max(_ROOM))
    # Both are NaN in the same places, where neither is higher.
    return np.where(lowest > highest, LEVELS - 1 - lowest, highest).astype(np.uint8)


def _labels(axis: Axis, texts: list[str]) -> list[str]:
    return [shortened(text) if axis.tokens else cut(png.one_line(text), _LONGEST_NAME) for text in texts]


def _write_corner(pen: ImageDraw.ImageDraw, cells: Cells, at: tuple[int, int]) -> None:
    png.text_right(pen, (at[0] - 12, at[1] - 24), f"{cells.columns.name} →", size=10)
    png.text_right(pen, (at[0] - 12, at[1] - 11), f"{cells.rows.name} ↓", size=10)


def _off_boxes(
    cells: Cells, off: set[tuple[int, int]], at: tuple[int, int], step: tuple[float, float]
) -> list[tuple[float, float, float, float]]:
    """Where the cells of heads are that are switched off; none where cells are not heads."""
    boxes = []
    for layer, head in off if cells.of_heads else ():
        label = {"layer": layer, "head": head}
        row, column = label[cells.rows.name], label[cells.columns.name]
        if row in cells.rows.labels and column in cells.columns.labels:
            x = _span(at[0], cells.columns.labels.index(column), step[0])
            y = _span(at[1], cells.rows.labels.index(row), step[1])
            boxes.append((x[0], y[0], x[1] - 2, y[1] - 2))
    return boxes


def _span(start: float, index: int, step: float) -> tuple[float, float]:
    return start + index * step, start + (index + 1) * step
