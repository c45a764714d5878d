"""An attention function for transformers models that lets its steps be read and edited.

Fused attention never forms the pattern, and the pattern that eager attention returns can be read but
not changed. This one sends q, k, v, scores, pattern and z through identity modules (*taps*) on the way.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from types import MethodType
from typing import Any
from weakref import WeakKeyDictionary

import torch
import transformers  # as a whole: its modelling code is loaded at first use
from torch import Tensor, nn

from .attention_steps import PLAIN, StepByStep, Steps
from .experts import TAP, through_tap

NAME = "mi_widgets"
TAPS = ("tap_q", "tap_k", "tap_v", "tap_scores", "tap_pattern", "tap_z")


def tapped_attention(
    module: Any,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    softcap: float | None = None,
    s_aux: Tensor | None = None,
    **_: Any,
) -> tuple[Tensor, Tensor]:
    """Plain attention through the module's taps; a module without taps (a copy, say) just attends.

    Query, key and value come as (batch, head, pos, d_head), as transformers passes them; the taps see
    (batch, pos, head, d_head), as a run returns them. Keys and values come with those of the cache, and with fewer
    heads where several share one. The mask is additive.
    """

    tap = partial(_through, module)
    query = tap("tap_q", query.transpose(1, 2)).transpose(1, 2)
    key = tap("tap_k", key.transpose(1, 2)).transpose(1, 2)
    value = tap("tap_v", value.transpose(1, 2)).transpose(1, 2)
    sharing = query.shape[1] // key.shape[1]
    if sharing > 1:
        key, value = key.repeat_interleave(sharing, 1), value.repeat_interleave(sharing, 1)
    scores = torch.matmul(query, key.transpose(2, 3)) * (
        query.shape[-1] ** -0.5 if scaling is None else scaling
    )
    if softcap is not None:
        scores = softcap * torch.tanh(scores / softcap)
    if attention_mask is not None:
        scores = scores + attention_mask
    scores = tap("tap_scores", scores)
    pattern = tap("tap_pattern", _softmax(scores, s_aux).to(value.dtype))
    z = tap("tap_z", torch.matmul(pattern, value).transpose(1, 2).contiguous())
    return z, pattern


def _through(module: Any, name: str, x: Tensor) -> Tensor:
    return getattr(module, name)(x) if hasattr(module, name) else x


def _softmax(scores: Tensor, sinks: Tensor | None) -> Tensor:
    """Over the keys, and over a sink of each head where there is one (gpt-oss): what goes there is seen by none."""
    kind = torch.promote_types(scores.dtype, torch.float32)
    if sinks is None:
        return scores.softmax(-1, dtype=kind)
    sink = sinks.reshape(1, -1, 1, 1).expand(*scores.shape[:-1], 1).to(scores.dtype)
    return torch.cat([scores, sink], -1).softmax(-1, dtype=kind)[..., :-1]


def _own_attention(self: Any, query: Tensor, key: Tensor, value: Tensor, attention_mask: Any = None) -> Any:
    """Stands in for `_attn` of GPT-J and GPT-Neo, which ask no interface; both attend in float32."""
    scaling = 1 / self.scale_attn if hasattr(self, "scale_attn") else 1.0  # GPT-Neo does not scale
    query, key = query.float(), key.float()
    if hasattr(self, "bias"):  # GPT-Neo's local layers see a window
        q, k = query.shape[-2], key.shape[-2]
        seen = self.bias[:, :, k - q : k, :k]
        window = torch.zeros(seen.shape, device=seen.device).masked_fill(
            ~seen, torch.finfo(torch.float32).min
        )
        # What both hide stays a number: scaled to nothing, it is not to become a NaN.
        attention_mask = window if attention_mask is None else torch.minimum(window, attention_mask)
    z, pattern = tapped_attention(self, query, key, value, attention_mask, scaling)
    return z.transpose(1, 2), pattern


@dataclass
class _SharedState:
    config: Any  # the module's own, which other modules may use too
    tapped: Any
    attentions: Sequence[Any]
    experts: Sequence[nn.Module]
    stepwise: bool
    owners: set[object] = field(default_factory=set)
    undone: list[Callable[[], None]] = field(default_factory=list)


_shared: WeakKeyDictionary[nn.Module, _SharedState] = WeakKeyDictionary()


def _set_config(module: nn.Module, old: Any, new: Any) -> None:
    # A model of pictures and text has a config for each, inside its own.
    pairs = [(old, new), *((getattr(old, name, None), getattr(new, name, None)) for name in old.sub_configs)]
    for part in module.modules():
        for mine, theirs in pairs:
            if mine is not None and getattr(part, "config", None) is mine:
                part.config = theirs


def _switch_on(module: nn.Module, share: _SharedState) -> None:
    _set_config(module, share.config, share.tapped)
    for attention in share.attentions:
        if share.stepwise:
            share.undone.append(StepByStep(attention, partial(_through, attention)).undo)
        elif hasattr(type(attention), "_attn"):
            attention._attn = MethodType(_own_attention, attention)
    for experts in share.experts:
        share.undone.append(experts.register_forward_pre_hook(through_tap, with_kwargs=True).remove)


def _switch_off(module: nn.Module, share: _SharedState) -> None:
    _set_config(module, share.tapped, share.config)
    for attention in share.attentions:
        attention.__dict__.pop("_attn", None)
    while share.undone:
        share.undone.pop()()


def add_taps(
    module: Any,
    attentions: Sequence[nn.Module],
    experts: Sequence[nn.Module] = (),
    *,
    stepwise: bool = False,
) -> Callable[[], None]:
    """Give each attention module its taps and switch the model to `tapped_attention`; likewise what holds experts.

    Several wrappers of one module share its taps; the last one to leave takes them away.

    Args:
        module: the whole model; its config says which attention it uses.
        attentions: the attention modules; none where a family's attention cannot be tapped.
        experts: the modules that hold a layer's experts.
        stepwise: whether the attention modules ask no interface, so that their steps are met one by one.

    Returns:
        What gives back this wrapper's share; called again, it does nothing.
    """
    # On what torch.compile has wrapped: that is what attends.
    attentions, experts = ([getattr(one, "_orig_mod", one) for one in some] for some in (attentions, experts))
    if module not in _shared:
        masks = transformers.masking_utils
        transformers.AttentionInterface.register(NAME, tapped_attention)
        masks.AttentionMaskInterface.register(NAME, masks.eager_mask)
        # A copy for this module alone: modules built from one config share it, and they have no taps.
        tapped = copy.deepcopy(module.config)
        how = _in_steps(module.config) if stepwise else NAME
        tapped._attn_implementation = how if attentions else "eager"
        share = _shared[module] = _SharedState(module.config, tapped, attentions, experts, stepwise)
        for attention in attentions:
            for tap in TAPS:
                attention.add_module(tap, nn.Identity())
        for one in experts:
            one.add_module(TAP, nn.Identity())
        _switch_on(module, share)
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
        _switch_off(module, share)
        for attention in attentions:
            for tap in TAPS:
                delattr(attention, tap)
        for one in experts:
            delattr(one, TAP)

    return undo


@dataclass(frozen=True)
class Asked:
    """What a module asked transformers' attention interface for: (batch, head, pos, d_head) each."""

    module: nn.Module
    query: Tensor
    key: Tensor
    value: Tensor
    sinks: bool


_asked: ContextVar[list[Asked] | None] = ContextVar("mi_widgets_asked", default=None)


def _noted(asker: Any, query: Tensor, key: Tensor, value: Tensor, *rest: Any, **options: Any) -> Any:
    asked = _asked.get()
    if asked is not None:
        q, k, v = (x.detach().cpu() for x in (query, key, value))
        asked.append(Asked(asker, q, k, v, options.get("s_aux") is not None))
    return tapped_attention(asker, query, key, value, *rest, **options)


@contextmanager
def _attending_by(module: Any, how: str) -> Iterator[None]:
    """Inside, the module attends as a name says."""
    own, other = module.config, copy.deepcopy(module.config)
    other._attn_implementation = how
    _set_config(module, own, other)
    try:
        yield
    finally:
        _set_config(module, other, own)


@contextmanager
def attending(module: Any) -> Iterator[list[Asked]]:
    """Inside, all that asks transformers' attention interface is noted, and answered as a run answers it."""
    masks = transformers.masking_utils
    transformers.AttentionInterface.register(f"{NAME}_noted", _noted)
    masks.AttentionMaskInterface.register(f"{NAME}_noted", masks.eager_mask)
    asked: list[Asked] = []
    token = _asked.set(asked)
    try:
        with _attending_by(module, f"{NAME}_noted"):
            yield asked
    finally:
        _asked.reset(token)


def _in_steps(config: Any) -> str:
    """How an attention that asks no interface runs: as it came, unless it is fused beyond what torch has in one."""
    return config._attn_implementation if config._attn_implementation in ("eager", "sdpa") else "eager"


@contextmanager
def attending_in_steps(module: Any, attentions: Sequence[nn.Module]) -> Iterator[list[Asked]]:
    """Inside, calls of attention modules are noted that ask no interface, if they are queries with keys, a softmax, and
    what it takes of the values."""
    asked: list[Asked] = []
    with _attending_by(module, _in_steps(module.config)):
        undone = [_noting(attention, asked) for attention in attentions]
        try:
            yield asked
        finally:
            for undo in undone:
                undo()


def _noting(attention: nn.Module, asked: list[Asked]) -> Callable[[], None]:
    passed: dict[str, Tensor] = {}

    def tap(name: str, x: Tensor) -> Tensor:
        passed[name] = x.detach().cpu()
        return x

    def seen(steps: Steps) -> None:
        if steps.taken == PLAIN:
            query, key, value = (passed[f"tap_{name}"].transpose(1, 2) for name in "qkv")
            asked.append(Asked(attention, query, key, value, sinks=False))

    return StepByStep(attention, tap, seen).undo


@contextmanager
def as_stock(module: nn.Module) -> Iterator[str]:
    """Inside, the module attends as it came. Yields the name of that attention."""
    share = _shared.get(module)
    if share is None:
        yield str(getattr(getattr(module, "config", None), "_attn_implementation", None))
        return
    _switch_off(module, share)
    try:
        yield str(share.config._attn_implementation)
    finally:
        _switch_on(module, share)
