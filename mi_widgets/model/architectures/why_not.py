"""Why no sites were found in a module: what is said where it is refused."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import torch
from torch import nn

from mi_widgets.core.errors import UnsupportedModel

from .layer_parts import Passed, stream_of
from .table import find
from .table_weights import is_norm

_STATES = ("mamba", "rwkv")  # what transformers calls such modules by, where they stand in attention's place
_NO_ATTENTION = "state spaces, convolutions and recurrences have no sites here, alone or beside attention"


def unsupported(module: Any, why: str) -> UnsupportedModel:
    """The error for a module whose sites were not found."""
    if _NO_ATTENTION in why:
        what = "Bring a model that attends in every layer."
    else:
        what = "A table is a few lines in mi_widgets/model/architectures/families.py."
    name = type(module).__name__
    return UnsupportedModel(
        f"{name} has no table of sites, and none was found by its structure: {why}. {what}"
    )


def no_layers(module: Any, lists: Sequence[str]) -> str:
    """None of the lists that are as long as there are layers has attention in it."""
    if not lists:
        return "no list of its modules is as long as its config says that it has layers (num_hidden_layers)"
    outer = [path for path in lists if not any(path.startswith(f"{other}.") for other in lists)]
    if len(outer) > 1:
        return f"the parts of its layers lie in several lists ({', '.join(outer)}), not layer by layer"
    return f"layer 0 of {outer[0]} has {_parts(find(module, outer[0])[0])}, and no attention: {_NO_ATTENTION}"


def not_alike(blocks: Sequence[nn.Module], where: str, paths: Sequence[str | None]) -> str:
    """Some layers attend, others do not, or by another module."""
    layer = next(i for i, path in enumerate(paths) if path != paths[0])
    here, there = (type(part).__name__ for part in (blocks[0], blocks[layer]))
    if None not in paths:
        return f"layer 0 of {where} attends by {paths[0]}, layer {layer} by {paths[layer]}"
    without = paths.index(None)
    attends = next(i for i, path in enumerate(paths) if path is not None)
    own = {type(part).__name__ for part in blocks[without].children()}
    others = {type(part).__name__ for part in blocks[attends].children()}
    only = ", ".join(sorted(own - others)) or here
    return (
        f"layer {without} of {where} ({only}) does not attend as layer {attends} does "
        f"({', '.join(sorted(others - own)) or there}): {_NO_ATTENTION}"
    )


def no_sum(block: nn.Module, layer: Sequence[Passed], shape: tuple[int, int]) -> str:
    """What a layer adds was not found in what its modules give out, on so many prompts and tokens."""
    states = [
        type(part).__name__
        for name, part in block.named_children()
        if any(word in f"{name} {type(part).__name__}".lower() for word in _STATES)
    ]
    if states:
        return f"its layers have {states[0]} beside attention, or for it: {_NO_ATTENTION}"
    whole = stream_of(layer, shape)
    if whole is None:
        streams = next((one.out for one in layer if one.path == "" and one.out.ndim == 4), None)
        if streams is not None:
            return f"its layers hand on several streams (shape {tuple(streams.shape)}), not one"
        return "its layers do not take in and give out a residual stream with one vector a token"
    same = [
        one.path
        for one in layer
        if one.path and one.out.shape == whole.out.shape and torch.equal(one.out, whole.out)
    ]
    norms = [path for path in same if is_norm(block.get_submodule(path))]
    if norms:
        return (
            f"each layer gives out what a norm gives ({norms[-1]}), as BERT's do, so there is no residual stream to "
            "which its parts only add"
        )
    if same:
        return (
            f"in each layer {same[-1]} gives out the stream itself, and no two modules what was added to it"
        )
    if three := _three_parts(layer, whole):
        return f"its layers add three parts, not attention and MLP alone: {', '.join(three)}"
    return (
        f"what its layers ({_parts(block)}) add is not the sum of what two of their modules give out, as where a layer "
        "scales the stream or keeps several"
    )


def _parts(block: nn.Module) -> str:
    return ", ".join(dict.fromkeys(type(part).__name__ for part in block.children()))


def _three_parts(layer: Sequence[Passed], whole: Passed) -> list[str]:
    """The three modules whose outputs are what the layer adds, if there are such; of those alike the outermost."""
    added = whole.out.double() - whole.given.double()
    terms = [one for one in layer if one.path and one.out.shape == whole.out.shape]
    terms.sort(key=lambda one: one.path.count("."))
    for parts in combinations(terms, 3):
        total = torch.stack([one.out.double() for one in parts]).sum(0)
        close = 8 * torch.finfo(whole.out.dtype).eps * (whole.given.abs() + whole.out.abs() + total.abs())
        if ((added - total).abs() <= close + 1e-30).all():
            return [one.path for one in parts]
    return []
