"""The parts of one layer, told apart by what they took in and gave out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mi_widgets.core.errors import UnsupportedModel
from mi_widgets.model.attention import Asked

from .base import ModelConfig, Place
from .computed import is_matrix
from .table import first_half
from .table_weights import qkv_of


def alike(x: Tensor, y: Tensor, dtype: torch.dtype | None = None) -> bool:
    """Whether two ways to compute a tensor agree, element by element, as far as such numbers can.

    Args:
        x: the one.
        y: the other.
        dtype: in which both were computed; that of `y` by default.
    """
    if x.numel() != y.numel():
        return False
    a, b = x.double().flatten(), y.double().flatten()
    eps = torch.finfo(dtype or y.dtype).eps
    return bool(((a - b).abs() <= 8 * eps * (b.abs() + b.abs().mean())).all())


@dataclass(frozen=True)
class Passed:
    """What a module took in first, and what it gave out (the first of several), in the order of the calls."""

    path: str
    given: Tensor
    out: Tensor
    routes: bool = False  # whether it was told which experts each token uses
    went_on: Tensor | None = None  # what it gave out itself, which what follows may have changed

    @property
    def changed_later(self) -> bool:
        """Whether what follows has added to what it gave out, in place."""
        return self.went_on is not None and not torch.equal(self.went_on.cpu(), self.out)


def passed_by(layer: Sequence[Passed], path: str) -> Passed:
    """What one module of the layer passed; by an empty path the layer itself."""
    return next(one for one in layer if one.path == path)


def stream_of(layer: Sequence[Passed], shape: tuple[int, int]) -> Passed | None:
    """What the layer itself passed, where that is a residual stream of so many prompts and tokens."""
    whole = next((one for one in layer if one.path == ""), None)
    return whole if whole and whole.given.shape == whole.out.shape and whole.out.shape[:2] == shape else None


def reader_of(layer: Sequence[Passed], x: Tensor, *, outside: str) -> str | None:
    """The first module that takes this in: a norm, unless what follows reads the stream as it is."""
    for one in layer:
        if one.path and one.given.shape == x.shape and alike(one.given, x):
            return None if f"{one.path}.".startswith(f"{outside}.") else one.path
    return None


def holder_of(layer: Sequence[Passed], path: str, x: Tensor) -> str:
    """The outermost module that takes in what this one does: an edit of what an inner one reads does not reach it."""
    above = path.rpartition(".")[0]
    takes = any(one.path == above and one.given.shape == x.shape and alike(one.given, x) for one in layer)
    return holder_of(layer, above, x) if above and takes else path


def _outside(block: nn.Module, layer: Sequence[Passed], attention: str) -> list[Passed]:
    """The modules with a matrix that are no part of the attention, in the order of the calls."""
    return [
        one
        for one in layer
        if one.path
        and not f"{one.path}.".startswith(f"{attention}.")
        and is_matrix(block.get_submodule(one.path))
    ]


def down_of(block: nn.Module, layer: Sequence[Passed], attention: str, mlp_out: str) -> str | None:
    """The matrix that writes what the neurons say, if there is one for all tokens."""
    last = passed_by(layer, mlp_out)
    for one in reversed(_outside(block, layer, attention)):
        for x in (last.out, last.given):  # the MLP itself, or the norm after it
            if alike(one.out, x):
                return one.path
    return None


def neurons_of(
    block: nn.Module, layer: Sequence[Passed], attention: str, down: str | None
) -> tuple[str | None, Any]:
    """The module that gives out the neurons before their non-linearity, and where they lie in what it gives out."""
    if down is None:
        return None, {}
    neurons = passed_by(layer, down).given
    before = [one for one in _outside(block, layer, attention) if one.path != down]
    for one in before:
        for act in _ACTIVATIONS:
            ups = [torch.ones(()), *(other.out for other in before if other is not one)]
            if any(_same(act(one.out), neurons, up) for up in ups):
                return one.path, {}
            half = one.out.chunk(2, -1)
            if one.out.shape[-1] == 2 * neurons.shape[-1] and _same(act(half[0]), neurons, half[1]):
                return one.path, {"mlp_pre": partial(_fused, path=one.path)}
    return None, {}


def _fused(_: ModelConfig, block: str, *, path: str) -> Place:
    return Place(f"{block}.{path}", layout=first_half())


_ACTIVATIONS = (F.silu, F.gelu, lambda x: F.gelu(x, approximate="tanh"), F.relu, lambda x: F.relu(x).square())


def _same(neurons: Tensor, seen: Tensor, up: Tensor) -> bool:
    if neurons.shape != seen.shape or (up.ndim and up.shape != seen.shape):
        return False
    return alike(neurons * up, seen)


def attention_matrices(
    block: Any, layer: Sequence[Passed], attention: str, asked: Sequence[Asked]
) -> dict[str, Any]:
    """How queries, keys and values lie in the attention's matrices, where one way gives the values that were seen."""
    out = next((one for one in layer if one.path == attention), None)
    inner = [one for one in layer if one.path.startswith(f"{attention}.")]
    writes = [
        one.path.removeprefix(f"{attention}.")
        for one in inner
        if out is not None and one.out.shape == out.out.shape and alike(one.out, out.out)
    ]
    if not asked or out is None or not writes or "." in writes[0]:
        return {"qkv": None}
    one, attends = asked[0], block.get_submodule(attention)
    value = one.value.transpose(1, 2).float()  # (batch, pos, head, d_head)
    c = ModelConfig(0, one.query.shape[1], value.shape[2], out.given.shape[-1], value.shape[-1], 0, 0, 0)
    for qkv in ("three", "side by side", "by head"):
        try:
            q, k, v = (_made(out.given, matrix) for matrix in qkv_of(qkv, attends, c))
            left = value.repeat_interleave(v.shape[2] // value.shape[2], 2) - v
            turned = all(p.ndim > 1 for p in attends.parameters()) and not (
                _long_as(q, one.query) and _long_as(k, one.key)
            )
        except (AttributeError, StopIteration, RuntimeError, UnsupportedModel):
            continue
        # A bias is the same everywhere; positions turn queries and keys, which stay as long as they are.
        close = 8 * torch.finfo(one.value.dtype).eps * value.abs().max()
        if not turned and (left - left[:1, :1]).abs().max() <= max(close, 1e-4 * value.abs().max()):
            return {"qkv": qkv, "attention_writes": writes[0]}
    return {"qkv": None, "attention_writes": writes[0]}


def _made(given: Tensor, matrix: Tensor) -> Tensor:
    return torch.einsum("bpd,dhe->bphe", given.float(), matrix.detach().cpu().float())


def _long_as(made: Tensor, seen: Tensor) -> bool:
    """Whether every head's query (or key) is as long as the one that was seen."""
    long = seen.transpose(1, 2).float().norm(dim=-1)
    long = long.repeat_interleave(made.shape[2] // long.shape[2], 2)
    return bool(((made.norm(dim=-1) - long).abs() <= 0.05 * long.mean()).all())
