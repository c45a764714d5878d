"""Curves with their axes, their names at the right, a marker, and columns beneath."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite
from typing import Literal

import numpy as np

from .._shared.axis_scale import XAxis, YAxis, even_axis
from .._shared.tokens import cut
from .inks import ACCENT, COLUMNS, FAINT, INK, QUIET, Ink
from .layout import Block
from .pen import Pen, Point
from .text import SMALL

Kind = Literal["main", "quiet", "control", "other"]
_Place = Callable[[float], float]  # from a number to pixels

# Main lines come over all others.
_LOOK: dict[Kind, tuple[Ink, float]] = {
    "other": ((212, 212, 218), 1),
    "quiet": ((172, 200, 246), 1),
    "control": ((138, 138, 148), 1.4),
    "main": (ACCENT, 2),
}
_NAMED = ("main", "control")
_LEFT, _TOP, _BOTTOM = 44, 7, 18
_LONGEST = 20  # characters of a line's name
_DASH = 5  # pixels
_APART = 6  # pixels between two names of the x axis
_ROW = 12  # pixels between the names of two lines


@dataclass(frozen=True)
class Line:
    """A line: its name at the end, its places on the x axis (none if it is level), and its values.

    A level line may be dashed.
    """

    name: str
    x: Sequence[float]
    y: np.ndarray
    kind: Kind
    dashed: bool = False


@dataclass(frozen=True)
class Bin:
    """A column beneath the lines: from where to where, how high, its colour, and perhaps its name or an outline."""

    start: float
    end: float
    value: float
    ink: Ink = COLUMNS
    name: str = ""
    lit: bool = False


@dataclass(frozen=True)
class Lines:
    """A chart.

    Attributes:
        lines: What is drawn.
        x: The x axis.
        y: The y axis. Default: an even one between round numbers around all lines.
        bins: Columns beneath the lines.
        marker: A place on the x axis, or None.
        names: Places on the x axis with their names, the most important first, of which those are written that have
            room. Default: round numbers.
        lit: The name in the accent colour.
        width: In pixels. Default: all the room there is.
        height: In pixels.
        right: The room for the names of lines. Default: what they need.
    """

    lines: Sequence[Line]
    x: XAxis
    y: YAxis | None = None
    bins: Sequence[Bin] = ()
    marker: float | None = None
    names: Sequence[tuple[float, str]] | None = None
    lit: str | None = None
    width: float = 0
    height: int = 150
    right: int = 0

    @property
    def name_room(self) -> int:
        """The room at the right that the names of lines need."""
        widths = [SMALL.width(cut(line.name, _LONGEST)) for line in self.lines if line.kind in _NAMED]
        return 14 + int(max(widths, default=0))

    def block(self, room: float) -> Block:
        """As wide as it is told, or as there is room."""
        whole = self.width or room
        width, bottom = whole - _LEFT - (self.right or self.name_room), self.height - _TOP - _BOTTOM
        y_axis = self.y or _even(self.lines)

        def left(value: float) -> float:
            return self.x.place(value) * width

        def top(value: float) -> float:
            return (1 - y_axis.place(value)) * bottom

        def draw(pen: Pen) -> None:
            pen = pen.moved(_LEFT, _TOP)
            for value, label in y_axis.ticks:
                y = round(top(value))
                pen.box(0, y, width, y + 1, FAINT)
                pen.text(-6, y, label, QUIET, SMALL, "rm")
            self._draw_bins(pen, left, top, bottom)
            self._name_places(pen, left, bottom + 10, width / 60)
            if self.marker is not None and isfinite(self.marker):
                at = round(left(self.marker))
                pen.box(at, -4, at + 1, bottom, ACCENT)
            for kind, (ink, thickness) in _LOOK.items():
                of_kind = [line for line in self.lines if line.kind == kind]
                runs = [run for line in of_kind for run in _runs(line, left, top, width)]
                if runs:
                    pen.lines(runs, ink, thickness)
            for line, y in _named(self.lines, top, bottom):
                ink = ACCENT if line.kind == "main" else QUIET
                pen.text(width + 7, y, cut(line.name, _LONGEST), ink, SMALL)

        return Block(whole, self.height, draw)

    def _draw_bins(self, pen: Pen, left: _Place, top: _Place, bottom: float) -> None:
        for bin in self.bins:
            if not bin.value > 0:
                continue
            start, end = round(left(bin.start)), round(left(bin.end))
            # One that has no end reaches the top.
            end, high = max(start + 1, end - (end - start > 4)), round(max(0.0, top(bin.value)))
            pen.box(start, high, end, bottom, bin.ink)
            if bin.lit:
                pen.box(start - 2, high - 2, end + 2, bottom + 2, outline=INK)
            pen.text((start + end) / 2, high - 3, bin.name, bin.ink, SMALL, "ms")

    def _name_places(self, pen: Pen, left: _Place, y: float, most: float) -> None:
        names = self.x.ticks(most) if self.names is None else self.names
        taken: list[tuple[float, float]] = []
        for place, name in names:
            middle, half = left(place), SMALL.width(name) / 2
            if all(middle - half >= end or middle + half <= start for start, end in taken):
                pen.text(middle, y, name, ACCENT if name == self.lit else QUIET, SMALL, "mm")
                taken.append((middle - half - _APART, middle + half + _APART))


def _even(lines: Sequence[Line]) -> YAxis:
    numbers = np.concatenate([line.y[np.isfinite(line.y)] for line in lines] or [np.zeros(0)])
    return even_axis(*((numbers.min(), numbers.max()) if numbers.size else (1.0, 0.0)))


def _runs(line: Line, left: _Place, top: _Place, end: float) -> list[list[Point]]:
    """The pieces of a line between its gaps; a number alone becomes a dash of two pixels."""
    if not len(line.x):
        if not np.isfinite(line.y[0]):
            return []
        dash, y = _DASH if line.dashed else end, round(top(line.y[0]))
        return [[(x, y), (min(x + dash, end), y)] for x in np.arange(0, end, 1.6 * dash)]
    runs: list[list[Point]] = [[]]
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
        if line.kind in _NAMED and finite.size and line.name:
            ends.append([line, min(top(finite[-1]), bottom)])
    ends.sort(key=lambda pair: pair[1])
    for before, after in pairwise(ends):
        after[1] = max(after[1], before[1] + _ROW)
    for i in range(len(ends) - 1, -1, -1):
        ends[i][1] = min(ends[i][1], bottom - _ROW * (len(ends) - 1 - i))
    return [(line, y) for line, y in ends]
