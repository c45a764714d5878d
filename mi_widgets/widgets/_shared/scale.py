"""What the colours of a picture mean, and how its numbers are written. `scale.ts` says the same in the browser."""

from dataclasses import dataclass

import numpy as np

from .colour import MapName
from .numbers import fixed, scientific

# Units whose numbers lie between 0 and 1, so that pictures of different models compare.
_SHARES = ("probability", "mean attention", "mean probability", "share", "fraction", "accuracy")


@dataclass(frozen=True)
class Scale:
    """The colour map of a picture and the numbers at its ends."""

    map: MapName
    low: float
    high: float

    def write(self, value: float) -> str:
        """A number with as many decimals as all numbers of its picture have: 0.91 beside 1, 12.3 beside 40."""
        digits = self._decimals()
        return scientific(value, 1) if digits is None else fixed(value, digits)

    def ends(self) -> tuple[str, str]:
        """The ends of the colours, for the colour bar: 0 and 1 need no decimals."""

        def end(value: float) -> str:
            plain = value == 0 or (value == int(value) and self._decimals() is not None)
            return fixed(value, 0) if plain else self.write(value)

        return end(self.low), end(self.high)

    def _decimals(self) -> int | None:
        reach = max(abs(self.low), abs(self.high))
        if reach >= 100_000 or reach < 0.001:
            return None
        return next(n for n, least in enumerate((100, 10, 0.1, 0.01, 0.001)) if reach >= least)


def scale_of(values: np.ndarray, unit: str, *, signed: bool = False) -> Scale:
    """The scale on which all these numbers are drawn: from 0, or around 0 where some are negative.

    Args:
        values: All pages of a picture, and of its control: one scale, so that they compare.
        unit: Probabilities and shares are drawn up to 1, whatever the highest of them is.
        signed: Around 0 even if none is negative.
    """
    finite = values[np.isfinite(values)]
    reach = float(np.abs(finite).max()) if finite.size else 0.0
    if signed or (finite.size and finite.min() < 0):
        return Scale("diverging", -(reach or 1.0), reach or 1.0)
    share = unit.lower().startswith(_SHARES) and reach <= 1
    return Scale("sequential", 0.0, 1.0 if share or reach == 0 else reach)
