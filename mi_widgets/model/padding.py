"""Padding that nobody has marked: token ids that a tokenizer has padded, without their mask."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from typing import Any

from mi_widgets.core.errors import PromptError
from mi_widgets.core.given_prompts import token_ids
from mi_widgets.core.texts import Row


def check_no_padding(items: Sequence[Any], tokenizer: Any) -> None:
    """Raise `PromptError` where rows of token ids look as if a tokenizer had padded them.

    One token that it pads by may stand at an end, as in GPT-2, where it begins and ends texts; two may not, nor one in
    some rows of a batch alone, nor one that is for padding only, on the side on which the tokenizer pads.

    Args:
        items: texts, which have no padding; `Row`s, of which it is known; and rows of token ids.
        tokenizer: a Hugging Face tokenizer, or None, which pads nothing.
    """
    pad = getattr(tokenizer, "pad_token_id", None)
    if pad is None:
        return
    read = {i: token_ids(item) for i, item in enumerate(items) if not isinstance(item, (str, Row))}
    rows = {i: row for i, row in read.items() if row and len(row) > 1}  # one token alone is a prompt
    ordinary = pad in (getattr(tokenizer, f"{end}_token_id", None) for end in ("bos", "eos"))
    side = getattr(tokenizer, "padding_side", "right")
    # Tuples were not padded together by any tokenizer.
    even = len(rows) > 1 and len({len(row) for row in rows.values()}) == 1
    even = even and not all(isinstance(items[i], tuple) for i in rows)
    for said, way, end in (("begins", 1, "left"), ("ends", -1, "right")):
        usual = int(ordinary or side != end)
        runs = {i: sum(1 for _ in takewhile(pad.__eq__, row[::way])) for i, row in rows.items()}
        uneven = even and len(set(map(bool, runs.values()))) > 1
        for i, n in runs.items():
            if n > usual or (n and uneven):
                raise PromptError(_said(i, said, n, pad, tokenizer, others=uneven and n <= usual))


def _said(row: int, said: str, n: int, pad: int, tokenizer: Any, *, others: bool) -> str:
    many = "" if n == 1 else f"{n} times "
    beside = ", and other rows do not" if others else ""
    return (
        f"Row {row} of the token ids {said} with {many}{tokenizer.pad_token!r} ({pad}), by which the tokenizer "
        f"pads{beside}; without a mask padding would be read as text. Give all that the tokenizer returns, as in "
        "model.run(tokenizer(texts, padding=True)), or attention_mask= beside the ids, or the ids of each prompt "
        "without padding. If these tokens are meant: attention_mask=torch.ones_like(ids), and where there is no such "
        'argument {"input_ids": ids, "attention_mask": mask}.'
    )
