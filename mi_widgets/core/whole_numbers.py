"""Whole numbers of any make, numpy's too, as ints."""

from __future__ import annotations

import operator
from typing import SupportsIndex


def whole(given: object) -> int | None:
    """A whole number as an int; None for everything else, truth values too."""
    if isinstance(given, bool) or not isinstance(given, SupportsIndex):
        return None
    try:
        return operator.index(given)
    except TypeError:  # an array of several numbers
        return None
