"""The matrices of a model that a table describes, with the norms folded in."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from mi_widgets.core.errors import UnsupportedModel

from .base import ModelConfig, Weights
from .computed import inner_of, matrix_of
from .norms import affine_of, centre_output, fold_norm
from .table import QKV, Table, describe, find
from .writing import Writing, by_module


def qkv_of(qkv: QKV, attention: Any, c: ModelConfig) -> tuple[Tensor, Tensor, Tensor]:
    """The matrices (d_model, head, d_head) of one layer, each head with its key and value.

    Raises:
        AttributeError: the attention has no such matrices; StopIteration, RuntimeError, UnsupportedModel likewise.
    """
    if qkv == "three":
        parts = [matrix_of(getattr(attention, f"{name}_proj"), f"{name}_proj") for name in "qkv"]
    else:
        names = ("c_attn", "qkv_proj", "query_key_value", "Wqkv")
        name = next(name for name in names if hasattr(attention, name))
        fused = matrix_of(getattr(attention, name), name)
        if qkv == "by head":
            parts = [p.flatten(-2) for p in fused.unflatten(-1, (c.n_heads, 3, c.d_head)).unbind(-2)]
        else:
            shared = c.n_key_value_heads * c.d_head
            parts = list(fused.split([c.n_heads * c.d_head, shared, shared], -1))
    q, k, v = (part.unflatten(-1, (-1, c.d_head)) for part in parts)
    copies = c.n_heads // c.n_key_value_heads
    return q, k.repeat_interleave(copies, 1), v.repeat_interleave(copies, 1)


def _normed(attention: Any, name: str, x: Tensor) -> Tensor:
    """What makes queries or keys, (d_model, head, d_head), with the weight of their own norm, where they have one."""
    names = (f"{short}_{norm}" for short in (name[0], name) for norm in ("norm", "layernorm"))
    norm = next((found for one in names if (found := getattr(attention, one, None)) is not None), None)
    weight = getattr(norm, "weight", None)
    # Over each head, all by one weight; or over all of them together, of which several may share a key.
    if norm is None or not isinstance(weight, Tensor) or weight.ndim != 1 or len(weight) % x.shape[-1]:
        return x
    known = affine_of(norm, len(weight), x.device)
    if known.takes_mean:
        if len(weight) > x.shape[-1]:
            return x
        x = x - x.mean(-1, keepdim=True)
    scale = known.scale.view(-1, x.shape[-1])
    return x * scale.repeat_interleave(x.shape[1] // len(scale), 0)


def _norm_or_none(root: Any, path: str | None) -> nn.Module:
    return nn.Identity() if path is None else find(root, path)


def weights_of(table: Table, module: Any) -> Weights:
    """All of them.

    Raises:
        UnsupportedModel: its attention has no such matrices.
    """
    if table.qkv is None:
        raise UnsupportedModel(
            f"{table.family}'s attention does not make queries, keys and values by one matrix each, so there are no "
            "figures of its weights. What a run keeps is right all the same."
        )
    c, final = describe(table, module), _norm_or_none(module, table.final_norm)
    read = []
    for block in find(module, table.blocks):
        norm, attention = _norm_or_none(block, table.first_norm), find(block, table.attention)
        q, k, v = qkv_of(table.qkv, attention, c)
        q, k = _normed(attention, "query", q), _normed(attention, "key", k)
        together = torch.stack((q, k, v), 1)  # (d_model, 3, head, d_head)
        read.append(fold_norm(norm, together.flatten(1)).view_as(together).unbind(1))
    q, k, v = (torch.stack([layer[i] for layer in read]).transpose(1, 2) for i in range(3))
    return Weights(
        W_E=centre_output(final, matrix_of(find(module, table.embed), table.embed)),
        W_Q=q,
        W_K=k,
        W_V=v,
        W_O=torch.stack([heads_write(table, module, layer).matrix for layer in range(c.n_layers)]),
        W_U=fold_norm(final, matrix_of(find(module, table.unembed), table.unembed)) * table.logit_scale,
    )


def is_norm(module: nn.Module) -> bool:
    """Whether it is a norm, by its class or by its one weight a number; not what holds other parts (as
    RobertaPreLayerNormOutput does)."""
    inner = inner_of(module)
    if any(name != "parametrizations" for name, _ in inner.named_children()):
        return False
    weight = getattr(inner, "weight", None)
    return "norm" in type(inner).__name__.lower() or (isinstance(weight, Tensor) and weight.ndim == 1)


def heads_write(table: Table, module: Any, layer: int) -> Writing:
    """How the heads of a layer write.

    Raises:
        UnsupportedModel: its attention has no such matrix.
    """
    c, block = describe(table, module), find(module, table.blocks)[layer]
    attention, name = find(block, table.attention), table.attention_writes
    if not hasattr(attention, name):
        raise UnsupportedModel(
            f"{table.family}'s attention has no {name} by which its heads would write, so there are no figures of what "
            "single heads write. What a run keeps is right all the same."
        )
    return _writing(
        table, module, getattr(attention, name), (c.n_heads, c.d_head), find(block, table.attn_out)
    )


def neurons_write(table: Table, module: Any, layer: int) -> Writing:
    """How the neurons of a layer write."""
    c, block = describe(table, module), find(module, table.blocks)[layer]
    return _writing(table, module, find(block, table.mlp_down), (c.d_mlp,), find(block, table.mlp_out))


def _writing(table: Table, module: Any, linear: Any, parts: tuple[int, ...], after: Any) -> Writing:
    return Writing(
        parts,
        weight=lambda: matrix_of(linear, type(linear).__name__),
        through=by_module(linear),
        after=after if is_norm(after) else nn.Identity(),
        final=_norm_or_none(module, table.final_norm),
        times=table.added_times,
    )
