"""Rows of a name, a bar and a number."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, nan

from .._shared.axes import round_ends
from .._shared.numbers import reading
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
        return self.text or ("" if not isfinite(self.value) else reading(self.value))


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
        bars = 0.3 * width if any(isfinite(row.value) for row in self.rows) else 0
        names = max((MONO.width(row.name) for row in self.rows), default=0)
        left = _EDGE + aside + min(max(20, right - 8 - aside - bars), names) + 8
        below = ROW * len(self.rows) + (_AXIS if self.around else 0)

        def draw(pen: Pen, x: float, y: float) -> None:
            ends = x + left, x + right - 10
            if self.around:
                self._axis(pen, ends, (y, y + ROW * len(self.rows)))
            for i, row in enumerate(self.rows):
                top, middle = y + i * ROW, y + i * ROW + ROW // 2
                self._bar(pen, row, ends, top)
                ink = ACCENT if i == self.chosen else INK
                name = cut(row.name, left - aside - _EDGE - 8, MONO)
                at, anchor = (ends[0] - 8, "rm") if self.around else (x + _EDGE + aside, "lm")
                pen.text((x + _EDGE + aside - 8, middle), row.aside, QUIET, MONO, "rm")
                pen.text((at, middle), name, QUIET if row.quiet else ink, MONO, anchor)
                pen.text((x + width - _EDGE, middle), row.number, ink, MONO, "rm")
                if i == self.chosen:
                    pen.box((x, top, x + width, top + ROW), outline=ACCENT)
            if self.total:
                name, number = self.total
                pen.box((x, y + below + 2, x + width, y + below + 3), fill=FAINT)
                pen.text((x + _EDGE, y + below + 15), name, INK, _NAME)
                pen.text((x + width - _EDGE, y + below + 15), number, INK, _BOLD, "rm")

        return Block(width, below + (26 if self.total else 0), draw)

    def _axis(self, pen: Pen, ends: tuple[float, float], rows: tuple[float, float]) -> None:
        _, high, step = round_ends(0.0, self.reach, ticks=3)
        middle, half = (ends[0] + ends[1]) / 2, (ends[1] - ends[0]) / 2
        n = round(high / step)
        for number in (i * step for i in range(-n, n + 1) if abs(i * step) <= self.reach):
            x = round(middle + number / self.reach * half)
            pen.box((x, rows[0], x + 1, rows[1]), fill=FAINT if number else CONTROL)
            pen.text((x, rows[1] + 8), f"{number:.3g}".replace("-", "−"), QUIET, SMALL, "mm")

    def _bar(self, pen: Pen, row: Bar, ends: tuple[float, float], top: float) -> None:
        zero, reach = ((ends[0] + ends[1]) / 2 if self.around else ends[0]), self.reach or 1.0

        def box(value: float, high: float, low: float) -> tuple[float, float, float, float]:
            share = value if self.around else abs(value)
            end = zero + max(-1.0, min(1.0, share / reach)) * (ends[1] - zero)
            start, end = sorted((round(zero), round(end)))
            return start, top + high, end + 1, top + low

        if isfinite(row.value) and row.value:
            bar = box(row.value, 4, 15 if row.control is None else 11)
            pen.box(bar, fill=self._ink(row))
            if abs(row.value) > reach:  # it goes on beyond the picture
                end, inwards = (bar[2], -1) if row.value > 0 else (bar[0], 1)
                slashes = [end + inwards * away for away in (6, 10)]
                pen.lines([[(x - 2, bar[3]), (x + 2, bar[1])] for x in slashes], WHITE, 2)
        if row.control is not None and isfinite(row.control):
            pen.box(box(row.control, 12, 16), fill=CONTROL)

    def _ink(self, row: Bar) -> Ink:
        ink = ACCENT if not self.signed else RAISES if row.value > 0 else LOWERS
        return faded(ink) if row.quiet else ink
