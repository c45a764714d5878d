"""What a tokenizer does unasked: tokens it adds, and text that it loses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from .model_core import ModelCore
from .trust import Check, not_tried
from .unknown_tokens import has_unknown

_TEXT = "The  cat\n sat."


def tokenizer_checks(model: ModelCore) -> Iterator[Check]:
    """The token that begins a text, and whether a text survives.

    No tokenizer can end a load here: what it does not take is a check that was not tried.

    Args:
        model: the wrapped model.
    """
    tokenizer = model.tokenizer
    if tokenizer is None:
        named = "numbers" if model.named_tokens.names is None else "the texts of the vocabulary"
        yield Check("tokenizer", "note", f"none was given: prompts are token ids, tokens show as {named}")
        return
    try:
        texts = _texts(model)
    except Exception:  # of code that is not ours: it has no ids of its own to make a text of
        texts = []
    checks: dict[str, Callable[[], Check | None]] = {
        _BEGINNING: lambda: _bos(model, texts),
        _END: lambda: _end(tokenizer, texts),
        _ROUND_TRIP: lambda: _round_trip(tokenizer, texts),
    }
    for name, check in checks.items():
        try:
            found = check()
        except Exception as error:  # of code that is not ours
            found = not_tried(name, f"the tokenizer fails ({type(error).__name__}: {error})")
        if found is not None:
            yield found


_BEGINNING, _END, _ROUND_TRIP = "beginning of text", "end of text", "tokenizer round trip"
_NO_TEXT = "no text is known to this tokenizer"


def _texts(model: ModelCore) -> list[str]:
    """Texts that the tokenizer knows, some with two spaces or a new line."""
    tokenizer, n = model.tokenizer, model.config.d_vocab
    ids = [i for i in range(0, n, max(1, n // 12)) if i not in tokenizer.all_special_ids]
    words = tokenizer.decode(ids)
    tried = [_TEXT, words, words.replace(" ", "  ", 1), words.replace(" ", "\n", 1)]
    # A part of a character is no text.
    return [text for text in tried if text.strip() and "\ufffd" not in text and not _unknown(tokenizer, text)]


def _unknown(tokenizer: Any, text: str) -> bool:
    try:
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    except Exception:  # of code that is not ours: without a token for what it does not know
        return True
    return not ids or has_unknown(tokenizer, text, ids)


def _bos(model: ModelCore, texts: list[str]) -> Check:
    tokenizer, bos, name = model.tokenizer, model.bos, _BEGINNING
    if tokenizer.bos_token_id is None:
        return Check(name, "ok", "the tokenizer has no token for it")
    if not texts:
        return not_tried(name, _NO_TEXT)
    token, text = tokenizer.bos_token, texts[0]
    ids = tokenizer(text)["input_ids"] if bos is None else model.cut(text)[0]
    n = next((i for i, token_id in enumerate(ids) if token_id != tokenizer.bos_token_id), len(ids))
    if bos is not None:
        said = f"{token!r} {'stands first' if bos else 'is left out'}, as bos={bos} says"
        return (
            Check(name, "ok", said)
            if n == bos
            else Check(name, "warning", f"{token!r} stands first {n} times")
        )
    if n > 1:
        said = f"the tokenizer puts {token!r} first {n} times: load with bos=True for one, bos=False for none"
        return Check(name, "warning", said)
    if n == 1:
        return Check(name, "ok", f"the tokenizer puts {token!r} first, unasked; bos=False leaves it out")
    said = f"the tokenizer does not put {token!r} first; if the model learned with it, load with bos=True"
    return Check(name, "note", said)


def _end(tokenizer: Any, texts: list[str]) -> Check | None:
    for text in texts[:1]:
        whole, plain = (tokenizer(text, add_special_tokens=added)["input_ids"] for added in (True, False))
        if whole[-1:] != plain[-1:]:
            last = tokenizer.decode(whole[-1:])
            said = f"the tokenizer puts {last!r} last, unasked, and what comes next is read after it: give token ids"
            return Check(_END, "warning", said)
    return None


def _round_trip(tokenizer: Any, texts: list[str]) -> Check:
    name, folded = _ROUND_TRIP, ""
    if not texts:
        return not_tried(name, _NO_TEXT)
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
    return Check(name, "ok", f"{len(texts)} texts come back as they were")
