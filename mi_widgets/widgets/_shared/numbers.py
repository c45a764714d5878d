"""Numbers for readers. `numbers.ts` says the same in the browser."""

import math


def reading(value: float) -> str:
    """A number of any size in a sentence: 6.30, 0.75, 12.4, 0.004."""
    if math.isnan(value):
        return "none"
    size, sign = abs(value), "−" if value < 0 else ""
    if math.isinf(value):
        return f"{sign}∞"
    if size == 0:
        return "0.00"
    if size < 0.0001:
        return f"{sign}{size:.0e}".replace("e-0", "e-")
    if size < 0.005:
        return f"{sign}{size:.1g}"
    return f"{sign}{size:.{0 if size >= 99.95 else 1 if size >= 9.995 else 2}f}"


def count(n: float) -> str:
    """A count, such as a training step: 2000, 15k, 1.5M."""
    for size, sign in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(n) >= size:
            return f"{n / (1e3 if sign == 'k' else size):.4g}{sign}"
    return f"{n:g}"
