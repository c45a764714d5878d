"""The experts of a model's layers, told by how they are called: with which of them each token uses, and its weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from mi_widgets.model.experts import number_of

from .layer_parts import Passed


@dataclass(frozen=True)
class Experts:
    """Where they are.

    Args:
        path: of the module that holds them, in a layer.
        layers: that have it.
        sizes: how many they are.
    """

    path: str = ""
    layers: tuple[int, ...] = ()
    sizes: dict[str, int] = field(default_factory=dict)


def experts_of(blocks: Any, layers: Sequence[Sequence[Passed]]) -> tuple[Experts, dict[str, str]]:
    """The experts of all layers, and, where their router cannot be read, why.

    Args:
        blocks: the layers.
        layers: what their modules passed.
    """
    found = {i: [one for one in layer if one.path and one.routes] for i, layer in enumerate(layers)}
    found = {i: calls for i, calls in found.items() if calls}
    if not found:
        named = any("expert" in path for block in blocks for path, _ in block.named_modules())
        return Experts(), {"router": _NOT_TOLD} if named else {}
    paths = {one.path for calls in found.values() for one in calls}
    if len(paths) > 1 or any(len(calls) > 1 for calls in found.values()):
        return Experts(), {"router": f"its layers route more than once ({', '.join(sorted(paths))})"}
    path = paths.pop()
    numbers = {number_of(blocks[i].get_submodule(path)) for i in found}
    n = numbers.pop()
    if numbers or n is None:
        return Experts(), {"router": "its layers do not say how many experts they have, all alike"}
    return Experts(path, tuple(found), {"n_experts": n}), {}


_NOT_TOLD = "nothing tells its experts which of them a token uses, and with what weight"
