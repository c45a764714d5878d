"""Labels that stand beside those of an axis, such as the tokens of its positions, in arithmetic of two Results."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import xarray as xr

_OF_TOKENS = [("pos",), ("query",), ("key",)]
_LONGEST = 40  # characters of two labels


def calculated(how: Callable[[Any, Any], Any], one: Any, other: Any) -> xr.DataArray:
    """What an operation makes of two DataArrays, or of one and a number, with the labels beside the axes of both.

    Where they differ, as clean and corrupted prompts do in a token, both are kept: "Mary|John". A label that `.sel` has
    chosen gives way to those of the axis, and is left out where the other is of another.

    Raises:
        ValueError: other labels on an axis that both have.
    """
    if not isinstance(one, xr.DataArray) or not isinstance(other, xr.DataArray):
        return how(one, other)
    beside = {}
    for name in [name for name in one.coords if name in other.coords]:
        mine, theirs = one.coords[name], other.coords[name]
        # The last axis of labels is what they are labels of: tokens are those of (batch, pos).
        if mine.dims[-1:] != theirs.dims[-1:]:
            fewer = mine.ndim < theirs.ndim
            one, other = (one.drop_vars([name]), other) if fewer else (one, other.drop_vars([name]))
        elif mine.ndim and name not in mine.dims:
            beside[name] = mine.variable, theirs.variable
    with xr.set_options(arithmetic_join="exact"):
        found = how(one.drop_vars(beside), other.drop_vars(beside))
    kept = {
        name: xr.apply_ufunc(_both, mine, theirs).transpose(..., mine.dims[-1])
        for name, (mine, theirs) in beside.items()
    }
    return found.assign_coords(kept)


def unlike(one: Any, other: Any) -> str:
    """The first axis of two DataArrays whose labels are not the same."""
    shared = [axis for axis in one.dims if axis in other.dims]
    return next((str(axis) for axis in shared if not one[axis].equals(other[axis])), "an axis")


def padded_apart(one: Any, other: Any) -> str | None:
    """The axis along which tokens of two DataArrays are padded on opposite sides, so that columns are other tokens."""
    if not isinstance(one, xr.DataArray) or not isinstance(other, xr.DataArray):
        return None
    for name in one.coords:
        if name in other.coords and one.coords[name].dims[-1:] == other.coords[name].dims[-1:]:
            sides = {_padded_on(one.coords[name]), _padded_on(other.coords[name])}
            if sides == {"left", "right"}:
                return str(one.coords[name].dims[-1])
    return None


def _padded_on(labels: xr.DataArray) -> str | None:
    """The side on which texts of tokens are padded, with ""; None where they are not."""
    if not labels.size or labels.dims[-1:] not in _OF_TOKENS or labels.dtype.kind not in "UO":
        return None
    first, last = ((labels.values[..., end] == "").any() for end in (0, -1))
    # On both sides it is no padding, but a token without a text.
    return None if first == last else "left" if first else "right"


def _both(mine: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """The labels; as texts where some differ."""
    mine, theirs = np.broadcast_arrays(mine, theirs)
    texts, others = mine.astype(str).astype(object), theirs.astype(str).astype(object)
    differ = texts != others
    if not differ.any():
        return mine
    texts[differ] = [_pair(*pair) for pair in zip(texts[differ], others[differ], strict=True)]
    return texts.astype(str)


def _pair(mine: str, theirs: str) -> str:
    text = mine if theirs in mine.split("|") else f"{mine}|{theirs}"
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
