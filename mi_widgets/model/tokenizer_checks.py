"""What a tokenizer does unasked: tokens it adds, and text that it loses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .model_core import ModelCore
from .trust import Check

_TEXT = "The  cat\n sat."


def tokenizer_checks(model: ModelCore) -> Iterator[Check]:
    """The token that begins a text, and whether a text survives.

    Args:
        model: the wrapped model.
    """
    tokenizer = model.tokenizer
    if tokenizer is None:
        yield Check("tokenizer", "note", "none was given: prompts are token ids, tokens show as numbers")
        return
    texts = _texts(model)
    yield _bos(model, texts)
    yield from _end(tokenizer, texts)
    yield _round_trip(tokenizer, texts)


def _texts(model: ModelCore) -> list[str]:
    """Texts that the tokenizer knows, some with two spaces or a new line."""
    tokenizer, n = model.tokenizer, model.config.d_vocab
    ids = [i for i in range(0, n, max(1, n // 12)) if i not in tokenizer.all_special_ids]
    words = tokenizer.decode(ids)
    tried = [_TEXT, words, words.replace(" ", "  ", 1), words.replace(" ", "\n", 1)]
    # A part of a character is no text.
    return [text for text in tried if text.strip() and "\ufffd" not in text and not _unknown(tokenizer, text)]


def _unknown(tokenizer: Any, text: str) -> bool:
    unknown = tokenizer.unk_token_id
    if unknown is None or unknown == tokenizer.eos_token_id:
        return False
    return unknown in tokenizer(text, add_special_tokens=False)["input_ids"]


def _bos(model: ModelCore, texts: list[str]) -> Check:
    tokenizer, bos = model.tokenizer, model.bos
    if tokenizer.bos_token_id is None:
        return Check("beginning of text", "ok", "the tokenizer has no token for it")
    token = tokenizer.bos_token
    if bos is not None:
        return Check(
            "beginning of text",
            "ok",
            f"{token!r} {'stands first' if bos else 'is left out'}, as bos={bos} says",
        )
    ids = tokenizer(texts[0] if texts else "a")["input_ids"]
    n = next((i for i, token_id in enumerate(ids) if token_id != tokenizer.bos_token_id), len(ids))
    if n > 1:
        said = f"the tokenizer puts {token!r} first {n} times: load with bos=True for one, bos=False for none"
        return Check("beginning of text", "warning", said)
    if n == 1:
        return Check(
            "beginning of text", "ok", f"the tokenizer puts {token!r} first, unasked; bos=False leaves it out"
        )
    said = f"the tokenizer does not put {token!r} first; if the model learned with it, load with bos=True"
    return Check("beginning of text", "note", said)


def _end(tokenizer: Any, texts: list[str]) -> Iterator[Check]:
    for text in texts[:1]:
        whole, plain = (tokenizer(text, add_special_tokens=added)["input_ids"] for added in (True, False))
        if whole[-1:] != plain[-1:]:
            last = tokenizer.decode(whole[-1:])
            said = f"the tokenizer puts {last!r} last, unasked, and what comes next is read after it: give token ids"
            yield Check("end of text", "warning", said)


def _round_trip(tokenizer: Any, texts: list[str]) -> Check:
    name, folded = "tokenizer round trip", ""
    for text in texts:
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        back = tokenizer.decode(ids, clean_up_tokenization_spaces=False)
        # SentencePiece adds a space in front, or takes it away.
        if back.removeprefix(" ") == text.removeprefix(" "):
            continue
        if back.split() != text.split():
            said = f"{text!r} comes back as {back!r}: what the model reads is not what was written"
            return Check(name, "warning", said)
        folded = folded or f"{text!r} comes back as {back!r}: it reads any white space as one space"
    if folded:
        return Check(name, "note", folded)
    return Check(name, "ok", f"{len(texts)} texts come back as they were" if texts else "not tried")
