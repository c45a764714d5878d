"""Whole numbers of any make, numpy's too, as ints."""

from __future__ import annotations

import operator
from typing import SupportsIndex

from .errors import MIError


def counted(given: object, what: str, least: int = 1) -> int:
    """How many, as an int.

    Args:
        given: what a user gave.
        what: what it is the number of, for the message, as in `"mi.faithfulness: draws"`.
        least: the smallest that means something.

    Raises:
        MIError: no whole number, or a smaller one.
    """
    number = whole(given)
    if number is None or number < least:
        raise MIError(f"{what} must be a whole number from {least}; got {given!r}.")
    return number


def whole(given: object) -> int | None:
    """A whole number as an int; None for everything else, truth values too."""
    if isinstance(given, bool) or not isinstance(given, SupportsIndex):
        return None
    try:
        return operator.index(given)
    except TypeError:  # an array of several numbers
        return None
