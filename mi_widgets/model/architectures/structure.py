"""A family's table by structure: what a decoder's layers pass shows where its sites are.

Names only say where to look. A layer is run, and what its modules give out must add up to what the layer adds to the
residual stream. What is found is then examined as every model is, and what does not hold is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from inspect import signature
from typing import Any

import torch
from torch import Tensor, nn

from mi_widgets.core.errors import UnsupportedModel
from mi_widgets.model.attention import Asked, attending

from .computed import place_of, sizes_of
from .layer_parts import Passed, alike, attention_matrices, down_of, neurons_of, passed_by, reader_of
from .table import Table, find

_TOKENS = 7
_DEPTH = 2  # how far inside a layer is looked


def table_of(module: Any) -> Table:
    """The table of a module of transformers that has none.

    Raises:
        UnsupportedModel: it is no decoder whose layers add attention and MLP to a residual stream.
    """
    blocks = _blocks(module)
    layers, asked, times = _run(module, blocks)
    attention = _attention(module, blocks, asked)
    parts = [_summands(layer, attention) for layer in layers]
    shared = [pair for pair in parts[0] if all(pair in other for other in parts)]
    if not shared:
        raise _unsupported(module, _why_not(layers[0]))
    # The pair that fits best; of modules that give out the same the outermost.
    apart = {pair: max(found[pair][1] for found in parts) for pair in shared}
    best = [pair for pair in shared if apart[pair] <= 2 * min(apart.values()) + 1e-9]
    attn, mlp = min(best, key=lambda pair: (pair[0].count(".") + pair[1].count("."), pair))
    scale = _as_configured(module, [found[attn, mlp][0] for found in parts])
    table = _table(module, blocks, layers, asked, attention, (attn, mlp, scale))
    return replace(table, logit_scale=times)


def _as_configured(module: Any, seen: Sequence[float]) -> float:
    """A factor that was seen, as exactly as the config has it."""
    mean = sum(seen) / len(seen)
    values = [value for value in vars(module.config).values() if type(value) in (int, float) and value > 0]
    for known in (1.0, *values, *(1 / value for value in values)):
        if abs(known - mean) <= 1e-3 * mean:
            return float(known)
    return mean


def _unsupported(module: Any, why: str) -> UnsupportedModel:
    return UnsupportedModel(
        f"{type(module).__name__} has no table of sites, and none was found by its structure: {why}. "
        "A table is a few lines in mi_widgets/model/architectures/families.py."
    )


def _blocks(module: Any) -> str:
    """The path of the list of layers."""
    n = getattr(getattr(module, "config", None), "num_hidden_layers", None)
    why = "no list of its modules is as long as its config says that it has layers"
    for path, part in module.named_modules():
        if isinstance(part, nn.ModuleList) and n and len(part) == n:
            if any("attn" in name or "attention" in name for name, _ in part[0].named_children()):
                return path
            why = f"a layer of {path} has no attention"
    raise _unsupported(module, why)


def _run(module: Any, blocks: str) -> tuple[list[list[Passed]], list[Asked], float]:
    """What the modules of each layer passed on two prompts; who asked for attention; and how many times the logits are
    what the unembedding gives."""
    last = module.get_output_embeddings()
    if last is None:
        raise _unsupported(module, "it does not say which of its modules gives the logits")
    row = torch.arange(_TOKENS) % sizes_of(last)[1]
    ids = torch.stack([row, row.flip(0)]).to(place_of(module)[0])
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
            raise _unsupported(module, why) from error
    return found, asked, _times(module, ends[-1] if ends else None, _copied(said))


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


def _times(module: Any, unembedded: Tensor | None, logits: Tensor) -> float:
    if unembedded is None or unembedded.shape != logits.shape:
        return 1.0
    x, y = unembedded.double().flatten(), logits.double().flatten()
    times = float(x @ y / (x @ x).clamp(min=1e-30))
    if not times > 0 or not alike(x * times, y, logits.dtype):
        return 1.0  # something else than a factor: the checks will say so
    return _as_configured(module, [times])


def _summands(layer: Sequence[Passed], attention: str) -> dict[tuple[str, str], tuple[float, float]]:
    """The pairs of modules whose outputs, each so many times, are what the layer adds: attention's, then the MLP's.

    Returns:
        how many times, and how far from the sum, in units of what rounding may do.
    """
    whole = next((one for one in layer if one.path == ""), None)
    if whole is None or whole.given.shape != whole.out.shape:
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


def _why_not(layer: Sequence[Passed]) -> str:
    """Why the layer adds nothing that is seen."""
    whole = next((one for one in layer if one.path == ""), None)
    last = next((one for one in reversed(layer) if one.path), None)
    if whole is None or whole.given.shape != whole.out.shape:
        return "its layers do not take in and give out a residual stream"
    if last is not None and last.out.shape == whole.out.shape and torch.equal(last.out, whole.out):
        return f"in each layer its residual stream passes through {last.path}, after the sum, and adds up no more"
    return "what its layers add is not the sum of what two of their modules give out"


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
    lacking = {
        **({} if down else dict.fromkeys(("mlp_pre", "mlp_post"), _NO_NEURONS)),
        **({} if pre or not down else {"mlp_pre": "no module gives out what its non-linearity takes in"}),
    }
    return Table(
        family=type(module).__name__,
        blocks=blocks,
        embed=_path_of(module, module.get_input_embeddings()),
        unembed=_path_of(module, module.get_output_embeddings()),
        final_norm=_final_norm(module, blocks),
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
        taps=bool(asked),
        takes_positions="position_ids" in signature(type(module).forward).parameters,
        places=places,
        forbidden=lacking,
        sizes=_sizes(asked, layer, down),
        sinks=any(one.sinks for one in asked),
        vouched=False,
        **attention_matrices(block, layer, attention, asked),
    )


_NO_NEURONS = "no one matrix writes what its neurons say, as where each token has experts of its own"


def _path_of(module: nn.Module, part: nn.Module | None) -> str:
    path = next((path for path, one in module.named_modules() if one is part), None)
    if path is None:
        raise _unsupported(module, "it does not say which modules embed and unembed")
    return path


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
        raise _unsupported(module, "some of its layers attend otherwise than others")
    names = [name for name, _ in find(module, blocks)[0].named_children()]
    return next(name for name in names if "attn" in name or "attention" in name)


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


def _final_norm(module: Any, blocks: str) -> str | None:
    """The norm beside the layers that stands after them; by its name and its place, which the checks then confirm."""
    above, _, name = blocks.rpartition(".")
    names = [child for child, _ in find(module, above).named_children()]
    after = names[names.index(name) + 1 :]
    norms = [
        child
        for child in [*after, *names]
        if "norm" in type(getattr(find(module, above), child)).__name__.lower()
    ]
    return f"{above}.{norms[0]}" if norms else None
