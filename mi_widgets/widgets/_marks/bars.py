"""Rows of a name, a bar and a number."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan, nan

from mi_widgets.core.numbers import number_text

from .._shared.axis_scale import even_axis
from .inks import ACCENT, CONTROL, FAINT, INK, LOWERS, QUIET, RAISES, WHITE, Ink, faded
from .layout import Block
from .pen import Pen
from .text import MONO, SMALL, Face, cut

ROW = 19
_EDGE = 4
_AXIS = 16  # pixels beneath the rows for its numbers
_BOLD = MONO._replace(bold=True)
_NAME = Face(11, mono=False, bold=True)


@dataclass(frozen=True)
class Bar:
    """One row.

    Attributes:
        name: What it is.
        value: How long the bar is; without one there is only the text.
        text: The number at the end. Default: the value.
        aside: In front of the name: a number that it goes by.
        control: The same on a baseline: a thin bar beneath.
        quiet: Whether name and bar stand back.
    """

    name: str
    value: float = nan
    text: str = ""
    aside: str = ""
    control: float | None = None
    quiet: bool = False

    @property
    def number(self) -> str:
        """What is written at the end."""
        return self.text or ("" if isnan(self.value) else number_text(self.value))


@dataclass(frozen=True)
class Bars:
    """Rows of bars that begin at the left, or at a 0 in the middle.

    Attributes:
        rows: The first at the top.
        reach: Of the longest bar; one that goes on beyond it is broken off.
        signed: Whether bars have the colours of what raises and of what lowers a number.
        around: Whether bars go to either side of a 0, with an axis beneath.
        chosen: The row that is outlined.
        total: Beneath everything, what they add up to: a name and a number.
        width: In pixels. Default: all the room there is.
    """

    rows: Sequence[Bar]
    reach: float = 1.0
    signed: bool = False
    around: bool = False
    chosen: int | None = None
    total: tuple[str, str] | None = None
    width: float = 0

    def block(self, room: float) -> Block:
        """Names at the left as wide as they are, numbers at the right, and bars between them."""
        width = self.width or room
        numbers = [row.number for row in self.rows] + ([self.total[1]] if self.total else [])
        right = width - _EDGE - max(map(MONO.width, numbers), default=0)
        aside = max((MONO.width(row.aside) + 8 for row in self.rows if row.aside), default=0)
        bars = 0.3 * width if any(not isnan(row.value) for row in self.rows) else 0
        names = max((MONO.width(row.name) for row in self.rows), default=0)
        left = _EDGE + aside + min(max(20, right - 8 - aside - bars), names) + 8
        below = ROW * len(self.rows) + (_AXIS if self.around else 0)

        def draw(pen: Pen) -> None:
            if self.around:
                self._axis(pen, left, right - 10)
            for i, row in enumerate(self.rows):
                at = pen.moved(0, i * ROW)
                self._bar(at, row, left, right - 10)
                ink, middle = ACCENT if i == self.chosen else INK, ROW // 2
                start, anchor = (left - 8, "rm") if self.around else (_EDGE + aside, "lm")
                name = cut(row.name, left - aside - _EDGE - 8, MONO)
                at.text(_EDGE + aside - 8, middle, row.aside, QUIET, anchor="rm")
                at.text(start, middle, name, QUIET if row.quiet else ink, anchor=anchor)
                at.text(width - _EDGE, middle, row.number, ink, anchor="rm")
                if i == self.chosen:
                    at.box(0, 0, width, ROW, outline=ACCENT)
            if self.total:
                pen.box(0, below + 2, width, below + 3, FAINT)
                pen.text(_EDGE, below + 15, self.total[0], INK, _NAME)
                pen.text(width - _EDGE, below + 15, self.total[1], INK, _BOLD, "rm")

        return Block(width, below + (26 if self.total else 0), draw)

    def _axis(self, pen: Pen, left: float, right: float) -> None:
        bottom = ROW * len(self.rows)
        for number, label in even_axis(-self.reach, self.reach, ticks=6).ticks:
            if abs(number) <= self.reach:
                x = round(left + (1 + number / self.reach) / 2 * (right - left))
                pen.box(x, 0, x + 1, bottom, FAINT if number else CONTROL)
                pen.text(x, bottom + 8, label, QUIET, SMALL, "mm")

    def _bar(self, pen: Pen, row: Bar, left: float, right: float) -> None:
        zero, reach = (left + right) / 2 if self.around else left, self.reach or 1.0

        def ends(value: float) -> tuple[int, int]:
            share = max(-1.0, min(1.0, (value if self.around else abs(value)) / reach))
            start, end = sorted((round(zero), round(zero + share * (right - zero))))
            return start, end + 1

        if row.value and not isnan(row.value):
            bottom = 15 if row.control is None else 11
            start, end = ends(row.value)
            pen.box(start, 4, end, bottom, self._ink(row))
            if abs(row.value) > reach:  # it goes on beyond the picture
                slashes = [end - away if row.value > 0 else start + away for away in (6, 10)]
                pen.lines([[(x - 2, bottom), (x + 2, 4)] for x in slashes], WHITE, 2)
        if row.control is not None and not isnan(row.control):
            start, end = ends(row.control)
            pen.box(start, 12, end, 16, CONTROL)

    def _ink(self, row: Bar) -> Ink:
        ink = ACCENT if not self.signed else RAISES if row.value > 0 else LOWERS
        return faded(ink) if row.quiet else ink
