"""Sites and changes into one trace: the only place that opens one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import nnsight
import torch
from nnsight.intervention.envoy import Envoy
from torch import Tensor, nn

from mi_widgets.core.errors import NestedRun

from .architectures import Architecture, Place

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


@dataclass(frozen=True)
class Edit:
    """A change of one activation.

    Args:
        key: which activation.
        change: from the activation, shaped as the site, to what it shall be.
    """

    key: Key
    change: Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Resume:
    """Where to begin in the middle.

    Args:
        layer: the first layer that is run; those before are skipped.
        given: what the layer before would give out.
    """

    layer: int
    given: Any


@dataclass(frozen=True)
class PassRequest:
    """One forward pass: what goes in, what is changed on the way, what is kept.

    Args:
        inputs: keyword arguments of the module's forward.
        batch: the number of prompts.
        edits: in the order in which the forward pass meets them.
        keep: the activations to return, as they are after the edits of them.
        stored: what is done to a kept activation before it is stored.
        resume: where to begin, instead of at the embedding.
        unembed: (batch,) the one column of each prompt whose logits are wanted; None: all.
        grad: whether the kept activations keep their graph.
    """

    inputs: dict[str, Any]
    batch: int
    edits: Sequence[Edit] = ()
    keep: Sequence[Key] = ()
    stored: Callable[[Tensor], Tensor] = lambda x: x
    resume: Resume | None = None
    unembed: Tensor | None = None
    grad: bool = False


def find(root: Any, path: str, layer: int | None) -> Any:
    """The submodule (or its envoy) at a place."""
    for name in path.format(layer=layer).split(".") if path else ():
        moved = f"{Envoy.OVERLOAD_PREFIX}{name}"  # a module named as what nnsight serves itself, `output` say
        known = moved if moved in vars(root) else name
        root = root[int(name)] if name.isdigit() else getattr(root, known)
    return root


def element(side: Any, item: Any) -> Any:
    """The tensor of a place, where a module takes in or gives out several things."""
    if isinstance(side, Tensor) or item is None or (isinstance(item, int) and not isinstance(side, tuple)):
        return side
    return side[item]


def _get(root: Any, place: Place, layer: int | None, *, grad: bool = False) -> Any:
    """The tensor that holds an activation, inside a trace."""
    envoy = find(root, place.path, layer)
    if place.io == "input":
        # Others may read the same tensor: of an edit here they see nothing, so a gradient here is none of theirs.
        if grad and place.write_path is None:
            envoy.input = envoy.input.clone()
        return envoy.input
    x = element(envoy.output, place.item)
    if place.goes_on_as_copy:
        _put(envoy, place.item, x.clone())
    return x


def _put(envoy: Any, item: Any, new: Tensor) -> None:
    """Make this what a module gives out, or the element of it that a place is."""
    side = envoy.output
    if element(side, item) is side:
        envoy.output = new
    elif isinstance(side, tuple):
        envoy.output = tuple(new if i == item else other for i, other in enumerate(side))
    else:
        side[item] = new


def _edit(root: Any, place: Place, layer: int | None, change: Callable[[Tensor], Tensor], batch: int) -> None:
    """Put the changed activation in its place, inside a trace."""
    layout = place.layout

    def changed(raw: Tensor) -> Tensor:
        return change(raw) if layout is None else layout.back(raw, change(layout.out(raw, batch)))

    if place.io == "input" and place.write_path is None:
        envoy = find(root, place.path, layer)
        envoy.input = changed(envoy.input)
        return
    base = None if place.relative_to is None else find(root, place.relative_to, layer).input
    envoy = find(root, place.write_path or place.path, layer)
    old = element(envoy.output, place.item)
    # A sum is changed in its last summand; that summand has the shape of the sum.
    times = place.added_times
    new = changed(old) if base is None else (change(old * times + base) - base) / times
    _put(envoy, place.item, new)


def trace(wrapped: Any, architecture: Architecture, forward: PassRequest) -> dict[Key, Tensor]:
    """Run one forward pass.

    Each edit and each capture has an invoke of its own. Empty invokes see the whole batch and may stand in any
    order; captures come after the edits of the same module, so that what is read is what the rest of the model saw.

    Args:
        wrapped: the module in an `nnsight.NNsight`.
        architecture: its table.
        forward: what to do.

    Returns:
        The kept activations, as their modules pass them: a place's layout is applied when they are read.
    """
    places: Mapping[str, Place] = architecture.places
    kept: dict[Key, Tensor] = {}
    # What is changed elsewhere than it is read: an edit of what one module takes in of it is none of it.
    before = [key for key in forward.keep if places[key[0]].io == "input" and places[key[0]].write_path]
    with torch.set_grad_enabled(bool(forward.grad)), wrapped.trace() as tracer:
        # Made inside the trace: a container from outside stays empty when the trace runs remotely.
        kept = nnsight.save({})
        if forward.grad:
            with tracer.invoke():
                embedded = _get(wrapped, places["embed"], None)
                if not embedded.requires_grad:  # weights that do not learn leave no graph: it begins here
                    embedded.requires_grad_()
        if forward.resume is not None:
            for layer in range(forward.resume.layer):
                with tracer.invoke():
                    find(wrapped, architecture.block, layer).skip(forward.resume.given)
        for key in before:
            with tracer.invoke():
                kept[key] = forward.stored(_get(wrapped, places[key[0]], key[1]))
        for edit in forward.edits:
            with tracer.invoke():
                _edit(wrapped, places[edit.key[0]], edit.key[1], edit.change, forward.batch)
        if forward.unembed is not None:
            with tracer.invoke():
                envoy = find(wrapped, architecture.unembed, None)
                envoy.input = envoy.input[torch.arange(forward.batch), forward.unembed][:, None]
        for key in forward.keep:
            if key not in before:
                with tracer.invoke():
                    kept[key] = forward.stored(_get(wrapped, places[key[0]], key[1], grad=forward.grad))
        with tracer.invoke(**forward.inputs):
            pass
    return kept
