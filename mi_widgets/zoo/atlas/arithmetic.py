"""Small sums, written out, and counting. Kept out of training: a part of all pairs of numbers."""

from __future__ import annotations

from functools import cache

from .grammar import Draw, Text, fill

LARGEST = 12
TEMPLATES = {
    "+": (
        "{a} + {b} = {answer}.",
        "{a} plus {b} is {answer}.",
        "The sum of {a} and {b} is {answer}.",
        "If you add {b} to {a}, you get {answer}.",
        "{a} and {b} make {answer}.",
        "Put {a} and {b} together, and you have {answer}.",
    ),
    "-": (
        "{a} - {b} = {answer}.",
        "{a} minus {b} is {answer}.",
        "Take {b} from {a}, and what is left is {answer}.",
        "From {b} to {a} it is {answer}.",
        "{a} less {b} leaves {answer}.",
        "If you have {a} and lose {b}, you keep {answer}.",
    ),
}
COUNTING = (
    "Count on: {number1}, {number2}, {number3}, {number4}.",
    "After {number1} comes {number2}.",
    "{number2} is one more than {number1}.",
    "Before {number2} comes {number1}.",
)
_COUNTED = 0.2  # of all sentences


def is_held_out(sign: str, a: int, b: int) -> bool:
    """Whether a sum is kept out of training; both orders of an addition are, or neither."""
    low, high = sorted((a, b)) if sign == "+" else (a, b)
    return (3 * low + 5 * high + (sign == "-")) % 11 == 2


def draw_sentence(draw: Draw, *, held_out: bool) -> Text:
    """One sum, with the labels `a`, `b` and `answer`, or numbers in their order, each with the label `number`.

    Those that are held out are all sums.
    """
    if not held_out and draw.chance(_COUNTED):
        first = draw.number(0, 2 * LARGEST - 3)
        return fill(draw.one(COUNTING), **_numbers(first)).called("register", "arithmetic")
    return draw_sum(draw, held_out=held_out)


def _numbers(first: int) -> dict[str, str]:
    return {f"number{i + 1}": str(first + i) for i in range(4)}


def draw_sum(draw: Draw, *, held_out: bool) -> Text:
    """One sum, with the labels `a`, `b` and `answer`."""
    sign, a, b = draw.until(
        "arithmetic",
        lambda: (draw.one("+-"), draw.number(0, LARGEST), draw.number(0, LARGEST)),
        lambda drawn: (drawn[0] == "+" or drawn[2] <= drawn[1]) and is_held_out(*drawn) == held_out,
    )
    answer = a + b if sign == "+" else a - b
    filled = fill(draw.one(TEMPLATES[sign]), a=str(a), b=str(b), answer=str(answer))
    return filled.called("register", "arithmetic")


@cache
def _counting() -> frozenset[str]:
    return frozenset(fill(form, **_numbers(first)).text for form in COUNTING for first in range(2 * LARGEST))


def is_counting(sentence: str) -> bool:
    """Whether a true sentence counts, and adds nothing."""
    return sentence in _counting()


@cache
def true_sentences() -> frozenset[str]:
    """All that a right text of this register can say."""
    said = {
        fill(form, a=str(a), b=str(b), answer=str(a + b if sign == "+" else a - b)).text
        for sign, forms in TEMPLATES.items()
        for form in forms
        for a in range(LARGEST + 1)
        for b in range(LARGEST + 1)
        if sign == "+" or b <= a
    }
    return _counting() | said
