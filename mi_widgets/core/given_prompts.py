"""What may be given as a prompt: texts, token ids of any make, and what a tokenizer returns, with its mask."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, SupportsIndex

import numpy as np
from torch import Tensor

from .errors import PromptError
from .texts import Row, WithIds, plain_texts

# A text, token ids, several of either, what a tokenizer returns, a corpus of ids.
Prompt = str | Iterable[Any] | Tensor | np.ndarray | Mapping[str, Any] | WithIds
Prompts = Prompt  # several of them

_EMPTY = "The prompt is empty: give a text, a list of texts, or token ids."
# What a tokenizer may return beside the ids and their mask, and what says nothing that a model would read.
_BESIDE = {
    "token_type_ids",
    "special_tokens_mask",
    "offset_mapping",
    "length",
    "overflow_to_sample_mapping",
    "overflowing_tokens",
    "num_truncated_tokens",
}


@dataclass(frozen=True)
class Listed:
    """Prompts one by one.

    Attributes:
        items: texts, rows of token ids as they were given, and `Row`s where a mask has said what is no padding.
        left: whether the padding that a mask left out stood on the left; None where there was none.
        width: of a mask; 0 without.
    """

    items: list[Any]
    left: bool | None = None
    width: int = 0


def listed(prompt: Any, attention_mask: Any = None) -> Listed:
    """A prompt, or several, one by one.

    Args:
        prompt: a text, several, token ids, rows of them, or what a tokenizer returns.
        attention_mask: of token ids: 1 at tokens, 0 at padding.

    Raises:
        PromptError: nothing to run, no prompt, or a mask that does not fit.
    """
    if isinstance(prompt, Mapping):
        prompt, beside = _encoding(prompt)
        if attention_mask is not None and beside is not None:
            raise PromptError("There are two masks: attention_mask=, and one beside input_ids. Give one.")
        attention_mask = beside if attention_mask is None else attention_mask
    if isinstance(prompt, WithIds):
        rows = [Row(row) for row in prompt.ids.tolist()]
        return Listed(rows) if attention_mask is None else _masked(rows, attention_mask)
    items, one = _items(prompt)
    if attention_mask is None:
        return Listed(items)
    mask = plain_list(attention_mask)
    return _masked(items, [mask] if one else mask)


def _encoding(given: Mapping[str, Any]) -> tuple[Any, Any]:
    """The ids and the mask that a tokenizer returns."""
    if "input_ids" not in given:
        raise PromptError(
            'A prompt as a dict is what a tokenizer returns, {"input_ids": …, "attention_mask": …}; got the keys '
            f"{[*given]}."
        )
    unread = [key for key in given if key not in {"input_ids", "attention_mask", *_BESIDE}]
    if unread:
        raise PromptError(
            f"A prompt as a dict has input_ids and attention_mask, and nothing else is read; got {unread[0]!r} too. "
            "Leave it out."
        )
    return given["input_ids"], given.get("attention_mask")


def _items(prompt: Any) -> tuple[list[Any], bool]:
    """Texts and rows of token ids one by one, and whether it was one row of ids."""
    prompt = plain_texts(prompt)
    if isinstance(prompt, Row):
        return [prompt], True
    if isinstance(prompt, str):
        return [prompt], False
    if hasattr(prompt, "__array__") and hasattr(prompt, "dtype"):  # a tensor's too, and those of pandas
        ids = prompt if isinstance(prompt, Tensor) else np.asarray(prompt)
        kind = str(ids.dtype).removeprefix("torch.")
        if not kind.startswith(("int", "uint")) or ids.ndim not in (1, 2):
            raise PromptError(
                f"Token ids are whole numbers of shape (pos,) or (batch, pos); got {ids.dtype} {tuple(ids.shape)}."
            )
        prompt = ids.tolist()
    if not isinstance(prompt, Sequence) or isinstance(prompt, bytes):
        unordered = " without an order" if isinstance(prompt, (set, frozenset)) else ""
        raise PromptError(
            f"A prompt is a text, a list of texts, or token ids; got {type(prompt).__name__}{unordered}."
        )
    if not len(prompt):
        raise PromptError(_EMPTY)
    # A tensor can be an index too, but here it is a row.
    one_row = isinstance(prompt[0], SupportsIndex) and not getattr(prompt[0], "ndim", 0)
    return ([prompt], True) if one_row else (list(prompt), False)


def _masked(items: Sequence[Any], attention_mask: Any) -> Listed:
    """Rows without what a mask leaves out."""
    rows = [token_ids(item) for item in items]
    if any(row is None for row in rows):
        raise PromptError(
            "attention_mask= goes with token ids; a text has no padding. Leave it out, or give the ids."
        )
    masks = [_mask_row(mask, number) for number, mask in enumerate(plain_list(attention_mask))]
    wide, high = [len(row or ()) for row in rows], [len(mask) for mask in masks]
    if wide != high:
        raise PromptError(
            f"attention_mask has one number for each token id: the rows of ids have {wide} of them, those of the mask "
            f"{high}."
        )
    sides = {side for number, mask in enumerate(masks) if (side := _side(mask, number)) is not None}
    if len(sides) > 1:
        raise PromptError(
            "attention_mask has padding on the left in some rows and on the right in others: pad all on one side."
        )
    kept = [
        Row(i for i, real in zip(row or (), mask, strict=True) if real)
        for row, mask in zip(rows, masks, strict=True)
    ]
    return Listed(kept, (sides or {None}).pop(), max(wide))


def plain_list(given: Any) -> Any:
    """Numbers of any make as a list."""
    return given.tolist() if hasattr(given, "tolist") else given


def _mask_row(given: Any, number: int) -> list[bool]:
    row = plain_list(given)
    if not isinstance(row, Sequence) or not all(isinstance(x, (int, float)) and x in (0, 1) for x in row):
        raise PromptError(
            "attention_mask is 1 at tokens and 0 at padding, of the shape of the ids, (batch, pos); its row "
            f"{number} is {row!r:.60}."
        )
    return [bool(x) for x in row]


def _side(mask: Sequence[bool], number: int) -> bool | None:
    """Whether a row is padded on the left; None where it is not padded."""
    if not any(mask):
        raise PromptError(f"attention_mask leaves nothing of row {number}: a prompt has a token at least.")
    first, last = mask.index(True), len(mask) - 1 - list(reversed(mask)).index(True)
    if not all(mask[first : last + 1]):
        raise PromptError(
            f"attention_mask has a hole in row {number}, at position {list(mask).index(False, first)}: tokens stand "
            "side by side, with padding before or behind them."
        )
    if first and last < len(mask) - 1:
        raise PromptError(f"attention_mask has padding on both sides of row {number}: pad on one side.")
    return None if all(mask) else first > 0


def token_ids(item: Any) -> Row | list[int] | None:
    """Token ids of any make (numpy's, a tensor's) as ints; None if they are something else."""
    if isinstance(item, Row):
        return item
    if isinstance(item, (Tensor, np.ndarray)):
        item = item.tolist()
    if (
        not isinstance(item, Sequence)
        or isinstance(item, (str, bytes))
        or any(isinstance(i, bool) for i in item)
    ):
        return None
    return [operator.index(i) for i in item] if all(isinstance(i, SupportsIndex) for i in item) else None
