"""Points in a plane, as arrows from the middle or on a ring around it."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot

from .inks import FAINT, QUIET, WHITE, Ink
from .layout import Block
from .pen import Pen
from .text import MONO

_OUT = 12  # pixels from a point to its name
_RING: Ink = (168, 168, 178)


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
        points: The last comes over all others.
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

        def draw(pen: Pen, x: float, y: float) -> None:
            middle, unit = self.side / 2, self.side / 2 / self.reach
            centre = x + middle, y + middle
            places = [(centre[0] + unit * point.x, centre[1] - unit * point.y) for point in self.points]
            pen.box((x, y + middle, x + self.side, y + middle + 1), fill=FAINT)
            pen.box((x + middle, y, x + middle + 1, y + self.side), fill=FAINT)
            pen.box((x, y, x + self.side, y + self.side), outline=FAINT)
            if self.arrows:
                pen.dot(centre, unit, outline=FAINT)
            else:
                pen.lines([[*places, places[0]]], _RING)
            for point, place in zip(self.points, places, strict=True):
                if self.arrows:
                    pen.lines([[centre, place]], point.ink, 3 if point.strong else 2)
                pen.dot(place, 3.5, fill=point.ink, outline=None if self.arrows else WHITE)
            self._name(pen, places, centre)

        return Block(self.side, self.side, draw)

    def _name(self, pen: Pen, places: Sequence[tuple[float, float]], centre: tuple[float, float]) -> None:
        written: list[tuple[float, float]] = []
        for point, (x, y) in zip(self.points, places, strict=True):
            far = max(hypot(x - centre[0], y - centre[1]), 1.0)
            at = x + (x - centre[0]) / far * _OUT, y + (y - centre[1]) / far * _OUT
            if not point.name or any(hypot(at[0] - a, at[1] - b) < self.apart for a, b in written):
                continue
            pen.text(at, point.name, point.ink if self.arrows else QUIET, MONO, "mm")
            written.append(at)
