"""Small sums, written out. Kept out of training: a part of all pairs of numbers."""

from __future__ import annotations

from .grammar import Draw, Text, fill

LARGEST = 20
TEMPLATES = {
    "+": (
        "{a} + {b} = {answer}.",
        "{a} plus {b} is {answer}.",
        "The sum of {a} and {b} is {answer}.",
        "If you add {b} to {a}, you get {answer}.",
    ),
    "-": (
        "{a} - {b} = {answer}.",
        "{a} minus {b} is {answer}.",
        "Take {b} from {a} and {answer} is left.",
        "From {b} to {a} it is {answer}.",
    ),
}


def is_held_out(sign: str, a: int, b: int) -> bool:
    """Whether a sum is kept out of training; both orders of an addition are, or neither."""
    low, high = sorted((a, b)) if sign == "+" else (a, b)
    return (3 * low + 5 * high + (sign == "-")) % 11 == 2


def sentence(draw: Draw, *, held_out: bool) -> Text:
    """One sum, with the labels `a`, `b` and `answer`."""
    while True:
        sign, a, b = draw.one("+-"), draw.number(0, LARGEST), draw.number(0, LARGEST)
        if (sign == "+" or b <= a) and is_held_out(sign, a, b) == held_out:
            break
    answer = a + b if sign == "+" else a - b
    filled = fill(draw.one(TEMPLATES[sign]), a=str(a), b=str(b), answer=str(answer))
    return filled.called("register", "arithmetic")
