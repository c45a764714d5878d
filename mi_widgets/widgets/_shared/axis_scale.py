"""The axes of a chart: from numbers to places between 0 (left, bottom) and 1, with ticks at round numbers.

`axis_scale.ts` says the same in the browser.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from mi_widgets.core.numbers import count, fixed, in_powers, power_of_ten

_HUGE = 1e15  # from here on a half is lost in a number
_AT_ZERO = 0.08  # the share of the width between 0 and the first positive number of a logarithmic axis

Tick = tuple[float, str]  # a number, and how it is written


@dataclass(frozen=True)
class XAxis:
    """Where a number lies between 0 (left) and 1.

    Attributes:
        numbers: What lies on it; those without an end have no place.
        log: Even in factors of ten; from 0 to the smallest positive of the numbers it is linear, so that 0 has a place.
        whole: Without ticks between whole numbers, such as steps and positions.
    """

    numbers: Sequence[float]
    log: bool = False
    whole: bool = True

    def place(self, value: float) -> float:
        """From 0 to 1."""
        value, (low, high) = float(value), self._ends()
        if not self._in_factors():
            return (value - low) / (high - low)
        first, gap = self._first(), _AT_ZERO if low <= 0 else 0.0
        if value < first:
            return gap * max(0.0, value / first)
        return gap + (1 - gap) * math.log(value / first) / math.log(high / first)

    def ticks(self, most: float) -> list[Tick]:
        """Round numbers on the axis, at most about so many."""
        low, high = self._ends()
        if self._in_factors():
            first = self._first()
            fine = _round_between((1, 2, 5), first, high)
            zero = [(0.0, "0")] if low <= 0 else []
            return [*zero, *(fine if len(fine) <= 2 * most else _round_between((1,), first, high))]
        step = round_step((high - low) / max(1.0, most))
        return _even_ticks(low, high, max(1.0, step) if self.whole else step)

    def _ends(self) -> tuple[float, float]:
        """From where to where; a range of one number is widened, so that it has a place."""
        known = self._known
        low, high = min(known, default=0.0), max(known, default=0.0)
        wider = 0.5 if abs(low) < _HUGE else abs(low) / 2
        return (low, high) if high > low else (low - wider, low + wider)

    def _in_factors(self) -> bool:
        return self.log and len({number for number in self._known if number > 0}) > 1

    def _first(self) -> float:
        return min(number for number in self._known if number > 0)

    @cached_property
    def _known(self) -> list[float]:
        """As floats of Python, since differences of numbers in single precision may overflow."""
        return [float(number) for number in self.numbers if math.isfinite(number)]


@dataclass(frozen=True)
class YAxis:
    """Where a number lies between 0 (bottom) and 1, and the numbers that are written beside it."""

    place: Callable[[float], float]
    ticks: Sequence[Tick]


def even_axis(low: float, high: float, *, ticks: int = 5) -> YAxis:
    """An even axis between round numbers around a range."""
    low, high, step = round_ends(float(low), float(high), ticks=ticks)
    return YAxis(lambda value: (float(value) - low) / (high - low), _even_ticks(low, high, step))


def round_ends(low: float, high: float, *, ticks: int = 5) -> tuple[float, float, float]:
    """Round numbers around a range, with 0 among them where it is near: from, to and the distance of ticks."""
    if not 0 <= high - low < math.inf or low == high == 0:  # no numbers, or nothing but 0
        return 0.0, 1.0, 0.5
    if high == low:
        return round_ends(min(0.0, low), max(0.0, high), ticks=ticks)
    low = 0.0 if 0 < low < 0.5 * high else low
    high = 0.0 if 0 > high > 0.5 * low else high
    step = round_step((high - low) / ticks)
    return math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step, step


def round_step(least: float) -> float:
    """1, 2, 5, 10, 20 … : the smallest that is not below `least`."""
    power = power_of_ten(least)
    steps = (float(f"{k}e{power}") for k in (1, 2, 5, 10))
    return next(step for step in steps if step >= least * (1 - 1e-9))


def tick_label(value: float, step: float) -> str:
    """A tick with as many decimals as tell it from its neighbours."""
    if abs(value) >= 10_000:
        return count(value)
    digits = max(0, -power_of_ten(step))
    if digits <= 4 or abs(value) >= 10.0 ** (3 - digits):
        return fixed(value, digits)
    if value == 0:
        return "0"
    return in_powers(value, 3)


def _even_ticks(low: float, high: float, step: float) -> list[Tick]:
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [(i * step, tick_label(i * step, step)) for i in range(first, last + 1)]


def _round_between(digits: Sequence[int], low: float, high: float) -> list[Tick]:
    """The numbers of some leading digits, in every power of ten, between two numbers."""
    powers = range(power_of_ten(low), power_of_ten(high) + 1)
    values = (float(f"{digit}e{power}") for power in powers for digit in digits)
    return [(value, count(value)) for value in values if low <= value <= high]
