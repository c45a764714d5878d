"""Texts of any make, numpy's and pandas's too, as Python's own; and what stands for a text, or for token ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np


class WithText:
    """What stands for its `text` wherever a text is taken."""

    __slots__ = ()
    text: str


class WithIds:
    """What stands for its rows of token ids, `ids` (n, pos), wherever prompts are taken."""

    __slots__ = ()
    ids: Any


class Row(tuple[int, ...]):
    """Token ids that are one prompt as they stand: no padding is looked for in them."""

    __slots__ = ()


def plain_text(given: Any) -> Any:
    """A text as a str, which numpy's and others that derive from it are not; all else as it is."""
    if isinstance(given, WithText):
        return given.text
    return str.__str__(given) if isinstance(given, str) else given


def plain_texts(given: Any) -> Any:
    """A text, or several as a list (a tuple stays one); what has no order, and numbers in arrays, as it is."""
    kind = getattr(getattr(given, "dtype", None), "kind", None)
    if kind in ("U", "T", "O"):
        given = np.asarray(given).tolist()
    elif hasattr(given, "ndim"):
        return given
    given = plain_text(given)
    if isinstance(given, (str, bytes, Mapping, set, frozenset, Row)) or not isinstance(given, Iterable):
        return given
    return tuple(map(plain_text, given)) if type(given) is tuple else [*map(plain_text, given)]
