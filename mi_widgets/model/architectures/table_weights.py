"""The matrices of a model that a table describes, with the norms folded in."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from mi_widgets.core.errors import UnsupportedModel

from .base import ModelConfig, Weights, centre_output, fold_norm
from .computed import inner_of, matrix_of
from .norms import affine_of
from .table import QKV, Table, describe, find


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
        together = torch.stack(qkv_of(table.qkv, attention, c), 1)  # (d_model, 3, head, d_head)
        read.append(fold_norm(norm, together.flatten(1)).view_as(together).unbind(1))
    q, k, v = (torch.stack([layer[i] for layer in read]).transpose(1, 2) for i in range(3))
    return Weights(
        W_E=centre_output(final, matrix_of(find(module, table.embed), table.embed)),
        W_Q=q,
        W_K=k,
        W_V=v,
        W_O=torch.stack([heads_write(table, module, layer) for layer in range(c.n_layers)]),
        W_U=fold_norm(final, matrix_of(find(module, table.unembed), table.unembed)) * table.logit_scale,
    )


def _added(table: Table, after: Any, matrix: Tensor) -> Tensor:
    """A matrix that writes, with the weight of the norm after it, where there is one, as often as it is added."""
    matrix = matrix * affine_of(after, matrix.shape[-1], matrix.device).scale if is_norm(after) else matrix
    return matrix * table.added_times


def is_norm(module: nn.Module) -> bool:
    """Whether it is a norm, by its class; not what holds other parts (RobertaPreLayerNormOutput)."""
    inner = inner_of(module)
    return "norm" in type(inner).__name__.lower() and not any(inner.children())


def heads_write(table: Table, module: Any, layer: int) -> Tensor:
    """What the heads of a layer write, (head, d_head, d_model)."""
    c, block = describe(table, module), find(module, table.blocks)[layer]
    attention, name = find(block, table.attention), table.attention_writes
    out = matrix_of(getattr(attention, name), name)
    out = _added(table, find(block, table.attn_out), out)
    return centre_output(_norm_or_none(module, table.final_norm), out).unflatten(0, (c.n_heads, c.d_head))


def neurons_write(table: Table, module: Any, layer: int) -> Tensor:
    """What the neurons of a layer write, (d_mlp, d_model)."""
    block = find(module, table.blocks)[layer]
    out = _added(table, find(block, table.mlp_out), matrix_of(find(block, table.mlp_down), table.mlp_down))
    return centre_output(_norm_or_none(module, table.final_norm), out)
