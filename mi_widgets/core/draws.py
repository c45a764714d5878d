"""Where random numbers come from: a seed that a user gives."""

from __future__ import annotations

import torch

from .whole_numbers import SEEDS, checked_seed


def seeded(seed: object, *, times: int = 1, plus: int = 0) -> torch.Generator:
    """A generator of its own.

    Args:
        seed: what a user gave.
        times, plus: for one of many that a seed has: `seed * times + plus`.

    Raises:
        MIError: the seed is no whole number from 0, or too large for torch.
    """
    return torch.Generator().manual_seed((checked_seed(seed) * times + plus) % SEEDS)
