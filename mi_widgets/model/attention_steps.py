"""The steps of an attention that asks no interface: queries with keys, a softmax, and what it takes of the values.

They are met where torch computes them, so that taps can stand between them as they do where the interface is asked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

_PRODUCTS = (torch.matmul, Tensor.matmul, Tensor.__matmul__)
_SOFTMAX = (F.softmax, torch.softmax, Tensor.softmax)

PLAIN = ["product", "softmax", "product"]  # what an attention is, that can be read in steps

Tap = Callable[[str, Tensor], Tensor]  # from the name of a tap and what passes it to what goes on


class Steps(TorchFunctionMode):
    """Inside, the steps of one call of an attention go through its taps.

    Queries, keys and values pass them as (batch, pos, head, d_head), as a run returns them.
    """

    def __init__(self, tap: Tap) -> None:
        super().__init__()
        self._tap = tap
        self.taken: list[str] = []

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if func in _SOFTMAX and _has_heads(args):
            self.taken.append("softmax")
            return self._tap("tap_pattern", func(self._tap("tap_scores", args[0]), *args[1:], **kwargs))
        if func in _PRODUCTS and len(args) == 2 and all(x.ndim == 4 for x in args):
            return self._product(func, *args)
        if func is F.scaled_dot_product_attention and _has_heads(args or tuple(kwargs.values())):
            self.taken += PLAIN
            return self._fused(*args, **kwargs)
        return func(*args, **kwargs)

    def _product(self, func: Any, x: Tensor, y: Tensor) -> Tensor:
        self.taken.append("product")
        if "softmax" not in self.taken:
            keys = self._by_token("tap_k", y.transpose(2, 3)).transpose(2, 3)
            return func(self._by_token("tap_q", x), keys)
        return self._by_token("tap_z", func(x, self._by_token("tap_v", y)))

    def _fused(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        attn_mask: Tensor | None = None,
        dropout_p: float = 0.0,
        is_causal: bool = False,
        scale: float | None = None,
        enable_gqa: bool = False,
    ) -> Tensor:
        """What torch does in one, in its steps; by its signature."""
        query, key, value = (
            self._by_token(f"tap_{n}", x) for n, x in zip("qkv", (query, key, value), strict=True)
        )
        if enable_gqa:
            key, value = (x.repeat_interleave(query.shape[1] // x.shape[1], 1) for x in (key, value))
        scores = torch.matmul(query, key.transpose(2, 3)) * (scale or query.shape[-1] ** -0.5)
        if is_causal:
            attn_mask = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).tril()
        if attn_mask is not None and attn_mask.dtype == torch.bool:
            scores = scores.masked_fill(~attn_mask, torch.finfo(scores.dtype).min)
        elif attn_mask is not None:
            scores = scores + attn_mask
        kind = torch.promote_types(scores.dtype, torch.float32)
        pattern = self._tap("tap_scores", scores).softmax(-1, dtype=kind).to(value.dtype)
        return self._by_token("tap_z", torch.matmul(self._tap("tap_pattern", pattern), value))

    def _by_token(self, name: str, x: Tensor) -> Tensor:
        return self._tap(name, x.transpose(1, 2)).transpose(1, 2)


def _has_heads(args: tuple[Any, ...]) -> bool:
    """Whether what comes first is (batch, head, pos, any)."""
    return bool(args) and isinstance(args[0], Tensor) and args[0].ndim == 4


class StepByStep:
    """Meets a module's calls step by step, from now on.

    Args:
        attention: the module.
        tap: what is done with its steps.
        seen: called after each call.
    """

    def __init__(self, attention: nn.Module, tap: Tap, seen: Callable[[Steps], None] | None = None) -> None:
        self._tap, self._seen = tap, seen
        self._running: list[Steps] = []
        # The steps end even where the call fails, as a run does that is stopped early.
        self._handles = (
            attention.register_forward_pre_hook(self._before),
            attention.register_forward_hook(self._after, always_call=True),
        )

    def _before(self, *_: Any) -> None:
        steps = Steps(self._tap)
        steps.__enter__()
        self._running.append(steps)

    def _after(self, *_: Any) -> None:
        if self._running:
            steps = self._running.pop()
            steps.__exit__(None, None, None)
            if self._seen is not None:
                self._seen(steps)

    def undo(self) -> None:
        """As before, from now on."""
        for handle in self._handles:
            handle.remove()
