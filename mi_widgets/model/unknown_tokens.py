"""Whether a tokenizer has put the token for what it does not know in the place of a text."""

from __future__ import annotations

import json
from typing import Any


def unknown_id(tokenizer: Any) -> int | None:
    """The id of the token for what a tokenizer does not know, also where only its model names it; None without one."""
    declared = getattr(tokenizer, "unk_token_id", None)
    model = getattr(getattr(tokenizer, "backend_tokenizer", None), "model", None)
    if declared is not None or model is None:
        return declared
    if type(model).__name__ == "Unigram":  # which has the id alone, and in its state only
        return json.loads(model.__getstate__())["unk_id"]
    text = getattr(model, "unk_token", None)
    return None if text is None else model.token_to_id(text)


def has_unknown(tokenizer: Any, text: str, ids: list[int]) -> bool:
    """Whether a part of a text is nothing that its tokenizer knows.

    Args:
        tokenizer: that read it.
        text: what was read.
        ids: what it became.
    """
    unknown = unknown_id(tokenizer)
    if unknown is None or unknown not in ids:
        return False
    if unknown not in (tokenizer.eos_token_id, tokenizer.bos_token_id):
        return True
    # One token for both, as GPT-2 has: in a text it stands for itself where it is written.
    written = text.count(tokenizer.convert_ids_to_tokens(unknown))
    return list(tokenizer(text, add_special_tokens=False)["input_ids"]).count(unknown) > written
