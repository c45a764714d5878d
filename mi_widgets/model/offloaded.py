"""Weights that accelerate keeps elsewhere until a module runs: in the module itself is nothing but their shape."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from torch import Tensor, nn

from mi_widgets.core.errors import UnsupportedModel
from mi_widgets.core.numbers import count_text
from mi_widgets.zoo.transformer import Transformer

from .architectures.computed import hooks_of
from .trust import Check


def tensors_of(module: nn.Module, *, from_disk: bool = True) -> Iterator[tuple[str, Tensor]]:
    """All parameters and buffers by name, each with its numbers.

    Args:
        module: whose.
        from_disk: whether those on a disk are read; if not, they are left out.
    """
    for named in (module.named_parameters(), module.named_buffers()):
        for name, tensor in named:
            held = _elsewhere(module, name, from_disk=from_disk) if tensor.is_meta else tensor
            if held is not None:
                yield name, held


def check_numbers(module: nn.Module) -> None:
    """Refuse a module that is nothing but shapes.

    Raises:
        UnsupportedModel: weights of it are nowhere, or it is a `Transformer`, whose figures are read in place.
    """
    away = [name for name, x in module.named_parameters() if x.is_meta]
    if away and isinstance(module, Transformer):
        raise UnsupportedModel(
            "This Transformer keeps its weights elsewhere, and figures of them are read in their place: bring it "
            "whole, accelerate.hooks.remove_hook_from_submodules(module)."
        )
    for name in away:
        if _source(module, name) is None:
            raise UnsupportedModel(
                f"{type(module).__name__} has no numbers: weights of it are on the meta device ({name} first), and no "
                "hook of accelerate's brings them. Load them first, as from_pretrained does."
            )


def offload_checks(module: nn.Module) -> Iterator[Check]:
    """One note where weights lie elsewhere."""
    away = [name for name, x in module.named_parameters() if x.is_meta]
    near = sum(_elsewhere(module, name, from_disk=False) is not None for name in away)
    if away:
        places = [
            f"{count_text(n, 'weight')} {where}"
            for n, where in ((near, "in the memory of the CPU"), (len(away) - near, "on a disk"))
            if n
        ]
        said = f"{' and '.join(places)}, until a module needs them: what is computed is the same, and takes longer"
        yield Check("offload", "note", said)


def _elsewhere(module: nn.Module, name: str, *, from_disk: bool) -> Tensor | None:
    """The numbers of a parameter whose place in the module is empty."""
    found = _source(module, name)
    if found is None:
        return None
    kept, key = found
    memory = getattr(kept, "state_dict", kept)  # of what is partly on a disk
    if isinstance(memory, Mapping) and key in memory:
        return memory[key]
    return kept[key] if from_disk else None


def _source(module: nn.Module, name: str) -> tuple[Any, str] | None:
    """Where such numbers are, and what they are called there: the hook of a module above knows."""
    path, _, own = name.rpartition(".")
    while True:
        for hook in hooks_of(module.get_submodule(path)):
            kept: Any = getattr(hook, "weights_map", None)
            key = own
            while hasattr(kept, "dataset"):
                kept, key = kept.dataset, f"{kept.prefix}{key}"
            if kept is not None and key in kept:
                return kept, key
        if not path:
            return None
        path, _, last = path.rpartition(".")
        own = f"{last}.{own}"
