"""A family's table by structure: what a decoder's layers pass shows where its sites are.

Names only say where to look. A layer is run, and what its modules give out must add up to what the layer adds to the
residual stream. What is found is then examined as every model is, and what does not hold is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from mi_widgets.model.attention import Asked, attending

from .ends import as_configured, final_norm, logit_scale, path_of, takes_positions
from .layer_parts import (
    Passed,
    alike,
    attention_matrices,
    down_of,
    neurons_of,
    passed_by,
    reader_of,
    stream_of,
)
from .table import Table, find
from .table_weights import is_norm
from .why_not import no_layers, no_sum, not_alike, unsupported

_TOKENS = 7
_DEPTH = 3  # how far inside a layer is looked


def table_of(module: Any) -> Table:
    """The table of a module of transformers that has none.

    Raises:
        UnsupportedModel: it is no decoder whose layers add attention and MLP to a residual stream.
    """
    blocks = _blocks(module)
    layers, asked, times, positions = _run(module, blocks)
    attention = _attention(module, blocks, asked)
    parts = [_summands(layer, attention) for layer in layers]
    shared = [pair for pair in parts[0] if all(pair in other for other in parts)]
    if not shared:
        raise unsupported(module, no_sum(find(module, blocks)[0], layers[0], (2, _TOKENS)))
    # The pair that fits best; of modules that give out the same the outermost.
    apart = {pair: max(found[pair][1] for found in parts) for pair in shared}
    best = [pair for pair in shared if apart[pair] <= 2 * min(apart.values()) + 1e-9]
    attn, mlp = min(best, key=lambda pair: (pair[0].count(".") + pair[1].count("."), pair))
    scale = as_configured(module, [found[attn, mlp][0] for found in parts])
    table = _table(module, blocks, layers, asked, attention, (attn, mlp, scale))
    return replace(table, logit_scale=times, takes_positions=positions)


def _blocks(module: Any) -> str:
    """The path of the list of layers."""
    n = getattr(getattr(module, "config", None), "num_hidden_layers", None)
    lists = [
        path
        for path, part in module.named_modules()
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


def _run(module: Any, blocks: str) -> tuple[list[list[Passed]], list[Asked], float, bool]:
    """What the modules of each layer passed on two prompts; who asked for attention; how many times the logits are what
    the unembedding gives; and whether it takes positions."""
    last = module.get_output_embeddings()
    if last is None:
        raise unsupported(module, "it does not say which of its modules gives the logits")
    row = torch.arange(_TOKENS) % last.weight.shape[0]
    ids = torch.stack([row, row.flip(0)]).to(next(module.parameters()).device)
    found: list[list[Passed]] = [[] for _ in find(module, blocks)]
    ends: list[Tensor] = []
    with ExitStack() as hooks:
        for layer, block in enumerate(find(module, blocks)):
            for path, part in block.named_modules():
                if path.count(".") < _DEPTH and not isinstance(part, (nn.Identity, nn.Dropout)):
                    _watch(hooks, part, path, found[layer])
        handle = last.register_forward_hook(lambda _, args, out: ends.append(_copied(out)))
        hooks.callback(handle.remove)
        try:
            with torch.no_grad(), attending(module) as asked:
                said = module(input_ids=ids, attention_mask=torch.ones_like(ids), use_cache=False).logits
        except Exception as error:  # of code that is not ours
            why = f"it does not run on 2 prompts ({type(error).__name__}: {error})"
            raise unsupported(module, why) from error
        times = logit_scale(module, ends[-1] if ends else None, _copied(said))
    return found, asked, times, takes_positions(module, ids, said)


def _watch(hooks: ExitStack, part: nn.Module, path: str, found: list[Passed]) -> None:
    """Note what a module takes in, and what it gives out, in the order in which modules end."""
    given: list[Tensor | None] = []  # copied beforehand: some add to what they were given in place

    def before(_: Any, args: Any, kwargs: Any) -> None:
        x = args[0] if args else next((x for x in kwargs.values() if isinstance(x, Tensor)), None)
        given.append(_copied(x) if isinstance(x, Tensor) else None)

    def after(_: Any, args: Any, out: Any) -> None:
        x, out = given.pop(), out[0] if isinstance(out, tuple) else out
        if x is not None and isinstance(out, Tensor):
            found.append(Passed(path, x, _copied(out)))

    for handle in (
        part.register_forward_pre_hook(before, with_kwargs=True),
        part.register_forward_hook(after),
    ):
        hooks.callback(handle.remove)


def _copied(x: Tensor) -> Tensor:
    """On the CPU: layers may lie on several devices."""
    return x.detach().to("cpu", copy=True)


def _summands(layer: Sequence[Passed], attention: str) -> dict[tuple[str, str], tuple[float, float]]:
    """The pairs of modules whose outputs, each so many times, are what the layer adds: attention's, then the MLP's.

    Returns:
        how many times, and how far from the sum, in units of what rounding may do.
    """
    whole = stream_of(layer, (2, _TOKENS))
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
    first, mid_norm = (reader_of(layer, x, outside=attention) for x in (stream, mid))
    down = down_of(block, layer, attention, mlp_out)
    if down and not all(any(one.path == down for one in other) for other in layers):
        down = None  # in some layers it is experts
    pre, places = neurons_of(block, layer, attention, down)
    once = asked if len({id(one.module) for one in asked}) == len(asked) else ()
    lacking = {
        **({} if down else dict.fromkeys(("mlp_pre", "mlp_post"), _NO_NEURONS)),
        **({} if pre or not down else {"mlp_pre": "no module gives out what its non-linearity takes in"}),
        **({} if once else dict.fromkeys(_ATTENTION_SITES, _TWICE if asked else _BY_ITSELF)),
    }
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
        sizes=_sizes(asked, layer, down),
        sinks=any(one.sinks for one in asked),
        vouched=False,
        **attention_matrices(block, layer, attention, once),
    )


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
