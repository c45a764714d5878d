"""What is shipped is measured again, as many at a time as there are cores."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor

import torch

from .sae.recipes import RECIPES as DICTIONARIES
from .ship import verify
from .small import verify_small
from .superposition.recipes import RECIPES as TOYS

SMALL = {**TOYS, **DICTIONARIES}

Verification = tuple[dict[str, float], list[str]]


def verified(names: Sequence[str]) -> Iterator[tuple[str, Verification]]:
    """Each name with what was measured and what is wrong with it, in order.

    A single one is measured here, several each in a process of its own, on one thread.

    Raises:
        MIError: a name or a folder that holds no such model, or a damaged one.
    """
    if len(names) == 1:
        yield names[0], _verified(names[0])
        return
    pool = ProcessPoolExecutor(
        min(len(names), os.cpu_count() or 1),
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_begin,
    )
    try:
        yield from zip(names, pool.map(_verified, names), strict=True)
    finally:
        pool.shutdown(cancel_futures=True)


def _verified(name: str) -> Verification:
    return verify_small(SMALL[name]) if name in SMALL else verify(name)


def _begin() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # an interrupt ends it, and the process that asked says so
    torch.set_num_threads(1)
