"""A family's table: what it calls its parts, and what its sizes are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import Tensor

from .base import Layout, ModelConfig, Place
from .computed import sizes_of

# Three matrices; one with q, k and v side by side; one with the three of each head together.
QKV = Literal["three", "side by side", "by head"]


@dataclass(frozen=True)
class Table:
    """What one family calls its parts. Paths but the first four are those inside a layer.

    Args:
        family: its name.
        blocks: the list of layers.
        embed: the token embedding.
        final_norm: the norm before the unembedding; None where there is none.
        attention: the module that attends, and that taps are added to.
        mid_norm: the norm that reads the residual stream after attention, or what else takes it in.
        mlp_pre: the module whose output is the neurons before their non-linearity (with a gate: the gate).
        mlp_down: the module that takes in the neurons.
        attn_out: the module whose output attention adds to the residual stream.
        mlp_out: the module whose output the MLP adds.
        first_norm: the norm that reads the residual stream before attention; None where attention does.
        qkv: how queries, keys and values lie in the attention's weights: three matrices, or one; None where they are
            no such matrices.
        attention_writes: the matrix, inside the attention, that writes to the residual stream.
        parallel: attention and MLP both read resid_pre.
        flat: the MLP works on (batch × pos, …).
        taps: whether its attention can be tapped.
        stepwise: whether it asks no interface, so that its steps are met one by one.
        takes_positions: whether `forward` takes position ids; if not, it counts the mask.
        places: sites that lie elsewhere than the rest of the table says.
        forbidden: sites that it lacks, and why.
        unsupported: a variant (a name in its config, and the value) that this table would misread.
        unembed: the module that gives the logits.
        added_times: how many times the layer adds what `attn_out` and `mlp_out` give out.
        logit_scale: logits are this times what `unembed` gives.
        in_place: the sites among `attn_out` and `mlp_out` that the layer adds to in place.
        sizes: those that its config calls otherwise.
        sinks: whether a part of each head's attention goes to no token.
        experts: the module that holds the experts, where a layer has some.
        expert_layers: the layers that have.
        vouched: whether it was written by hand; if not, it was found by structure.
    """

    family: str
    blocks: str
    embed: str
    final_norm: str | None
    attention: str
    mid_norm: str
    mlp_pre: str
    mlp_down: str
    attn_out: str
    mlp_out: str
    first_norm: str | None = "input_layernorm"
    qkv: QKV | None = "three"
    attention_writes: str = "o_proj"
    parallel: bool = False
    flat: bool = False
    taps: bool = True
    stepwise: bool = False
    takes_positions: bool = True
    places: Mapping[str, Callable[[ModelConfig, str], Place]] = field(default_factory=dict)
    forbidden: Mapping[str, str] = field(default_factory=dict)
    unsupported: tuple[str, Any] | None = None
    unembed: str = "lm_head"
    added_times: float = 1.0
    logit_scale: float = 1.0
    in_place: tuple[str, ...] = ()
    sizes: Mapping[str, int] = field(default_factory=dict)
    sinks: bool = False
    experts: str = ""
    expert_layers: tuple[int, ...] = ()
    vouched: bool = True


def _rows(x: Tensor, batch: int) -> Tensor:
    return x.unflatten(0, (batch, -1)) if x.ndim == 2 else x


FLAT = Layout(out=_rows, back=lambda raw, x: x.reshape(raw.shape))


def added(times: float, flat: bool) -> Layout | None:
    """What the stream gets of a tensor that is added so many times, perhaps laid flat; None for the tensor itself."""
    if times == 1:
        return FLAT if flat else None
    return Layout(
        out=lambda raw, n: (_rows(raw, n) if flat else raw) * times,
        back=lambda raw, x: (x / times).reshape(raw.shape),
        times=times,
    )


def heads(n: int) -> Layout:
    """Heads side by side on the last axis."""
    return Layout(out=lambda raw, _: raw.unflatten(-1, (n, -1)), back=lambda raw, x: x.reshape(raw.shape))


def first_half() -> Layout:
    """The first half of the last axis."""
    return Layout(
        out=lambda raw, _: raw.chunk(2, -1)[0], back=lambda raw, x: torch.cat([x, raw.chunk(2, -1)[1]], -1)
    )


def one_of_three(n_heads: int, which: int) -> Layout:
    """One of q, k, v, which lie together for each head."""

    def split(raw: Tensor) -> Tensor:
        return raw.unflatten(-1, (n_heads, 3, -1))

    def back(raw: Tensor, x: Tensor) -> Tensor:
        parts = list(split(raw).unbind(-2))
        parts[which] = x
        return torch.stack(parts, -2).reshape(raw.shape)

    return Layout(out=lambda raw, _: split(raw)[..., which, :], back=back)


def find(root: Any, path: str) -> Any:
    """A submodule by its path; the root itself by an empty one."""
    return root.get_submodule(path) if path else root


def describe(table: Table, module: Any) -> ModelConfig:
    """The sizes of a module, by its table, its weights and its config."""
    c = module.config.get_text_config()
    d_model = sizes_of(find(module, table.embed))[1]
    n_heads = table.sizes.get("n_heads") or c.num_attention_heads
    sizes = {
        "n_layers": len(find(module, table.blocks)),
        "n_heads": n_heads,
        "n_key_value_heads": n_heads,
        "d_model": d_model,
        "d_head": d_model // n_heads,
        "d_mlp": _d_mlp(table, module),
        "d_vocab": sizes_of(find(module, table.unembed))[1],
        "n_ctx": getattr(c, "max_position_embeddings", None)
        or getattr(c, "seq_length", None)
        or getattr(c, "max_seq_len", None)
        or 2**20,
    }
    # A config may refuse to say what differs from layer to layer: it is not asked for what is known.
    for ours, name in (("n_key_value_heads", "num_key_value_heads"), ("d_head", "head_dim")):
        if ours not in table.sizes:
            sizes[ours] = getattr(c, name, None) or sizes[ours]
    return ModelConfig(**{**sizes, **table.sizes})


def _d_mlp(table: Table, module: Any) -> int:
    if not table.mlp_down:
        return 0
    return sizes_of(find(module, f"{table.blocks}.0.{table.mlp_down}"))[0]
