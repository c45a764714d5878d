"""Curves for readers without a browser widget, drawn with Pillow. `line_chart.ts` draws the same in the browser."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from PIL import Image, ImageDraw

from . import png
from .axis_scale import XAxis, YAxis, even_axis

_FINER = 3  # lines are drawn larger and made smaller, which rounds their edges
_FAINT_BLUE: png.Ink = (172, 200, 246)
_GREY: png.Ink = (138, 138, 148)
_FAINT_GREY: png.Ink = (212, 212, 218)
_LOOK = {
    "other": (_FAINT_GREY, 1),
    "quiet": (_FAINT_BLUE, 1),
    "control": (_GREY, 1.4),
    "main": (png.ACCENT, 2),
}
_LEFT, _TOP, _BOTTOM = 44, 7, 18
_DASH = 5  # pixels

Kind = Literal["main", "quiet", "control", "other"]
_Place = Callable[[float], float]  # from a number to pixels


@dataclass(frozen=True)
class Line:
    """A line: its places on the x axis (none if it is level), its values, and its name at the end.

    A level line may be dashed.
    """

    name: str
    x: Sequence[float]
    y: np.ndarray
    kind: Kind
    dashed: bool = False


def chart(
    lines: Sequence[Line],
    x: XAxis,
    *,
    size: tuple[int, int],
    right: int,
    marker: float | None,
    ticks: bool = True,
    y: YAxis | None = None,
    columns: Sequence[tuple[float, float, float]] = (),
) -> Image.Image:
    """A picture of some lines, with numbers at both axes, names at the right and a marker.

    Args:
        lines: What is drawn; main lines come over all others.
        x: The x axis.
        size: Width and height in pixels.
        right: The room for names.
        marker: A place on the x axis, or None.
        ticks: Whether the x axis has numbers.
        y: The y axis. Default: an even one between round numbers.
        columns: Beneath the lines: from where, to where, and how high each is.
    """
    image = png.canvas(*size)
    pen = ImageDraw.Draw(image)
    width, height = size[0] - _LEFT - right, size[1] - _TOP - _BOTTOM
    y_axis = y or _even(lines)

    def left(value: float) -> float:
        return _LEFT + x.place(value) * width

    def top(value: float) -> float:
        return _TOP + (1 - y_axis.place(value)) * height

    for value, label in y_axis.ticks:
        at = round(top(value))
        pen.line([(_LEFT, at), (_LEFT + width, at)], png.FAINT)
        png.text_right(pen, (_LEFT - 6, at), label, size=10)
    for start, end, value in columns:
        gap = 2 if left(end) - left(start) > 4 else 1
        box = [round(left(start)), round(top(value)), max(round(left(start)), round(left(end)) - gap), top(0)]
        if value > 0:
            pen.rectangle(box, fill=png.COLUMNS)
    if ticks:
        _write_x(pen, [(left(number), label) for number, label in x.ticks(width / 60)], size[1] - 8)
    if marker is not None:
        pen.line([(round(left(marker)), 3), (round(left(marker)), _TOP + height)], png.ACCENT)
    _draw_lines(image, lines, left, top, _LEFT + width)
    for line, end in _named(lines, top, _TOP + height):
        ink = png.ACCENT if line.kind == "main" else png.QUIET
        pen.text((_LEFT + width + 7, end), _end_name(line), ink, font=png.font(10), anchor="lm")
    return image


def _even(lines: Sequence[Line]) -> YAxis:
    numbers = np.concatenate([line.y[np.isfinite(line.y)] for line in lines] or [np.zeros(0)])
    return even_axis(*((numbers.min(), numbers.max()) if numbers.size else (1.0, 0.0)))


def name_room(lines: Sequence[Line]) -> int:
    """The room at the right that the names of lines need."""
    names = [_end_name(line) for line in lines if line.kind in ("main", "control")]
    return 14 + max((int(png.font(10).getlength(name)) for name in names), default=0)


def _end_name(line: Line) -> str:
    return png.one_line(line.name)[:20]


def _write_x(pen: ImageDraw.ImageDraw, labels: Sequence[tuple[float, str]], y: int) -> None:
    end = -math.inf
    for place, label in labels:
        half = png.font(10).getlength(label) / 2
        if place - half >= end + 6:
            pen.text((place, y), label, png.QUIET, font=png.font(10), anchor="mm")
            end = place + half


def _draw_lines(image: Image.Image, lines: Sequence[Line], left: _Place, top: _Place, end: float) -> None:
    large = Image.new("L", (image.width * _FINER, image.height * _FINER))
    for kind, (ink, thickness) in _LOOK.items():
        if not any(line.kind == kind for line in lines):
            continue
        pen = ImageDraw.Draw(large)
        for line in (line for line in lines if line.kind == kind):
            for run in _runs(line, left, top, end):
                points = [(px * _FINER, py * _FINER) for px, py in run]
                pen.line(points, 255, width=round(thickness * _FINER), joint="curve")
        image.paste(ink, (0, 0), large.resize(image.size, Image.Resampling.LANCZOS))
        large.paste(0, (0, 0, *large.size))


def _runs(line: Line, left: _Place, top: _Place, end: float) -> list[list[tuple[float, float]]]:
    """The pieces of a line between its gaps; a number alone becomes a dash of two pixels."""
    if not len(line.x):
        dash = _DASH if line.dashed else end - _LEFT
        starts = np.arange(_LEFT, end, 1.6 * dash) if np.isfinite(line.y[0]) else []
        return [[(x, top(line.y[0])), (min(x + dash, end), top(line.y[0]))] for x in starts]
    runs: list[list[tuple[float, float]]] = [[]]
    for number, value in zip(line.x, line.y, strict=True):
        if np.isfinite(value):
            runs[-1].append((left(number), top(value)))
        elif runs[-1]:
            runs.append([])
    return [
        run if len(run) > 1 else [(run[0][0] - 1, run[0][1]), (run[0][0] + 1, run[0][1])]
        for run in runs
        if run
    ]


def _named(lines: Sequence[Line], top: _Place, bottom: float) -> list[tuple[Line, float]]:
    """The lines whose names are written, and where, so that no two touch."""
    ends = []
    for line in lines:
        finite = line.y[np.isfinite(line.y)]
        if line.kind in ("main", "control") and finite.size and line.name:
            ends.append([line, min(top(finite[-1]), bottom)])
    ends.sort(key=lambda pair: pair[1])
    for before, after in pairwise(ends):
        after[1] = max(after[1], before[1] + 12)
    for i in range(len(ends) - 1, -1, -1):
        ends[i][1] = min(ends[i][1], bottom - 12 * (len(ends) - 1 - i))
    return [(line, y) for line, y in ends]
