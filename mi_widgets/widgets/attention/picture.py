"""The attention view as a PNG: the same grid and the same large head, for readers without the widget."""

from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from .._shared import png
from .._shared.colour import NAN
from .._shared.pool import max_pool
from .._shared.thinning import thinned
from .._shared.tokens import shortened
from .._shared.wire import quantise
from .patterns import Patterns
from .scores import Score
from .words import head_sentence, row_sentence

_LARGE = 400  # pixels, about, of the large head's side
_MARGIN = 14
_TOP = 44
_GAP = 5


def draw(
    patterns: Patterns, selection: dict[str, Any], scores: list[Score], ablated: set[tuple[int, int]]
) -> bytes:
    """PNG bytes: thumbnails of all heads on the left, the selected head with its tokens on the right."""
    grid = _grid(patterns, selection, ablated)
    large = _large(patterns, selection)
    height = max(grid.height + 70, large.height) + _TOP + _MARGIN
    image = png.canvas(grid.width + large.width + 3 * _MARGIN, height)
    image.paste(grid, (_MARGIN, _TOP))
    image.paste(large, (grid.width + 2 * _MARGIN, _TOP))
    png.header(image, patterns.title, " · ".join(_facts(patterns, selection)))
    below = _TOP + grid.height + 10
    png.colour_bar(image, (_MARGIN, below), low="0", high="1", note="thumbnail = max of its cells")
    pen = ImageDraw.Draw(image)
    off = (selection["layer"], selection["head"]) in ablated
    said = [head_sentence(patterns, selection, scores, off=off), row_sentence(patterns, selection)]
    for line, text in enumerate(said):
        pen.text((_MARGIN, below + 22 + 18 * line), text, png.INK, font=png.font(12, mono=False))
    return png.encode(image)


def _facts(patterns: Patterns, selection: dict[str, Any]) -> list[str]:
    step = [f"step {selection['step']}"] if patterns.steps else []
    return [patterns.model_name, *step, f"{patterns.n_tokens(selection['batch'])} tokens", patterns.unit]


def _grid(patterns: Patterns, selection: dict[str, Any], ablated: set[tuple[int, int]]) -> Image.Image:
    codes = patterns.thumbnail_codes(selection)
    n_layers, n_heads, rows, columns = codes.shape
    cell = max(1, min(60, 460 // n_heads, 460 // n_layers) // max(rows, columns))
    width, height, left, top = columns * cell, rows * cell, 30, 20
    # One array for all thumbnails, coloured once: an image each would take three times as long.
    size = top + n_layers * (height + _GAP), max(left + n_heads * (width + _GAP), 340)
    whole = np.full(size, NAN, np.uint8)
    places = {
        (layer, head): (left + column * (width + _GAP), top + row * (height + _GAP))
        for row, layer in enumerate(patterns.layers)
        for column, head in enumerate(patterns.heads)
    }
    for (pair, (x, y)), small in zip(places.items(), codes.reshape(-1, rows, columns), strict=True):
        if pair not in ablated:
            whole[y : y + height, x : x + width] = small.repeat(cell, axis=0).repeat(cell, axis=1)
    image = png.heat(whole, cell=1)
    pen = ImageDraw.Draw(image)
    for column in thinned(n_heads, step_px=width + _GAP, min_px=24):
        x = left + column * (width + _GAP) + width // 2
        pen.text((x, 8), f"H{patterns.heads[column]}", png.QUIET, font=png.font(10), anchor="mm")
    chosen = (selection["layer"], selection["head"])
    for row in thinned(n_layers, step_px=height + _GAP, min_px=12):
        y = top + row * (height + _GAP) + height / 2
        png.text_right(pen, (left - 6, y), f"L{patterns.layers[row]}", size=10)
    for pair, (x, y) in places.items():
        if pair in ablated:
            middle = (x + width // 2, y + height // 2)
            pen.text(middle, "off", png.QUIET, font=png.font(10), anchor="mm")
        png.frame(pen, (x, y, width, height), chosen=pair == chosen)
    return image


def _large(patterns: Patterns, selection: dict[str, Any]) -> Image.Image:
    batch = selection["batch"]
    codes = quantise(patterns.head(selection), low=0, high=1)
    n_rows, n_columns = codes.shape
    cell = max(1, min(20, _LARGE // max(n_rows, n_columns)))
    picture = png.heat(max_pool(codes, side=_LARGE), cell=cell)
    step_y, step_x = picture.height / n_rows, picture.width / n_columns
    left, top = 110, 78
    image = png.canvas(left + picture.width + 50, top + picture.height + 4)
    image.paste(picture, (left, top))
    pen = ImageDraw.Draw(image)
    rows, columns = patterns.query_tokens(batch), patterns.key_tokens(batch)
    for row in thinned(n_rows, step_px=step_y, min_px=12, always=selection["query"]):
        ink = png.ACCENT if row == selection["query"] else png.QUIET
        png.text_right(pen, (left - 6, top + (row + 0.5) * step_y), shortened(rows[row]), ink=ink)
    for column in thinned(n_columns, step_px=step_x, min_px=12, always=selection["key"]):
        ink = png.ACCENT if column == selection["key"] else png.QUIET
        place = (int(left + (column + 0.5) * step_x), top - 4)
        png.rotated_label(image, place, shortened(columns[column], 9), ink=ink)
    if selection["query"] is not None:
        y = top + selection["query"] * step_y
        pen.rectangle([left - 1, y - 1, left + picture.width, y + step_y], outline=png.ACCENT)
    return image
