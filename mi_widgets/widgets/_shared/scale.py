"""What the colours of a picture mean, and how its numbers are written. `scale.ts` says the same in the browser."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from mi_widgets.core.numbers import fixed, scientific

from .colour import MapName

# Units whose numbers lie between 0 and 1, so that pictures of different models compare.
_SHARES = ("probability", "mean attention", "mean probability", "share", "fraction", "accuracy")
_EXCESS = "mean attention above"  # and those whose numbers lie between -1 and 1


@dataclass(frozen=True)
class ColourScale:
    """The colour map of a picture and the numbers at its ends."""

    map: MapName
    low: float
    high: float

    def number_text(self, value: float) -> str:
        """A number with as many decimals as all numbers of its picture have: 0.91 beside 1, 12.3 beside 40."""
        digits = self._decimals()
        return scientific(value, 1) if digits is None else fixed(value, digits)

    def ends(self) -> tuple[str, str]:
        """The ends of the colours, for the colour bar: 0 and 1 need no decimals."""

        def end(value: float) -> str:
            plain = value == 0 or (float(value).is_integer() and self._decimals() is not None)
            return fixed(value, 0) if plain else self.number_text(value)

        return end(self.low), end(self.high)

    def _decimals(self) -> int | None:
        reach = max(abs(self.low), abs(self.high))
        if not 0.001 <= reach < 100_000:
            return None
        return next(n for n, least in enumerate((100, 10, 0.1, 0.01, 0.001)) if reach >= least)


def highest(*several: Any) -> float:
    """The largest number above 0 that has an end, for the end of a scale; 0 where there is none.

    As a float of Python, so that what is reckoned with it does not overflow.
    """
    arrays = map(np.asarray, several)
    return max(float(values.max(where=np.isfinite(values), initial=0.0)) for values in arrays)


def scale_of(values: np.ndarray, unit: str, *, signed: bool = False) -> ColourScale:
    """The scale on which all these numbers are drawn: from 0, or around 0 where some are negative.

    Args:
        values: All pages of a picture, and of its control: one scale, so that they compare.
        unit: Probabilities and shares are drawn up to 1, whatever the highest of them is; what attention has above
            a control from -1 to 1.
        signed: Around 0 even if none is negative.
    """
    reach = highest(np.abs(values))
    if signed or (values < 0).any(where=np.isfinite(values)):
        end = 1.0 if reach == 0 or (unit.lower().startswith(_EXCESS) and reach <= 1) else reach
        return ColourScale("diverging", -end, end)
    share = unit.lower().startswith(_SHARES) and reach <= 1
    return ColourScale("sequential", 0.0, 1.0 if share or reach == 0 else reach)
