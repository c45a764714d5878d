"""Which weights a model had: noted in a moment, hashed when its code is asked for."""

from __future__ import annotations

import hashlib
import weakref
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn

from mi_widgets.core.recording import serial

from .adapters import switches_of
from .offloaded import tensors_of


@dataclass(frozen=True, eq=False)
class WeightState:
    """A module's weights at one moment: which tensors, how often each was changed, and some of their numbers.

    A change in place moves a tensor's version; one through `.data` does not, so the numbers are looked at as well: all
    of a small module, one of every row and of every column of a large one (to read all of GPT-2 small takes longer than
    its forward pass). What changes less than a row or a column of a large module in that way may go unseen, and so does
    what changes on a disk.

    Attributes:
        tensors: by name, and weakly: they may go.
        versions: of each; empty where they are inference tensors, which have none.
        looked_at: a hash of some numbers of each.
        switches: how its adapters are set.
    """

    tensors: tuple[tuple[str, weakref.ref[Tensor]], ...]
    versions: tuple[int, ...]
    looked_at: bytes
    switches: str

    @classmethod
    def of(cls, module: nn.Module, moving: Collection[str] = ()) -> WeightState:
        """Now.

        Args:
            module: whose weights.
            moving: the buffers that every run sets anew, which are left out.
        """
        named = [one for one in tensors_of(module, from_disk=False) if one[0] not in moving]
        tracked = not any(tensor.is_inference() for _, tensor in named)
        return cls(
            tuple((name, weakref.ref(tensor)) for name, tensor in named),
            tuple(tensor._version for _, tensor in named) if tracked else (),
            _looked_at([tensor for _, tensor in named]),
            switches_of(module),
        )

    @property
    def key(self) -> tuple[Any, ...]:
        """What differs wherever the weights do, as far as that can be seen."""
        return (
            self.versions,
            self.looked_at,
            self.switches,
            tuple(serial(tensor()) for _, tensor in self.tensors),
        )

    def same_as(self, other: WeightState) -> bool:
        """Whether nothing has changed in between."""
        seen = (self.versions, self.looked_at, self.switches)
        if seen != (other.versions, other.looked_at, other.switches):
            return False
        pairs = zip(self.tensors, other.tensors, strict=True)  # as many as there are versions
        return all(a == b and ours() is theirs() is not None for (a, ours), (b, theirs) in pairs)

    @property
    def tracked(self) -> bool:
        """Whether a change would have been noted."""
        return len(self.versions) == len(self.tensors)


def held(tensor: Tensor) -> tuple[Tensor, ...]:
    """The numbers of a tensor; of a sparse one those that are not 0, and their places."""
    x = tensor.detach()
    if x.layout is torch.strided:
        return (x,)
    if "sparse" not in str(x.layout):  # such as that of mkldnn
        return (x.to_dense(),)
    x = x.to_sparse().coalesce()
    return x.values(), x.indices()


_SMALL = 1 << 19  # numbers, which are read in two milliseconds


def _looked_at(tensors: list[Tensor]) -> bytes:
    """All numbers of a small module; of a large one, a number of every row and of every column."""
    digest = hashlib.blake2b(digest_size=16)
    some: dict[tuple[torch.device, torch.dtype], list[Tensor]] = {}
    small = sum(tensor.numel() for tensor in tensors) <= _SMALL
    for tensor in tensors:
        x = held(tensor)[0]
        if x.ndim > 1 and not small:
            x = x.flatten(0, -2) if x.is_contiguous() or x.ndim == 2 else x.reshape(-1, x.shape[-1])
            x = x[_diagonal(len(x), x.shape[1], x.device)] if x.numel() else x.reshape(-1)
        some.setdefault((tensor.device, tensor.dtype), []).append(x.reshape(-1))
    for parts in some.values():
        digest.update(torch.cat(parts).cpu().view(torch.uint8).numpy().tobytes())
    return digest.digest()


@lru_cache(maxsize=64)  # a model has few shapes
def _diagonal(rows: int, columns: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Places, one in every row and one in every column."""
    along = torch.arange(max(rows, columns), device=device)
    return along % rows, along % columns


def buffer_versions(module: nn.Module) -> dict[str, int]:
    """How often each buffer was changed: of those that a run has changed, none is a weight."""
    return {name: x._version for name, x in module.named_buffers() if not x.is_inference()}


def hashed(module: nn.Module, moving: Collection[str] = ()) -> str:
    """The hash of all weights as they are now, and of how adapters are set, as `"sha256:…"`."""
    digest = hashlib.sha256()
    for name, tensor in sorted(tensors_of(module), key=lambda named: named[0]):
        if name in moving:
            continue
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        for x in held(tensor):
            digest.update(x.cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    for name, value in sorted(module.state_dict().items()):
        if not isinstance(value, Tensor) or value.is_quantized:  # packed, and no parameter
            digest.update(name.encode())
            _update(digest, value)
    digest.update(switches_of(module).encode())  # nothing where there are no adapters
    return f"sha256:{digest.hexdigest()}"


def _update(digest: Any, packed: Any) -> None:
    """Take in what a module packs its weights into: quantized tensors, in tuples with what they need."""
    if isinstance(packed, Tensor):
        x = packed.dequantize() if packed.is_quantized else packed
        digest.update(x.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    elif isinstance(packed, (tuple, list)):
        for one in packed:
            _update(digest, one)
    else:
        digest.update(repr(packed).encode())


_KEPT = 8  # states of a model whose hash is known


@dataclass
class Fingerprints:
    """The hashes of one module, each computed once for a state of its weights.

    Args:
        module: whose weights.
        moving: the buffers that every run sets anew, which are none.
    """

    module: nn.Module
    moving: Collection[str] = ()
    known: list[tuple[WeightState, str]] = field(default_factory=list)

    def now(self) -> str:
        """Of the weights as they are."""
        seen = WeightState.of(self.module, self.moving)
        found = self.known_of(seen)
        if found is None:
            found = hashed(self.module, self.moving)
            self.known = [*self.known[1 - _KEPT :], (seen, found)]
        return found

    def when(self, seen: WeightState) -> str | None:
        """Of the weights as they were when they were looked at; None where nobody can tell any more."""
        found = self.known_of(seen)
        if found is not None or not seen.tracked:
            return found
        return self.now() if WeightState.of(self.module, self.moving).same_as(seen) else None

    def known_of(self, seen: WeightState) -> str | None:
        """Of the weights as they were then, if it was computed before."""
        return next((found for state, found in self.known if seen.tracked and state.same_as(seen)), None)


def require_line(
    kept: weakref.ref[Fingerprints], seen: WeightState, name: str, *, hash_weights: bool
) -> str | None:
    """The line of code that makes sure of a model's weights, or says why none can.

    Args:
        kept: the model's.
        seen: its weights when it was used.
        name: of its variable.
        hash_weights: whether they may be hashed now; without, None stands for what is not known yet.
    """
    fingerprints = kept()
    if fingerprints is None:
        return f"# {name} was not asked for its fingerprint while it was in memory: make sure that it is the same"
    found = fingerprints.when(seen) if hash_weights else fingerprints.known_of(seen)
    if found is not None:
        return f"{name}.require({found!r})"
    if seen.tracked and not hash_weights:
        return None
    if not seen.tracked:
        return f"# the weights of {name} keep no count of changes (inference tensors): make sure that they are the same"
    return f"# the weights of {name} have changed since this was measured: bring those that they were"
