"""Where and how finely numbers are kept, as users name it."""

from __future__ import annotations

import torch

from mi_widgets.core.errors import MIError


def device_of(device: str | torch.device | None, what: str) -> torch.device:
    """A device that this machine has; the CPU by default.

    Args:
        device: what a user gave.
        what: it is, for the message, as in `"mi.load: device"`.

    Raises:
        MIError: no device, or none that is here.
    """
    have = ["cpu"]
    have += [f"cuda:{i}" for i in range(torch.cuda.device_count())]
    have += ["mps"] if torch.backends.mps.is_available() else []
    try:
        wanted = torch.device("cpu" if device is None else device)
    except (RuntimeError, TypeError) as error:
        raise MIError(f"{what}={device!r} is no device; this machine has {', '.join(have)}.") from error
    if wanted.type not in {name.partition(":")[0] for name in have} or (
        wanted.index and str(wanted) not in have
    ):
        raise MIError(f"{what}={device!r} is not here; this machine has {', '.join(have)}.")
    return wanted


def dtype_of(dtype: str | torch.dtype | None, what: str) -> torch.dtype | None:
    """A dtype of real numbers, also by its name; None by default.

    Args:
        dtype: what a user gave.
        what: it is, for the message.

    Raises:
        MIError: none that is known.
    """
    found = getattr(torch, dtype, None) if isinstance(dtype, str) else dtype
    if found is not None and not (isinstance(found, torch.dtype) and found.is_floating_point):
        found, dtype = None, str(dtype)
    if dtype is not None and found is None:
        raise MIError(f"{what}={dtype!r} is not known; allowed: float32, bfloat16, float16, float64.")
    return found
