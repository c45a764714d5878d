"""What a module passes at each of its sites, seen with plain hooks: before anything is believed of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from mi_widgets.core.sites import AXES, Site

from .architectures import Architecture, Inputs, ModelConfig, Place, layers_of
from .backend import Key, element, find


@dataclass(frozen=True)
class Observation:
    """What was seen in one forward pass.

    Args:
        activations: of each site that its module passed, as the site is shaped.
        faults: of each site that was not there or had another shape, why.
        block_output: what a layer gives out, as the number of things; 0 for the tensor itself.
        final: what the final norm took in and gave out, and the unembedding likewise; None where not called.
    """

    activations: dict[Key, Tensor]
    faults: dict[Key, str]
    block_output: int
    final: tuple[Tensor | None, ...]


def block_output(resid: Tensor, n: int) -> Any:
    """A residual stream as a layer gives it out that gives n things; the tensor itself where n is 0."""
    return (resid, *[None] * (n - 1)) if n else resid


def observe(
    module: nn.Module, architecture: Architecture, config: ModelConfig, inputs: Inputs, shape: tuple[int, int]
) -> Observation:
    """Run a module once and look at every site of every layer.

    Args:
        module: with its taps.
        architecture: its table.
        config: its sizes.
        inputs: of its forward.
        shape: of the prompts, (batch, pos).
    """
    passed: dict[tuple[str, str], Any] = {}
    versions: dict[tuple[str, str], dict[int, int]] = {}
    handles = []

    def note(side: tuple[str, str], x: Any) -> None:
        if side not in passed:
            passed[side], versions[side] = x, _versions(x)

    def watch(path: str) -> None:
        def before(_: nn.Module, args: Any, kwargs: Any) -> None:
            note((path, "input"), args[0] if args else next(iter(kwargs.values()), None))

        def after(_: nn.Module, args: Any, output: Any) -> None:
            note((path, "output"), _copied(output) if path in added_to else output)

        part = find(module, path, None)
        handles.append(part.register_forward_pre_hook(before, with_kwargs=True))
        handles.append(part.register_forward_hook(after))

    keys = [
        (name, layer) for name in architecture.places for layer in layers_of(Site(name), config, architecture)
    ]
    blocks = [architecture.block.format(layer=layer) for layer in range(config.n_layers)]
    paths = {architecture.places[name].path.format(layer=layer) for name, layer in keys}
    added_to = {
        architecture.places[name].path.format(layer=layer)
        for name, layer in keys
        if architecture.places[name].goes_on_as_copy
    }
    try:
        ends = {path for path in (architecture.final_norm, architecture.unembed) if path is not None}
        for path in paths | ends | set(blocks):
            watch(path)
        with torch.no_grad():
            module(**inputs)
    finally:
        for handle in handles:
            handle.remove()
    activations, faults = {}, {}
    for key in keys:
        place = architecture.places[key[0]]
        x = _activation(place, key, passed, shape)
        expected = _expected(key, config, shape)
        side = (place.path.format(layer=key[1]), place.io)
        if side in passed and _versions(passed[side]) != versions[side]:
            faults[key] = "it is changed in place after it has passed, so it cannot be read as it was"
        elif isinstance(x, Tensor) and tuple(x.shape) == expected:
            activations[key] = x
        else:
            faults[key] = _fault(x, expected)
    given = [passed.get((block, "output")) for block in blocks]
    for layer, output in enumerate(given):
        # The model unpacks all layers alike: of a tensor where others give a tuple, [0] is the first prompt.
        if _type_text(output) != _type_text(given[0]):
            faults["resid_post", layer] = (
                f"its layer gives {_type_text(output)} where layer 0 gives {_type_text(given[0])}"
            )
            activations.pop(("resid_post", layer), None)
    final = tuple(
        None if path is None else passed.get((path, side))
        for path in (architecture.final_norm, architecture.unembed)
        for side in ("input", "output")
    )
    return Observation(activations, faults, len(given[0]) if isinstance(given[0], tuple) else 0, final)


def _copied(output: Any) -> Any:
    if isinstance(output, tuple):
        return tuple(map(_copied, output))
    return output.clone() if isinstance(output, Tensor) else output


def _versions(side: Any) -> dict[int, int]:
    """How often each tensor has been changed in place."""
    tensors = side if isinstance(side, tuple) else (side,)
    return {id(x): x._version for x in tensors if isinstance(x, Tensor) and not x.is_inference()}


def _type_text(output: Any) -> str:
    return f"a tuple of {len(output)}" if isinstance(output, tuple) else f"a {type(output).__name__}"


def _activation(place: Place, key: Key, passed: dict[tuple[str, str], Any], shape: tuple[int, int]) -> Any:
    side = passed.get((place.path.format(layer=key[1]), place.io))
    x = side if side is None or place.io == "input" else element(side, place.item)
    try:
        return x if place.layout is None or not isinstance(x, Tensor) else place.layout.out(x, shape[0])
    except RuntimeError:  # it does not divide as the layout wants: the shape is the fault
        return x


def _expected(key: Key, config: ModelConfig, shape: tuple[int, int]) -> tuple[int, ...]:
    lengths = {"batch": shape[0], "pos": shape[1], "query": shape[1], "key": shape[1]}
    return tuple(lengths.get(axis) or config.size(axis, key[0]) or 0 for axis in AXES[key[0]])


def _fault(x: Any, expected: tuple[int, ...]) -> str:
    if x is None:
        return "its module was never called, so it cannot be read or changed"
    if isinstance(x, Tensor):
        return f"its module passes shape {tuple(x.shape)} where {expected} belongs"
    return f"its module passes a {type(x).__name__} where a tensor of shape {expected} belongs"
