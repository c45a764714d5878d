"""Checks of experts: the weights that are read are those by which the experts' outputs are added up."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from mi_widgets.core.texts import Row

from .backend import Edit, find, lock_of
from .examination import Examination, distance
from .experts import TAP, routed
from .model_core import ModelCore
from .trust import Check, in_layers

ROUTER = "router weights are what experts count for"


def router(seen: Examination, model: ModelCore) -> Check | None:
    """Half of the weights, the other half, and none: what the experts give out adds up; and the logits notice.

    Returns:
        None where no layer has experts.
    """
    place = model.architecture.places.get("router")
    layers = seen.layers("router")
    if place is None or not layers:
        return None
    paths = {layer: place.path.format(layer=layer).removesuffix(f".{TAP}") for layer in layers}
    off = {layer: _off(model, *call) for layer, call in _calls(seen, model, paths).items()}
    broken = [layer for layer in layers if not off[layer] <= 16 * seen.eps]
    if broken:
        said = f"{in_layers(broken)} what the experts give out is no sum by these weights"
        return Check(ROUTER, "warning", f"{said}: off by up to {max(off.values()):.1e} of it", ("router",))
    still = _unmoved(seen, model)
    if still:
        said = f"{in_layers(still)} the logits are the same without the experts"
        return Check(ROUTER, "warning", f"{said}: what is read there is not what is used", ("router",))
    said = (
        f"the experts add up by them, within {max(off.values()):.1e}, and without them the logits are others"
    )
    return Check(ROUTER, "ok", said)


def _calls(seen: Examination, model: ModelCore, paths: dict[int, str]) -> dict[int, tuple[Any, Any, Any]]:
    """How the experts of each layer are called: the module, its arguments, its keyword arguments."""
    calls: dict[int, tuple[Any, Any, Any]] = {}
    handles = []
    try:
        for layer, path in paths.items():

            def before(part: Any, args: Any, kwargs: Any, layer: int = layer) -> None:
                calls.setdefault(layer, (part, args, kwargs))

            part = find(model.module, path, None)
            handles.append(part.register_forward_pre_hook(before, with_kwargs=True))
        model.forward(seen.tokenized, edits=())
    finally:
        for handle in handles:
            handle.remove()
    return calls


def _off(model: ModelCore, experts: Any, args: Any, kwargs: Any) -> float:
    """How far from a sum by the weights, of the size of what is added."""
    told = routed(args, kwargs)
    assert told is not None  # the site would not be there
    weights = told[1]
    some = torch.zeros_like(weights)
    some[..., ::2] = 1

    def given_out(new: Tensor) -> Tensor:
        here = [new if x is weights else x for x in args]
        there = {name: new if x is weights else x for name, x in kwargs.items()}
        return experts(*here, **there).float()

    with lock_of(model.module), torch.no_grad():
        one, other, both, none = map(given_out, (weights * some, weights * (1 - some), weights, weights * 0))
        half = given_out(weights / 2)
    size = (one.abs() + other.abs()).max().clamp(min=1e-30)
    apart = max(x.abs().max() for x in (one + other - both, none, half * 2 - both))
    return float(apart / size)


def _unmoved(seen: Examination, model: ModelCore) -> list[int]:
    """The layers whose experts can be taken out without any logit changing; but for those that write nothing."""
    writing = [layer for layer in seen.layers("router", "mlp_out") if seen["mlp_out", layer].abs().max() > 0]
    batch = model.tokenize([Row(seen.tokenized.ids[0, :3].tolist())] * (len(writing) + 1))

    def without(row: int) -> Any:
        def change(x: Tensor) -> Tensor:
            new = x.clone()
            new[row] = 0
            return new

        return change

    edits = [Edit(("router", layer), without(row)) for row, layer in enumerate(writing)]
    logits = model.forward(batch, edits=edits)["logits", None].float()
    moved = distance(logits[:-1], logits[-1:]).amax((1, 2))
    return [layer for layer, by in zip(writing, moved, strict=True) if not by > 0]
