"""Numbers of any make, numpy's too, as Python's own: whole ones, and others in their range."""

from __future__ import annotations

import math
import operator
from typing import SupportsIndex

from .errors import MIError

SEEDS = 2**64  # what torch takes


def counted(given: object, what: str, least: int = 1) -> int:
    """How many, as an int.

    Args:
        given: what a user gave.
        what: what it is the number of, for the message, as in `"mi.faithfulness: n_random"`.
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


def number_from(given: object, what: str, least: float, *, more: bool = False) -> float:
    """A finite number in its range, as a float.

    Args:
        given: what a user gave.
        what: it is, for the message, as in `"mi.sae.train: lr"`.
        least: the smallest.
        more: whether it must be more than that.

    Raises:
        MIError: no number, or one outside.
    """
    try:
        number = math.nan if isinstance(given, (bool, str, bytes, bytearray)) else float(given)  # pyright: ignore[reportArgumentType]
    except (TypeError, ValueError, RuntimeError, OverflowError):  # several numbers, or one too large
        number = math.nan
    if not least <= number < math.inf or (more and number == least):
        raise MIError(
            f"{what} must be a finite number {'above' if more else 'from'} {least:g}; got {given!r}."
        )
    return number


def checked_seed(seed: object) -> int:
    """A seed as an int.

    Raises:
        MIError: it is no whole number from 0, or too large for torch.
    """
    number = whole(seed)
    if number is None or not 0 <= number < SEEDS:
        raise MIError(f"seed must be a whole number from 0, of 64 bits at most, as in seed=0; got {seed!r}.")
    return number
