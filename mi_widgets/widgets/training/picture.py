"""The training view as a PNG: the same panels and the same marker, for readers without the widget."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import ImageDraw

from .._shared import png
from .._shared.axis_scale import XAxis
from .._shared.line_chart import Kind, Line, chart, name_room
from .measures import Curves, Measure
from .words import sentence

_WIDTH = 960
_CHART_HEIGHT = 150
_HEAD = 22  # the line above a panel
_MARGIN = 14
_TOP = 46
_ALL_STRONG = 3  # so few lines are all strong


def draw(measures: Sequence[Measure], said: dict[str, Any], step: int, *, log: bool) -> bytes:
    """PNG bytes: one panel a measure, the marker at a step, and the values there."""
    panels = [_lines(measure) for measure in measures]
    columns = min(len(panels), 3 if len(panels) != 4 else 2)
    rows = -(-len(panels) // columns)
    sentences = png.wrapped(sentence(measures, step), _WIDTH - 2 * _MARGIN, png.font(12, mono=False))
    image = png.canvas(_WIDTH, _TOP + rows * (_HEAD + _CHART_HEIGHT + 10) + 18 * len(sentences) + 20)
    png.header(
        image, said["title"], " · ".join([*said["models"], "training step" + (", log scale" if log else "")])
    )
    pen = ImageDraw.Draw(image)
    axis = XAxis(_all_steps(measures), log=log)
    room = min(130, max(map(name_room, panels)))
    width = (_WIDTH - 2 * _MARGIN) // columns
    for i, (measure, lines) in enumerate(zip(measures, panels, strict=True)):
        x = _MARGIN + i % columns * width
        y = _TOP + i // columns * (_HEAD + _CHART_HEIGHT + 10)
        png.caption(image, (x, y), measure.name, measure.unit)
        picture = chart(lines, axis, size=(width - 6, _CHART_HEIGHT), right=room, marker=step)
        image.paste(picture, (x, y + _HEAD))
    below = _TOP + rows * (_HEAD + _CHART_HEIGHT + 10) + 6
    for nth, text in enumerate(sentences):
        pen.text((_MARGIN, below + 18 * nth), text, png.INK, font=png.font(12, mono=False))
    return png.encode(image)


def _all_steps(measures: Sequence[Measure]) -> list[int]:
    curves = [curves for m in measures for curves in (m.curves, *(control.curves for control in m.controls))]
    return sorted({step for one in curves for step in one.steps})


def _lines(measure: Measure) -> list[Line]:
    ours = _of(measure.curves, many="quiet", strong="main", name="")
    theirs = [
        _of(control.curves, many="other", strong="control", name=control.name) for control in measure.controls
    ]
    return [*ours, *(line for lines in theirs for line in lines)]


def _of(curves: Curves, *, many: Kind, strong: Kind, name: str) -> list[Line]:
    """The lines of one Result: where they are many, the one highest at its end is the strong one."""
    ends = np.array([_last(row) for row in curves.values])
    best = int(np.nanargmax(ends)) if not np.isnan(ends).all() else 0
    all_strong = strong == "main" and len(ends) <= _ALL_STRONG
    return [
        Line(name or curves.names[i], curves.steps, row, strong if all_strong or i == best else many)
        for i, row in enumerate(curves.values)
    ]


def _last(row: np.ndarray) -> float:
    finite = row[np.isfinite(row)]
    return float(finite[-1]) if finite.size else float("nan")
