"""An attention function for transformers models that lets its steps be read and edited.

Fused attention never forms the pattern, and the pattern that eager attention returns can be read but
not changed. This one sends q, k, v, scores, pattern and z through identity modules (*taps*) on the way.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn
from transformers import AttentionInterface
from transformers.masking_utils import AttentionMaskInterface, eager_mask

NAME = "mi_widgets"
TAPS = ("tap_q", "tap_k", "tap_v", "tap_scores", "tap_pattern", "tap_z")


def tapped_attention(
    module: Any,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float,
    **_: Any,
) -> tuple[Tensor, Tensor]:
    """Plain attention through the module's taps; a module without taps (a copy, say) just attends.

    Query, key and value come as (batch, head, pos, d_head), as transformers passes them; the taps see
    (batch, pos, head, d_head), as a run returns them. The mask is additive.
    """

    def tap(name: str, x: Tensor) -> Tensor:
        return getattr(module, name)(x) if hasattr(module, name) else x

    query = tap("tap_q", query.transpose(1, 2)).transpose(1, 2)
    key = tap("tap_k", key.transpose(1, 2)).transpose(1, 2)
    value = tap("tap_v", value.transpose(1, 2)).transpose(1, 2)
    scores = torch.matmul(query, key.transpose(2, 3)) * scaling
    if attention_mask is not None:
        scores = scores + attention_mask
    scores = tap("tap_scores", scores)
    pattern = tap("tap_pattern", scores.softmax(-1, dtype=torch.float32).to(value.dtype))
    z = tap("tap_z", torch.matmul(pattern, value).transpose(1, 2).contiguous())
    return z, pattern


AttentionInterface.register(NAME, tapped_attention)
AttentionMaskInterface.register(NAME, eager_mask)


@dataclass
class _Shared:
    config: Any  # the module's own, which other modules may use too
    owners: set[object] = field(default_factory=set)


_shared: WeakKeyDictionary[nn.Module, _Shared] = WeakKeyDictionary()


def _set_config(module: nn.Module, old: Any, new: Any) -> None:
    for part in module.modules():
        if getattr(part, "config", None) is old:
            part.config = new


def add_taps(module: Any, attentions: Sequence[nn.Module]) -> Callable[[], None]:
    """Give each attention module its taps and switch the model to `tapped_attention`.

    Several wrappers of one module share its taps; the last one to leave takes them away.

    Args:
        module: the whole model; its config says which attention it uses.
        attentions: the attention modules.

    Returns:
        What gives back this wrapper's share; called again, it does nothing.
    """
    if module not in _shared:
        own = module.config
        _shared[module] = _Shared(own)
        # A copy for this module alone: modules built from one config share it, and they have no taps.
        tapped = copy.deepcopy(own)
        tapped._attn_implementation = NAME
        _set_config(module, own, tapped)
        for attention in attentions:
            for tap in TAPS:
                attention.add_module(tap, nn.Identity())
    owner = object()
    _shared[module].owners.add(owner)

    def undo() -> None:
        share = _shared.get(module)
        if share is None or owner not in share.owners:
            return
        share.owners.discard(owner)
        if share.owners:
            return
        del _shared[module]
        _set_config(module, module.config, share.config)
        for attention in attentions:
            for tap in TAPS:
                delattr(attention, tap)

    return undo
