"""A family's table by structure: what a decoder's layers pass shows where its sites are.

Names only say where to look. A layer is run, and what its modules give out must add up to what the layer adds to the
residual stream. What is found is then examined as every model is, and what does not hold is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import nn

from mi_widgets.model.attention import Asked

from .ends import as_configured, final_norm, path_of
from .expert_parts import experts_of
from .layer_parts import (
    Passed,
    alike,
    attention_matrices,
    down_of,
    holder_of,
    neurons_of,
    passed_by,
    reader_of,
    stream_of,
)
from .table import Table, find
from .table_weights import is_norm
from .watched_layers import SHAPE, in_steps, run_layers
from .why_not import no_layers, no_sum, not_alike, unsupported


def table_of(module: Any) -> Table:
    """The table of a module of transformers that has none.

    Raises:
        UnsupportedModel: it is no decoder whose layers add attention and MLP to a residual stream.
    """
    blocks = _blocks(module)
    layers, asked, times, positions = run_layers(module, blocks)
    attention = _attention(module, blocks, asked)
    stepwise = not asked
    if stepwise:
        asked = in_steps(module, blocks, attention)
    parts = [_summands(layer, attention) for layer in layers]
    shared = [pair for pair in parts[0] if all(pair in other for other in parts)]
    if not shared:
        raise unsupported(module, no_sum(find(module, blocks)[0], layers[0], SHAPE))
    # The pair that fits best; of modules that give out the same the outermost.
    apart = {pair: max(found[pair][1] for found in parts) for pair in shared}
    best = [pair for pair in shared if apart[pair] <= 2 * min(apart.values()) + 1e-9]
    attn, mlp = min(best, key=lambda pair: (pair[0].count(".") + pair[1].count("."), pair))
    scale = as_configured(module, [found[attn, mlp][0] for found in parts])
    table = _table(module, blocks, layers, asked, attention, (attn, mlp, scale))
    return replace(table, logit_scale=times, takes_positions=positions, stepwise=stepwise)


def _blocks(module: Any) -> str:
    """The path of the list of layers."""
    n = getattr(module.config.get_text_config(), "num_hidden_layers", None)
    # Of a model of pictures and text those of the text, which stand beside its embedding.
    beside = path_of(module, module.get_input_embeddings()).rpartition(".")[0]
    lists = [
        path
        for path, part in sorted(module.named_modules(), key=lambda named: not named[0].startswith(beside))
        if isinstance(part, nn.ModuleList) and n and len(part) == n
    ]
    for path in lists:
        if _attention_like(find(module, path)[0]):
            return path
    raise unsupported(module, no_layers(module, lists))


def _attention_like(block: nn.Module) -> str | None:
    """The first of a layer's parts that is called attention, and is no norm."""
    return next(
        (
            name
            for name, part in block.named_children()
            if any(word.startswith("att") for word in name.split("_")) and not is_norm(part)
        ),
        None,
    )


def _summands(layer: Sequence[Passed], attention: str) -> dict[tuple[str, str], tuple[float, float]]:
    """The pairs of modules whose outputs, each so many times, are what the layer adds: attention's, then the MLP's.

    Returns:
        how many times, and how far from the sum, in units of what rounding may do.
    """
    whole = stream_of(layer, SHAPE)
    if whole is None:
        return {}
    given, out = whole.given.double(), whole.out.double()
    eps = torch.finfo(whole.out.dtype).eps
    terms = [
        (one, one.out.double().view_as(out))
        for one in layer
        if one.path and one.out.numel() == out.numel() and one.out.shape[-1] == out.shape[-1]
    ]
    found = {}
    for one, x in terms:
        if not _attends(layer, attention, one):
            continue
        for other, y in terms:
            if _attends(layer, attention, other):
                continue
            both = x + y
            scale = float((both * (out - given)).sum() / both.square().sum().clamp(min=1e-30))
            # A sum is rounded by the size of its terms, element by element.
            allowed = 4 * eps * (given.abs() + out.abs() + abs(scale) * (x.abs() + y.abs()))
            apart = float(((both * scale - (out - given)).abs() / (allowed + 1e-30)).max())
            if scale > 0 and apart <= 1:
                found[one.path, other.path] = scale, apart
    return found


def _attends(layer: Sequence[Passed], attention: str, one: Passed) -> bool:
    """Whether a module is the attention, holds it, is its last part, or takes in what it gives out."""
    if f"{attention}.".startswith(f"{one.path}.") or f"{one.path}.".startswith(f"{attention}."):
        return True
    own = next((other for other in layer if other.path == attention), None)
    return own is not None and alike(one.given, own.out)


def _table(
    module: Any,
    blocks: str,
    layers: Sequence[Sequence[Passed]],
    asked: Sequence[Asked],
    attention: str,
    parts: tuple[str, str, float],
) -> Table:
    attn_out, mlp_out, scale = parts
    layer, block = layers[0], find(module, blocks)[0]
    stream = passed_by(layer, "").given
    mid = stream + passed_by(layer, attn_out).out.view_as(stream) * scale
    first, reader = (reader_of(layer, x, outside=attention) for x in (stream, mid))
    mid_norm = None if reader is None else holder_of(layer, reader, mid)
    down = down_of(block, layer, attention, mlp_out)
    if down and not all(any(one.path == down for one in other) for other in layers):
        down = None  # in some layers it is experts
    pre, places = neurons_of(block, layer, attention, down)
    experts, no_router = experts_of(find(module, blocks), layers)
    once = asked if len({id(one.module) for one in asked}) == len(asked) else ()
    lacking = {
        **no_router,
        **({} if once else dict.fromkeys(_ATTENTION_SITES, _TWICE if asked else _BY_ITSELF)),
        **({} if down else dict.fromkeys(("mlp_pre", "mlp_post"), _NO_NEURONS)),
        **({} if pre or not down else {"mlp_pre": "no module gives out what its non-linearity takes in"}),
    }
    if not _read_by_one(layer, pre):
        lacking["mlp_in"] = "no one module takes in what its neurons read"
    matrices = attention_matrices(block, layer, attention, once)
    if len({(one.query.shape, one.key.shape, one.value.shape) for one in asked}) > 1:
        matrices["qkv"] = None  # heads unlike from layer to layer fit in no one tensor
    return Table(
        family=type(module).__name__,
        blocks=blocks,
        embed=path_of(module, module.get_input_embeddings()),
        unembed=path_of(module, module.get_output_embeddings()),
        final_norm=final_norm(module, blocks),
        attention=attention,
        first_norm=first,
        mid_norm=mid_norm or "",
        mlp_pre=pre or "",
        mlp_down=down or "",
        attn_out=attn_out,
        mlp_out=mlp_out,
        added_times=scale,
        parallel=mid_norm is None,
        flat=passed_by(layer, mlp_out).out.ndim == 2,
        taps=bool(once),
        places=places,
        forbidden=lacking,
        experts=experts.path,
        expert_layers=experts.layers,
        in_place=tuple(
            site
            for site, path in (("attn_out", attn_out), ("mlp_out", mlp_out))
            if passed_by(layer, path).changed_later
        ),
        sizes={**_sizes(asked, layer, down), **experts.sizes},
        sinks=any(one.sinks for one in asked),
        vouched=False,
        **matrices,
    )


def _read_by_one(layer: Sequence[Passed], pre: str | None) -> bool:
    """Whether what holds the neurons takes in what they read, and nothing else does."""
    around = (pre or "").rpartition(".")[0]
    inner, outer = (next((one for one in layer if path and one.path == path), None) for path in (pre, around))
    return inner is not None and outer is not None and alike(outer.given, inner.given)


_ATTENTION_SITES = ("q", "k", "v", "scores", "pattern", "z")
_BY_ITSELF = "it attends by code of its own, not through transformers' interface: use at.attn_out"
_TWICE = (
    "its layers attend more than once each, so there is no one pattern that mixes the values: use at.attn_out"
)
_NO_NEURONS = "no one matrix writes what its neurons say, as where each token has experts of its own"


def _attention(module: Any, blocks: str, asked: Sequence[Asked]) -> str:
    """The path, in a layer, of what attends."""
    askers = {id(one.module) for one in asked}
    paths = [
        next((path for path, part in block.named_modules() if id(part) in askers), None)
        for block in find(module, blocks)
    ]
    if asked and len(set(paths)) == 1 and paths[0] is not None:
        return paths[0]
    if asked:
        raise unsupported(module, not_alike(find(module, blocks), blocks, paths))
    return _attention_like(find(module, blocks)[0]) or ""


def _sizes(asked: Sequence[Asked], layer: Sequence[Passed], down: str | None) -> dict[str, int]:
    """What a config may call otherwise, or not know."""
    sizes = {"d_mlp": 0 if down is None else passed_by(layer, down).given.shape[-1]}
    if asked:
        one = asked[0]
        sizes |= {
            "n_heads": one.query.shape[1],
            "n_key_value_heads": one.key.shape[1],
            "d_head": one.value.shape[-1],
        }
        if one.query.shape[-1] != one.value.shape[-1]:
            sizes["d_qk"] = one.query.shape[-1]
    return sizes
