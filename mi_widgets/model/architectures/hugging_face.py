"""From a family's table to its Architecture: what the causal language models of transformers have in common."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

import torch
import transformers  # as a whole: its modelling code is loaded at first use
from torch import Tensor, nn

from mi_widgets.core.draws import seeded
from mi_widgets.core.errors import UnsupportedModel
from mi_widgets.model.attention import TAPS, add_taps

from .base import Architecture, Inputs, Layout, ModelConfig, Place, Weights, centre_output, fold_norm
from .norms import affine_of

_PARALLEL = (
    "attention and MLP both read resid_pre and are added together, so there is nothing between them: use "
    "at.attn_out, at.mlp_out or at.resid_post"
)


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
        mid_norm: the norm that reads the residual stream after attention.
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
        takes_positions: whether `forward` takes position ids; if not, it counts the mask.
        places: sites that lie elsewhere than the rest of the table says.
        forbidden: sites that it lacks, and why.
        unsupported: a variant (a name in its config, and the value) that this table would misread.
        unembed: the module that gives the logits.
        added_times: how many times the layer adds what `attn_out` and `mlp_out` give out.
        logit_scale: logits are this times what `unembed` gives.
        sizes: those that its config calls otherwise.
        sinks: whether a part of each head's attention goes to no token.
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
    takes_positions: bool = True
    places: Mapping[str, Callable[[ModelConfig, str], Place]] = field(default_factory=dict)
    forbidden: Mapping[str, str] = field(default_factory=dict)
    unsupported: tuple[str, Any] | None = None
    unembed: str = "lm_head"
    added_times: float = 1.0
    logit_scale: float = 1.0
    sizes: Mapping[str, int] = field(default_factory=dict)
    sinks: bool = False
    vouched: bool = True


def _rows(x: Tensor, batch: int) -> Tensor:
    return x.unflatten(0, (batch, -1)) if x.ndim == 2 else x


FLAT = Layout(out=_rows, back=lambda raw, x: x.reshape(raw.shape))


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


def _describe(table: Table, module: Any) -> ModelConfig:
    c = module.config
    embed = find(module, table.embed).weight
    n_heads = table.sizes.get("n_heads") or c.num_attention_heads
    sizes = {
        "n_layers": len(find(module, table.blocks)),
        "n_heads": n_heads,
        "n_key_value_heads": getattr(c, "num_key_value_heads", None) or n_heads,
        "d_model": embed.shape[1],
        "d_head": getattr(c, "head_dim", None) or embed.shape[1] // n_heads,
        "d_mlp": _d_mlp(table, module),
        "d_vocab": find(module, table.unembed).weight.shape[0],
        "n_ctx": getattr(c, "max_position_embeddings", None) or getattr(c, "seq_length", None) or 2**20,
    }
    return ModelConfig(**{**sizes, **table.sizes})


def _d_mlp(table: Table, module: Any) -> int:
    if not table.mlp_down:
        return 0
    # transformers' Conv1D has its input first, torch's Linear last; the other side is d_model.
    down = find(module, f"{table.blocks}.0.{table.mlp_down}")
    return down.weight.shape[0 if _is_conv(down) else 1]


def _is_conv(module: nn.Module) -> bool:
    return type(module).__name__ == "Conv1D"


def _matrix(module: Any) -> Tensor:
    """The weight as (in, out)."""
    return module.weight if _is_conv(module) else module.weight.T


def qkv_of(qkv: QKV, attention: Any, c: ModelConfig) -> tuple[Tensor, Tensor, Tensor]:
    """The matrices (d_model, head, d_head) of one layer, each head with its key and value.

    Raises:
        AttributeError: the attention has no such matrices; StopIteration, RuntimeError likewise.
    """
    if qkv == "three":
        parts = [_matrix(getattr(attention, f"{name}_proj")) for name in "qkv"]
    else:
        names = ("c_attn", "qkv_proj", "query_key_value", "Wqkv")
        fused = _matrix(next(getattr(attention, name) for name in names if hasattr(attention, name)))
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


def _weights(table: Table, module: Any) -> Weights:
    if table.qkv is None:
        raise UnsupportedModel(
            f"{table.family}'s attention does not make queries, keys and values by one matrix each, so there are no "
            "figures of its weights. What a run keeps is right all the same."
        )
    c, final = _describe(table, module), _norm_or_none(module, table.final_norm)
    read = []
    for block in find(module, table.blocks):
        norm, attention = _norm_or_none(block, table.first_norm), find(block, table.attention)
        read.append(
            [
                fold_norm(norm, w.flatten(1)).unflatten(-1, (-1, c.d_head))
                for w in qkv_of(table.qkv, attention, c)
            ]
        )
    q, k, v = (torch.stack([layer[i] for layer in read]).transpose(1, 2) for i in range(3))
    return Weights(
        W_E=centre_output(final, find(module, table.embed).weight),
        W_Q=q,
        W_K=k,
        W_V=v,
        W_O=torch.stack([_heads_write(table, module, layer) for layer in range(c.n_layers)]),
        W_U=fold_norm(final, find(module, table.unembed).weight.T) * table.logit_scale,
    )


def _added(table: Table, after: Any, matrix: Tensor) -> Tensor:
    """A matrix that writes, with the weight of the norm after it, where there is one, as often as it is added."""
    matrix = matrix * affine_of(after, matrix.shape[-1]).scale if _is_norm(after) else matrix
    return matrix * table.added_times


def _is_norm(module: nn.Module) -> bool:
    return "norm" in type(module).__name__.lower()


def _heads_write(table: Table, module: Any, layer: int) -> Tensor:
    c, block = _describe(table, module), find(module, table.blocks)[layer]
    out = _matrix(getattr(find(block, table.attention), table.attention_writes))
    out = _added(table, find(block, table.attn_out), out)
    return centre_output(_norm_or_none(module, table.final_norm), out).unflatten(0, (c.n_heads, c.d_head))


def _neurons_write(table: Table, module: Any, layer: int) -> Tensor:
    block = find(module, table.blocks)[layer]
    out = _added(table, find(block, table.mlp_out), _matrix(find(block, table.mlp_down)))
    return centre_output(_norm_or_none(module, table.final_norm), out)


def _fresh(module: Any, seed: int) -> nn.Module:
    config = copy.deepcopy(module.config)
    config._attn_implementation = "eager"  # the original's needs taps, which the new module gets at load
    with torch.random.fork_rng():
        torch.manual_seed(seeded(seed).initial_seed())
        return type(module)(config)


def _inputs(ids: Tensor, mask: Tensor, positions: Tensor, cache: Any, *, takes_positions: bool) -> Inputs:
    given: Inputs = {"input_ids": ids, "attention_mask": mask.long(), "use_cache": cache is not None}
    if takes_positions:
        given["position_ids"] = positions
    if cache is not None:
        given["past_key_values"] = cache
    return given


def _places(table: Table, c: ModelConfig) -> dict[str, Place]:
    block = f"{table.blocks}.{{layer}}"
    flat = FLAT if table.flat else None
    taps = {tap.removeprefix("tap_"): Place(f"{block}.{table.attention}.{tap}") for tap in TAPS}
    for name in ("k", "v"):
        taps[name] = Place(taps[name].path, cached=True)
    places = {
        "embed": Place(table.embed),
        "resid_pre": Place(block, "input"),
        # No module returns the sum after attention: it is read where the next norm takes it in, and changed through
        # what attention adds.
        "resid_mid": Place(
            f"{block}.{table.mid_norm}",
            "input",
            item=0,
            relative_to=block,
            write_path=f"{block}.{table.attn_out}",
            layout=flat,
            added_times=table.added_times,
        ),
        "resid_post": Place(block, item=0),
        "attn_out": Place(f"{block}.{table.attn_out}", item=0),
        "mlp_pre": Place(f"{block}.{table.mlp_pre}", layout=flat),
        "mlp_post": Place(f"{block}.{table.mlp_down}", "input", layout=flat),
        "mlp_out": Place(f"{block}.{table.mlp_out}", item=0, layout=flat),
        **(taps if table.taps else {}),
        "logits": Place("", item="logits"),
        **{name: place(c, block) for name, place in table.places.items()},
    }
    lacking = table.forbidden if not table.parallel else {"resid_mid", *table.forbidden}
    return {name: place for name, place in places.items() if name not in lacking}


def _add_taps(table: Table, module: Any) -> Callable[[], None]:
    attentions = [find(block, table.attention) for block in find(module, table.blocks)] if table.taps else []
    return add_taps(module, attentions)


def build(table: Table, module: Any) -> Architecture:
    """The Architecture of a module that a table fits.

    Raises:
        UnsupportedModel: it is of a variant that the table would misread.
    """
    if (
        table.unsupported is not None
        and getattr(module.config, table.unsupported[0], None) == table.unsupported[1]
    ):
        raise UnsupportedModel(
            f"This {table.family} has {table.unsupported[0]}={table.unsupported[1]!r}: its residual stream is "
            "normalised on the way, and the sites would not be what their names say. Bring another one of the family."
        )
    describe = partial(_describe, table)
    return Architecture(
        family=table.family,
        describe=describe,
        places=_places(table, describe(module)),
        forbidden={"resid_mid": _PARALLEL, **table.forbidden} if table.parallel else table.forbidden,
        block=f"{table.blocks}.{{layer}}",
        final_norm=table.final_norm,
        unembed=table.unembed,
        logit_scale=table.logit_scale,
        sinks=table.sinks,
        vouched=table.vouched,
        softcap=getattr(module.config, "final_logit_softcapping", None),
        inputs=partial(_inputs, takes_positions=table.takes_positions),
        # Without the config it crops no layer to its window, so that a key keeps its place; the mask does the rest.
        new_cache=lambda: transformers.DynamicCache(),
        weights=partial(_weights, table),
        heads_write=partial(_heads_write, table),
        neurons_write=partial(_neurons_write, table),
        normed_writes=_is_norm(find(module, f"{table.blocks}.0.{table.attn_out}")),
        fresh=_fresh,
        add_taps=partial(_add_taps, table),
    )
