"""Values as expressions: pieces of text, and what stands between them."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .record import Call, Placeholder, Record
from .recording import serial

# The code is sent with every selection: of an array or of lists so much is written out.
_MOST_NUMBERS = 4096
_MOST_CHARACTERS = 20_000  # of texts


@dataclass(frozen=True)
class Use:
    """Something made, in the middle of an expression.

    Attributes:
        value: a record, or an Array, whose numbers may go to a file.
        name: of its variable, if it has none yet.
    """

    value: Any
    name: str


@dataclass(frozen=True)
class Code:
    """An expression: pieces of text, and what stands between them."""

    parts: tuple[str | Use, ...]


def parts_of(value: Any, name: str) -> list[str | Use]:
    """A value as an expression.

    Args:
        value: anything that a record holds.
        name: what it is called where it needs a variable.
    """
    if hasattr(value, "sha256"):  # an Array says its numbers, also where it knows how it was found
        return [Use(value, name)]
    value = record if isinstance(record := getattr(value, "record", None), Record) else value
    if isinstance(value, Record):
        return [Use(value, value.name if isinstance(value, (Call, Placeholder)) and value.name else name)]
    if isinstance(value, Code):
        return list(value.parts)
    if hasattr(value, "code_with"):
        return _composite(value, name)
    if _is_collection(value):
        return _collected(value, name)
    if type(value).__module__ == "torch" and not hasattr(value, "shape"):  # a dtype or a device
        return [f"torch.device({str(value)!r})" if type(value).__name__ == "device" else str(value)]
    if hasattr(value, "__array__"):  # numpy's, xarray's, a tensor
        return _array(value, name)
    if isinstance(value, os.PathLike):
        return [repr(os.fspath(value))]
    if hasattr(value, "code"):
        return [value.code()]
    if isinstance(value, float) and not math.isfinite(value):
        return [f"float('{value}')"]
    return [repr(value)]


def _composite(value: Any, name: str) -> list[str | Use]:
    """A site or an intervention; what stands inside is set apart while it writes itself."""
    inside: list[list[str | Use]] = []

    def show(part: Any) -> str:
        inside.append(parts_of(part, name))
        return f"\0{len(inside) - 1}\0"  # a text of the user's is quoted, and has no such character

    pieces = value.code_with(show).split("\0")
    found: list[str | Use] = []
    for nth, piece in enumerate(pieces):
        found += [piece] if nth % 2 == 0 else inside[int(piece)]
    return found


def _is_collection(value: Any) -> bool:
    return isinstance(value, Mapping) or type(value) in (list, tuple)


def _collected(value: Any, name: str) -> list[str | Use]:
    """A dictionary, a list or a tuple; brought by the user, where it is long and nothing but literals."""
    if (long := _long(value, name)) is not None:
        return [Use(long, name)]
    if isinstance(value, Mapping):
        pairs = [[*parts_of(key, name), ": ", *parts_of(each, name)] for key, each in value.items()]
        return ["{", *_joined(pairs), "}"]
    parts = _joined([parts_of(each, name) for each in value])
    if isinstance(value, list):
        return ["[", *parts, "]"]
    return ["(", *parts, ",)" if len(value) == 1 else ")"]


_KINDS: Mapping[type, str] = {str: "texts", int: "numbers", float: "numbers"}


def _long(value: Any, name: str) -> Placeholder | None:
    leaves = [*_leaves(value)]
    texts = [leaf for leaf in leaves if type(leaf) is str]
    if len(leaves) <= _MOST_NUMBERS and sum(map(len, texts)) <= _MOST_CHARACTERS:
        return None
    if not all(leaf is None or type(leaf) in (str, bytes, bool, int, float) for leaf in leaves):
        return None  # what was made is not the user's to bring
    kinds = {_KINDS.get(type(leaf), "values") for leaf in leaves}
    what = kinds.pop() if len(kinds) == 1 else "values"
    return Placeholder(
        f"yours: {len(leaves):,} {what}, too many to write here", name, token=hash(repr(value))
    )


def _leaves(value: Any) -> Iterator[Any]:
    """What stands in a collection, and in those that stand in it."""
    for each in [*value, *value.values()] if isinstance(value, Mapping) else value:
        if _is_collection(each):
            yield from _leaves(each)
        else:
            yield each


def _joined(several: Iterable[list[str | Use]]) -> list[str | Use]:
    found: list[str | Use] = []
    for parts in several:
        found += [", ", *parts] if found else parts
    return found


def _array(value: Any, name: str) -> list[str | Use]:
    array = np.asarray(value)
    if array.size > _MOST_NUMBERS:
        size = " x ".join(map(str, array.shape))
        return [
            Use(
                Placeholder(f"yours: {size} numbers, too many to write here", name, token=serial(value)), name
            )
        ]
    exact = array.dtype.kind != "f"
    rounded = array if exact else np.array([float(f"{x:.4g}") for x in array.flat]).reshape(array.shape)
    return parts_of(rounded.tolist(), name)
