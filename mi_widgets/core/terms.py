"""What a sum or a product is made of, and what it is called: its title and its unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .errors import ResultError

_LONGEST = 120  # characters of a title or a unit


@dataclass(frozen=True)
class Term:
    """A number, or the numbers of a Result, in a sum or a product.

    Attributes:
        data: a number, or labelled ones.
        title: of them.
        unit: None of a bare number.
        operand: the number, or the record.
        model: on which they were measured.
        under: the interventions, as they are written.
    """

    data: Any
    title: str
    unit: str | None
    operand: Any
    model: str = ""
    under: str = ""


def title_of(sign: str, first: Term, second: Term) -> str:
    """Of a sum, a product and the like; of two that are called alike, what tells them apart."""
    if sign == "+" and first.operand == 0:  # where `sum` begins
        return second.title
    one, other = inside(first.title, sign == "+" or sign == "−"), inside(second.title, sign == "+")
    if first.title == second.title and first.model != second.model:
        one, other = f"{first.title}: {first.model}", second.model
    elif first.title == second.title and first.under != second.under:
        one, other = f"{first.title}: {first.under or 'as it is'}", second.under or "as it is"
    elif first.title == second.title:
        mine, theirs = _chosen(first.data), _chosen(second.data)
        one, other = one + _unlike(mine, theirs), other + _unlike(theirs, mine)
    return _shortened(f"{one} {sign} {other}")


def _chosen(data: Any) -> dict[str, Any]:
    """The labels that `.sel` has chosen one of; texts of tokens are not told apart by."""
    return {
        str(name): coord.item()
        for name, coord in getattr(data, "coords", {}).items()
        if not coord.ndim and not str(name).endswith("_token")
    }


def _unlike(labels: dict[str, Any], others: dict[str, Any]) -> str:
    """Those of some labels that differ from others: " (step 2000)"."""
    told = [f"{name} {label}" for name, label in labels.items() if others.get(name) != label]
    return f" ({', '.join(told)})" if told else ""


def inside(title: str, of_sum: bool = False) -> str:
    """A title as a part of another; one that adds needs no brackets where more is added to it."""
    signs = (" × ", " / ") if of_sum else (" + ", " − ", " × ", " / ")
    return f"({title})" if any(sign in title for sign in signs) else title


def _shortened(text: str) -> str:
    half = _LONGEST // 2 - 2
    return text if len(text) <= _LONGEST else f"{text[:half]} … {text[-half:]}"


def unit_of(sign: str, first: Term, second: Term) -> str:
    """Of a sum, a product and the like."""
    one, other = first.unit, second.unit
    if one is None and other is None:
        return ""
    if sign in "+−":
        if None not in (one, other) and one != other:
            raise ResultError(
                f"{first.title} is in {one}, {second.title} in {other}: with .values, which have no unit, you may add "
                "them."
            )
        return one or other or ""
    above, below = _factor(one), _factor(other)
    if sign == "×":
        return _shortened(f"{above} × {below}" if above and below else above or below or "ratio")
    if above == below:
        return "ratio"
    return _shortened(f"{above or 1} / {below}" if below else above)


def _factor(unit: str | None) -> str:
    """A unit in a product; what is none is 1."""
    if unit is None or unit in ("", "ratio"):
        return ""
    return f"({unit})" if " × " in unit or " / " in unit else unit
