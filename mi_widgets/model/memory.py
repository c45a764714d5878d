"""What keeping activations costs, asked before the memory is gone."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path

import psutil
import torch

from mi_widgets.core.errors import NotEnoughMemory
from mi_widgets.core.sites import AXES

from .architectures import ModelConfig
from .backend import Key

_CGROUP = Path("/sys/fs/cgroup")
_SMALL = 2**26  # bytes: below, asking what is free costs more than it is worth
_LARGE = 0.5  # of what is free: from here on the user is told


def bytes_of(keys: Iterable[Key], config: ModelConfig, shape: Sequence[int], element: int) -> int:
    """The size of some activations.

    Args:
        keys: which.
        config: the model's sizes.
        shape: the number of prompts and their padded length.
        element: bytes a number.
    """
    batch, width = shape
    lengths = {"batch": batch, "pos": width, "query": width, "key": width}
    total = 0
    for name, _ in keys:
        n = element
        for axis in AXES[name]:
            n *= lengths.get(axis) or config.size(axis, name) or 1
        total += n
    return total


def free_bytes(device: torch.device) -> int:
    """What can still be had on a device: of a container, what its limit leaves."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    free = psutil.virtual_memory().available
    try:
        limit = (_CGROUP / "memory.max").read_text().strip()
        if limit != "max":
            used = int((_CGROUP / "memory.current").read_text())
            files = dict(line.split() for line in (_CGROUP / "memory.stat").read_text().splitlines())
            # Pages of files are given back when memory is short.
            free = min(free, int(limit) - used + int(files.get("inactive_file", 0)))
    except (OSError, ValueError):  # no container, or one that does not say
        pass
    return max(free, 0)


def check_fits(needed: int, device: torch.device, what: str) -> None:
    """Stop before a capture that cannot fit; tell of one that takes much.

    Args:
        needed: bytes.
        device: where they are kept.
        what: for messages.

    Raises:
        NotEnoughMemory: more than is free.
    """
    if needed < _SMALL:
        return
    free = free_bytes(device)
    said = f"Keeping {what} takes {_gigabytes(needed)}; {_gigabytes(free)} are free on {device}."
    advice = "Keep fewer sites or layers, run fewer prompts at a time, or keep them elsewhere or smaller: "
    if needed > free:
        raise NotEnoughMemory(f'{said} {advice}keep_on="cpu", keep_dtype=torch.bfloat16.')
    if needed > _LARGE * free:
        warnings.warn(said, stacklevel=4)


def _gigabytes(n: int) -> str:
    return f"{n / 1e9:.2f} GB"
