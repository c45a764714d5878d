"""Sums modulo a prime: every prompt `a b =`, and the split into what is learned and what is held out."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from jaxtyping import Int
from torch import Tensor

from mi_widgets.core.argument_types import argument_type, checked
from mi_widgets.core.errors import MIError
from mi_widgets.core.whole_numbers import checked_seed, whole
from mi_widgets.zoo.random_streams import random_stream

Split = Literal["all", "train", "test"]
P = 113
SHARE = 0.3  # of all sums, what is learned from
SMALLEST = 5


@argument_type("mi.fourier.modular_sums(p)")
@dataclass(frozen=True)
class Sums:
    """Prompts `a b =` and their answers.

    Args:
        p: the modulus; numbers are their own token ids, and `=` is token p.
        split: "all", "train" or "test".
        seed: of the split.
        share: of all sums, how many are in "train".
        ids: the token ids.
        answers: (a + b) mod p.
    """

    p: int
    split: Split
    seed: int
    share: float
    ids: Int[Tensor, "n 3"]
    answers: Int[Tensor, " n"]

    def __len__(self) -> int:
        return len(self.ids)

    def __repr__(self) -> str:
        return f"mi.fourier.modular_sums({self.p}, {self.split!r}, seed={self.seed}, share={self.share})"


@checked
def modular_sums(p: int = P, split: Split = "all", *, seed: int = 0, share: float = SHARE) -> Sums:
    """The sums of two numbers modulo p, in the order of a, then b.

    Args:
        p: a prime from 5.
        split: "all", or one of the two parts: what `modadd-113` learned from, and what it never saw.
        seed: of the split; that of the training.
        share: of all sums, how many are in "train".

    Raises:
        MIError: p is no such prime, or there is no such split.

    Source: Nanda et al. 2023 (arXiv:2301.05217), section 3.
    """
    p = as_prime(p)
    number = checked_seed(seed)
    if split not in get_args(Split):
        raise MIError(f"mi.fourier.modular_sums: the splits are {', '.join(get_args(Split))}; got {split!r}.")
    if not 0 < share < 1:
        raise MIError(f"mi.fourier.modular_sums: share is more than 0 and less than 1; got {share!r}.")
    a, b = torch.arange(p).repeat_interleave(p), torch.arange(p).repeat(p)
    if split != "all":
        chosen = learned(p, number, share)
        keep = chosen if split == "train" else ~chosen
        a, b = a[keep], b[keep]
    return Sums(p, split, number, share, torch.stack([a, b, torch.full_like(a, p)], 1), (a + b) % p)


def learned(p: int, seed: int, share: float = SHARE) -> Tensor:
    """Which of the p² sums are in "train", (p²,): the same on every machine."""
    rng = random_stream("modular addition", p, seed)
    # Sorting uniform draws is a shuffle that does not depend on NumPy's choice of shuffling algorithm.
    order = rng.random(p * p).argsort(kind="stable")
    chosen = torch.zeros(p * p, dtype=torch.bool)
    chosen[torch.from_numpy(order[: int(share * p * p)])] = True
    return chosen


def as_prime(p: object) -> int:
    """p, or `MIError` unless it is a prime from 5: modulo others, a frequency may go round in fewer than p steps."""
    number = whole(p) or 0
    if number < SMALLEST or not _is_prime(number):
        following = next(n for n in itertools.count(max(number, SMALLEST)) if _is_prime(n))
        raise MIError(f"The modulus must be a prime from {SMALLEST}, as in {following}; got {p!r}.")
    return number


def _is_prime(n: int) -> bool:
    return n > 1 and all(n % d for d in range(2, math.isqrt(n) + 1))
