"""The attribution view as a PNG: bars, grid and running total, for readers without the widget."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from .._shared import png
from .._shared.axis_scale import XAxis
from .._shared.line_chart import Line, chart, name_room
from .._shared.numbers import reading
from .._shared.tokens import quoted, shortened
from .bars import CONTROL, draw_bars
from .grid import draw_grid, grid_scale, summed
from .sent import Sent
from .words import sentence

_WIDTH = 900
_MARGIN = 14
_TOP = 46
_HEAD = 22  # the line above a picture
_BARS = 410
_RIGHT = _WIDTH - 3 * _MARGIN - _BARS - 12
_TOTAL = 150  # height of the running total
_AXIS = 44  # the chart's own room for the numbers at its left


def draw(sent: Sent, selection: Mapping[str, Any], off: set[tuple[int, int]]) -> bytes:
    """PNG bytes: the bars at the left, the grid and the running total at the right, and the sentence."""
    bars, right = draw_bars(sent, selection, off, _BARS), _right(sent, selection, off)
    face = png.font(12, mono=False)
    said = png.wrapped(sentence(sent.terms, selection), _WIDTH - 2 * _MARGIN, face, most=3)
    below = _TOP + max(_HEAD + bars.height, right.height) + 8
    image = png.canvas(_WIDTH, below + 18 * len(said) + 12)
    _head(image, sent, selection)
    image.paste(bars, (_MARGIN, _TOP + _HEAD))
    image.paste(right, (_WIDTH - _MARGIN - _RIGHT, _TOP))
    pen = ImageDraw.Draw(image)
    for i, line in enumerate(said):
        pen.text((_MARGIN, below + 18 * i), line, png.INK, font=face)
    return png.encode(image, name="diverging")


def _head(image: Image.Image, sent: Sent, selection: Mapping[str, Any]) -> None:
    """The header, and what is said above the bars."""
    terms = sent.terms
    row = terms.row(selection)
    right, wrong = quoted(terms.right[row]), quoted(terms.wrong[row])
    prompt = [f"prompt {selection['batch']}"] if len(terms.batch) > 1 else []
    facts = [terms.model_name, *prompt, f"{right} over {wrong}", f"{len(terms.names):,} terms", terms.unit]
    png.header(image, terms.title, " · ".join(facts))
    end = png.caption(
        image, (_MARGIN, _TOP), "Largest terms", f"{terms.unit}, for {shortened(right)} if positive"
    )
    if terms.control is not None:
        pen = ImageDraw.Draw(image)
        pen.rectangle([end + 12, _TOP + 6, end + 20, _TOP + 9], fill=CONTROL)
        name = png.one_line(terms.control.name)[:16]
        pen.text((end + 25, _TOP), name, png.QUIET, font=png.font(12, mono=False))


def _right(sent: Sent, selection: Mapping[str, Any], off: set[tuple[int, int]]) -> Image.Image:
    """The grid with its colour bar, unless no term is in a layer, and beneath it the running total."""
    grid = draw_grid(sent, selection, off, _RIGHT) if sent.terms.parts.layers else None
    below = 0 if grid is None else _HEAD + grid.height + 34
    image = png.canvas(_RIGHT, below + _HEAD + _TOTAL)
    if grid is not None:
        png.caption(image, (0, 0), "Heads" if sent.terms.parts.heads else "Layers", summed(sent))
        image.paste(grid, (0, _HEAD))
        low, high = grid_scale(sent).ends()
        png.colour_bar(image, (0, _HEAD + grid.height + 10), low=low, high=high, name="diverging")
    png.caption(image, (0, below), "Running total", "through the layers to the logit difference")
    image.paste(_running(sent, sent.terms.row(selection)), (0, below + _HEAD))
    return image


def _running(sent: Sent, row: int) -> Image.Image:
    """The running total of the prompt, and that of the control; the stages are named beneath."""
    terms, parts = sent.terms, sent.terms.parts
    total = parts.running(terms.values[row : row + 1])[0]
    x = list(range(len(parts.stages)))
    # A level line at 0, so that 0 is on the axis.
    lines = [Line("", [], np.zeros(1), "other"), Line(reading(float(total[-1])), x, total, "main")]
    if terms.control is not None:
        control = parts.running(terms.control.values[row : row + 1])[0]
        lines.append(Line(terms.control.name, x, control, "control"))
    right = min(110, name_room(lines))
    image = chart(lines, XAxis([*x, 0]), size=(_RIGHT, _TOTAL), right=right, marker=None, ticks=False)
    pen, width = ImageDraw.Draw(image), _RIGHT - _AXIS - right
    for i in _named(parts.stages, width):
        place = _AXIS + XAxis([*x, 0]).place(i) * width, _TOTAL - 8
        pen.text(place, _layer(parts.stages[i]), png.QUIET, font=png.font(10), anchor="mm")
    return image


def _named(stages: list[str], width: int) -> list[int]:
    """Which stages are named: the first, the last, and of the ends of layers as many as have room."""
    last = len(stages) - 1
    ends = [i for i in range(last) if _layer(stages[i]) != _layer(stages[i + 1])]
    room = 46 * last / max(1, width)
    kept: list[int] = []
    for i in [0, last, *ends]:
        if all(abs(i - other) >= room for other in kept):
            kept.append(i)
    return kept


def _layer(stage: str) -> str:
    return stage.partition(" ")[0]
