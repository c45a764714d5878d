"""Numbers for readers. `widgets/_shared/numbers.ts` says the same in the browser.

A half is rounded away from zero, and what is rounded is the decimal number that would be written out in full, not the
binary one that stands for it: 0.125 is 0.13, 12.25 is 12.3, and 1.005, in binary a little less, is 1.01.
"""

import math
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext

_COUNTLESS = 1e15
_HALF_UP = Context(prec=400, rounding=ROUND_HALF_UP)  # with all the digits that a float can have


def fixed(value: float, decimals: int) -> str:
    """With so many decimals: 0.13, −12.3; nothing is −0.00. Where nobody counts the digits any more, 3.0e38."""
    return scientific(value, 1) if abs(value) >= _COUNTLESS else _format(value, f".{decimals}f")


def signed(value: float, decimals: int) -> str:
    """With a sign in any case, of what is rounded to 0 too: +2.40, −0.50, −0.00."""
    return f"{'−' if value < 0 else '+'}{fixed(abs(value), decimals)}"


def scientific(value: float, decimals: int) -> str:
    """As a power of ten, with so many decimals before it: 1.2e-5."""
    return _format(value, f".{decimals}e").replace("e+", "e")


def significant(value: float, digits: int) -> str:
    """With at most so many digits that count: 0.004, 1.5, 12."""
    if not math.isfinite(value):
        return fixed(value, 0)
    rounded = Context(prec=digits, rounding=ROUND_HALF_UP).create_decimal(repr(float(value)))
    return f"{rounded.normalize(_HALF_UP):f}".replace("-", "−" if rounded else "")


def power_of_ten(value: float) -> int:
    """Of the first digit that counts: 2 of 250, −3 of 0.004."""
    return Decimal(repr(float(value))).adjusted()


def in_powers(value: float, digits: int) -> str:
    """As a power of ten, with at most so many digits before it: 3e38, 1.5e-7."""
    power = power_of_ten(value)
    return f"{significant(value / float(f'1e{power}'), digits)}e{power}"


def number_text(value: float) -> str:
    """A number of any size in a sentence: 6.30, 0.75, 12.4, 0.004, 3.0e38."""
    size = abs(value)
    if size >= 1e9:
        return scientific(value, 1)
    if 0 < size < 0.0001:
        return scientific(value, 0)
    if 0 < size < 0.005:
        return significant(value, 1)
    return fixed(value, 0 if size >= 99.95 else 1 if size >= 9.995 else 2)


def count(n: float) -> str:
    """A count, such as a training step: 2000, 15k, 1.5M; beyond all counts 3e38."""
    if not math.isfinite(n):
        return significant(n, 6)
    if abs(n) >= 1e13:
        return in_powers(n, 4)
    for size, suffix in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(n) >= size:
            return f"{significant(n / (1e3 if suffix == 'k' else size), 4)}{suffix}"
    return significant(n, 6)


def count_text(n: int, what: str) -> str:
    """As in "1 token" and "2,000 tokens"."""
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def _format(value: float, form: str) -> str:
    if math.isnan(value):
        return "none"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    with localcontext(_HALF_UP):
        text = format(Decimal(repr(abs(float(value)))), form)
    return f"−{text}" if value < 0 and text.strip("0.") else text
