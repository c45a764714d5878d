"""Points in a plane, as arrows from the middle or on a ring around it."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import dist, hypot, isfinite

from .inks import FAINT, GREY, QUIET, WHITE, Ink
from .layout import Block
from .pen import Pen

_OUT = 12  # pixels from a point to its name


@dataclass(frozen=True)
class Point:
    """A point, its colour, and its name beyond it; `strong` makes its arrow thicker."""

    x: float
    y: float
    ink: Ink
    name: str = ""
    strong: bool = False


@dataclass(frozen=True)
class Plane:
    """Points around a middle.

    Attributes:
        points: The last comes over all others; one without a number is left out.
        reach: How far from the middle the picture goes.
        side: Pixels of a side.
        arrows: Whether a line leads to each point from the middle, with the circle of length 1; else a line leads
            from point to point.
        apart: Pixels between two names at least; one that is nearer to another is left out.
    """

    points: Sequence[Point]
    reach: float
    side: int = 300
    arrows: bool = False
    apart: float = 0

    def block(self, room: float) -> Block:
        """A square."""

        half, unit = self.side / 2, self.side / 2 / self.reach

        def draw(pen: Pen) -> None:
            pen.box(0, half, self.side, half + 1, FAINT)
            pen.box(half, 0, half + 1, self.side, FAINT)
            pen.box(0, 0, self.side, self.side, outline=FAINT)
            pen = pen.moved(half, half)
            points = [point for point in self.points if isfinite(point.x) and isfinite(point.y)]
            places = [(unit * point.x, -unit * point.y) for point in points]
            if self.arrows:
                pen.dot(0, 0, unit, outline=FAINT)
            elif places:
                pen.lines([[*places, places[0]]], GREY)
            for point, place in zip(points, places, strict=True):
                if self.arrows:
                    pen.lines([[(0, 0), place]], point.ink, 3 if point.strong else 2)
                pen.dot(*place, 3.5, point.ink, None if self.arrows else WHITE)
            self._name(pen, points, places)

        return Block(self.side, self.side, draw)

    def _name(self, pen: Pen, points: Sequence[Point], places: Sequence[tuple[float, float]]) -> None:
        written: list[tuple[float, float]] = []
        for point, (x, y) in zip(points, places, strict=True):
            out = 1 + _OUT / max(hypot(x, y), 1.0)
            at = x * out, y * out
            if not point.name or any(dist(at, other) < self.apart for other in written):
                continue
            pen.text(*at, point.name, point.ink if self.arrows else QUIET, anchor="mm")
            written.append(at)
