"""Where random numbers come from: a seed that a user gives."""

from __future__ import annotations

import torch

from .errors import MIError
from .whole_numbers import whole

_SEEDS = 2**64


def checked_seed(seed: object) -> int:
    """A seed as an int.

    Raises:
        MIError: it is no whole number from 0, or too large for torch.
    """
    number = whole(seed)
    if number is None or not 0 <= number < _SEEDS:
        raise MIError(f"seed must be a whole number from 0, of 64 bits at most, as in seed=0; got {seed!r}.")
    return number


def seeded(seed: object, *, times: int = 1, plus: int = 0) -> torch.Generator:
    """A generator of its own.

    Args:
        seed: what a user gave.
        times, plus: for one of many that a seed has: `seed * times + plus`.

    Raises:
        MIError: the seed is no whole number from 0, or too large for torch.
    """
    return torch.Generator().manual_seed((checked_seed(seed) * times + plus) % _SEEDS)
