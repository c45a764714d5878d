"""Sites and interventions into one trace: the only place that opens one."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import nnsight
import torch
from torch import Tensor, nn

from mi_widgets.core.errors import NestedRun
from mi_widgets.core.interventions import Intervention
from mi_widgets.core.sites import Extent

from .architectures import Place

Key = tuple[str, int | None]  # a site's name and its layer

_locks: WeakKeyDictionary[nn.Module, _Lock] = WeakKeyDictionary()
_locks_guard = threading.Lock()


class _Lock:
    """One run at a time on a module, whoever wraps it; a run inside a run is an error, not a deadlock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._owner: int | None = None

    def __enter__(self) -> None:
        if self._owner == threading.get_ident():
            raise NestedRun(
                "A run was opened inside another run of the same model. Finish the first one, or keep what you "
                "need from it (keep=[…]) and use it afterwards."
            )
        self._lock.acquire()
        self._owner = threading.get_ident()

    def __exit__(self, *_: object) -> None:
        self._owner = None
        self._lock.release()


def lock_of(module: nn.Module) -> _Lock:
    """The lock of a torch module, shared by all wrappers of it.

    Widget callbacks come on other threads while a cell runs; traces of one module must not mix.
    """
    with _locks_guard:
        if module not in _locks:
            _locks[module] = _Lock()
        return _locks[module]


def _find(root: Any, path: str, layer: int | None) -> Any:
    for name in path.format(layer=layer).split("."):
        root = root[int(name)] if name.isdigit() else getattr(root, name)
    return root


def _get(root: Any, place: Place, layer: int | None) -> Any:
    """The activation at a place, inside a trace."""
    envoy = _find(root, place.path, layer)
    side = envoy.input if place.io == "input" else envoy.output
    return side[place.item] if isinstance(side, tuple) and place.item is not None else side


def _edit(root: Any, place: Place, layer: int | None, change: Intervention, extent: Extent) -> None:
    """Put the changed activation in its place, inside a trace."""
    base = None if place.relative_to is None else _find(root, place.relative_to, layer).input
    envoy = _find(root, place.write_path or place.path, layer)
    if place.io == "input" and place.write_path is None:
        envoy.input = change.apply(envoy.input, extent)
        return
    side = envoy.output
    old = side[place.item] if place.item is not None else side
    new = change.apply(old if base is None else old + base, extent)
    new = new if base is None else new - base
    envoy.output = new if place.item is None else (*side[: place.item], new, *side[place.item + 1 :])


def trace(
    wrapped: Any,
    places: Mapping[str, Place],
    inputs: dict[str, Any],
    *,
    edits: Sequence[Intervention],
    keep: Sequence[Key],
    extent: Extent,
) -> dict[Key, Tensor]:
    """One forward pass: the edits, then the captures, each in an invoke of its own.

    Empty invokes see the whole batch and may stand in any order; captures come after the edits, so that
    what is read is what the rest of the model saw.

    Args:
        wrapped: the module in an `nnsight.NNsight`.
        places: where its sites are.
        inputs: keyword arguments of its forward.
        edits: the interventions.
        keep: the activations to return.
        extent: how far each prompt reaches.

    Returns:
        The kept activations.
    """
    kept: dict[Key, Tensor] = {}
    with torch.no_grad(), wrapped.trace() as tracer:
        # Made inside the trace: a container from outside stays empty when the trace runs remotely.
        kept = nnsight.save({})
        # In the order of the forward pass; at one site in the order given. Two sites may be changed at one
        # module (GPT-2's attn_out and resid_mid), and there the later must see what the earlier did.
        for intervention in sorted(edits, key=lambda edit: edit.site.place_in_pass):
            with tracer.invoke():
                site = intervention.site
                _edit(wrapped, places[site.name], site.layer, intervention, extent)
        for key in keep:
            with tracer.invoke():
                kept[key] = _get(wrapped, places[key[0]], key[1])
        with tracer.invoke(**inputs):
            pass
    return kept
