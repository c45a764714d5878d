"""torch as it starts: whatever a notebook has switched on or off, what is computed inside is the same.

Gradients may be off (`torch.set_grad_enabled(False)`, `torch.inference_mode()`), autocast on, and new tensors may come
on another device or in another dtype. All of this belongs to the thread that has set it, but the default dtype, which
is one of the whole process.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext

import torch

_CPU = torch.device("cpu")
_NOTHING: AbstractContextManager[None] = nullcontext()


def torch_defaults() -> AbstractContextManager[None]:
    """Gradients on, no inference mode, no autocast, new tensors float32 on the CPU; put back afterwards, on errors too.

    What a function of the user's computes when it is called inside is computed in the same way.
    """
    return _NOTHING if _are_set() else _set()


def _are_set() -> bool:
    return (
        torch.is_grad_enabled()
        and not torch.is_inference_mode_enabled()
        and not _float32.wanted
        and not torch._C._is_any_autocast_enabled()
        and torch.get_default_device() == _CPU
    )


@contextmanager
def _set() -> Iterator[None]:
    with ExitStack() as inside:
        inside.enter_context(torch.inference_mode(False))
        inside.enter_context(torch.enable_grad())
        if torch._C._is_any_autocast_enabled():
            for kind in filter(torch.is_autocast_enabled, _DEVICE_TYPES):
                inside.enter_context(torch.autocast(kind, enabled=False))
        if torch.get_default_device() != _CPU:
            inside.enter_context(_CPU)
        inside.enter_context(_float32)
        yield


_DEVICE_TYPES = ("cpu", "cuda", "mps", "xpu")


class _Float32:
    """float32 as the default dtype of all threads; the last of them to leave puts back what was found."""

    def __init__(self) -> None:
        self._guard, self._inside, self._found = threading.Lock(), 0, torch.float32

    @property
    def wanted(self) -> bool:
        """Whether it is not so, or is so only as long as another thread is inside."""
        return self._inside > 0 or torch.get_default_dtype() is not torch.float32

    def __enter__(self) -> None:
        with self._guard:
            # What somebody has set since the first came in is what they want to find.
            if not self._inside or torch.get_default_dtype() is not torch.float32:
                self._found = torch.get_default_dtype()
            self._inside += 1
            torch.set_default_dtype(torch.float32)

    def __exit__(self, *_: object) -> None:
        with self._guard:
            self._inside -= 1
            if not self._inside and torch.get_default_dtype() is torch.float32:
                torch.set_default_dtype(self._found)


_float32 = _Float32()
