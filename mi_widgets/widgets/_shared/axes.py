"""Where numbers lie on an axis, and which of them are written. `axis_scale.ts` says the same in the browser."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .numbers import count

_AT_ZERO = 0.08  # the share of the width between 0 and the first positive number of a symlog axis


@dataclass(frozen=True)
class XAxis:
    """Where a number lies between 0 (left) and 1; logarithmic beyond the first positive of `numbers`, if asked."""

    numbers: Sequence[float]
    log: bool = False

    def place(self, value: float) -> float:
        """From 0 to 1."""
        low, high = min(self.numbers), max(self.numbers)
        positive = [number for number in self.numbers if number > 0]
        if not self.log or len(set(positive)) < 2:
            return (value - low) / (high - low) if high > low else 0.5
        first, gap = min(positive), _AT_ZERO if low <= 0 else 0.0
        if value < first:
            return gap * max(0.0, value / first)
        return gap + (1 - gap) * math.log(value / first) / math.log(high / first)

    def ticks(self, most: int) -> list[float]:
        """Round numbers on the axis, at most about so many."""
        low, high = min(self.numbers), max(self.numbers)
        positive = [number for number in self.numbers if number > 0]
        if not self.log or len(set(positive)) < 2:
            step = max(1.0, _round_step((high - low) / most)) if high > low else 1.0
            return [i * step for i in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]
        powers = range(math.floor(math.log10(min(positive))), math.floor(math.log10(high)) + 1)
        found = [
            digit * 10.0**power for power in powers for digit in ((1, 2, 5) if len(powers) < 4 else (1,))
        ]
        return [
            *([0.0] if low <= 0 else []),
            *(number for number in found if min(positive) <= number <= high),
        ]


@dataclass(frozen=True)
class YAxis:
    """Where a number lies between 0 (bottom) and 1, and the numbers that are written beside it."""

    place: Callable[[float], float]
    ticks: Sequence[tuple[float, str]]


def _round_step(least: float) -> float:
    power = 10 ** math.floor(math.log10(least))
    return next(k * power for k in (1, 2, 5, 10) if k * power >= least * (1 - 1e-9))


def even_axis(low: float, high: float, *, ticks: int = 5) -> YAxis:
    """An even axis between round numbers around a range."""
    low, high, step = round_ends(low, high, ticks=ticks)
    values = [low + i * step for i in range(round((high - low) / step) + 1)]
    return YAxis(
        lambda value: (value - low) / (high - low), [(value, _tick(value, step)) for value in values]
    )


def round_ends(low: float, high: float, *, ticks: int = 5) -> tuple[float, float, float]:
    """Round numbers around a range, with 0 among them where it is near: from, to and the distance of ticks."""
    if not high >= low:  # no numbers
        return 0.0, 1.0, 0.5
    if high == low:
        return (0.0, 1.0, 0.5) if low == 0 else round_ends(min(0.0, low), max(0.0, high), ticks=ticks)
    low = 0.0 if 0 < low < 0.5 * high else low
    high = 0.0 if 0 > high > 0.5 * low else high
    step = _round_step((high - low) / ticks)
    return math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step, step


def _tick(value: float, step: float) -> str:
    if abs(value) >= 10_000:
        return count(value)
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    if digits > 4 and abs(value) < 10 ** (3 - digits):
        mantissa, power = f"{value:.2e}".split("e")
        return f"{float(mantissa):g}e{int(power)}".replace("-", "−", value < 0) if value else "0"
    return f"{value:.{digits}f}".replace("-", "−")
