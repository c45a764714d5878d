"""Where random numbers come from: a seed that a user gives."""

from __future__ import annotations

import torch

from .errors import MIError
from .whole_numbers import whole


def seeded(seed: object) -> torch.Generator:
    """A generator of its own.

    Raises:
        MIError: the seed is no whole number, or too large for torch.
    """
    number = whole(seed)
    if number is None or not -(2**63) <= number < 2**64:
        raise MIError(f"seed must be a whole number of 64 bits, as in seed=0; got {seed!r}.")
    return torch.Generator().manual_seed(number)
