"""Prompts to token ids and back to the pieces that people read."""

from __future__ import annotations

import operator
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import compress
from typing import Any, SupportsIndex

import numpy as np
import torch
from jaxtyping import Bool, Int
from torch import Tensor

from mi_widgets.core.errors import PromptError
from mi_widgets.core.spans import PromptSpans
from mi_widgets.core.texts import plain_texts

Prompt = str | Iterable[str] | Sequence[int] | Sequence[Sequence[int]] | Tensor | np.ndarray


@dataclass(frozen=True)
class TokenizedPrompts:
    """A batch of prompts as ids, padded to one width.

    Args:
        ids: the token ids.
        mask: True at real tokens.
        tokens: the text of every token, "" at padding.
        left: whether the padding stands on the left.
    """

    ids: Int[Tensor, "batch pos"]
    mask: Bool[Tensor, "batch pos"]
    tokens: tuple[tuple[str, ...], ...]
    left: bool = False

    @property
    def lengths(self) -> tuple[int, ...]:
        """The number of real tokens of each prompt."""
        return tuple(self.mask.sum(-1).tolist())

    @property
    def last(self) -> Int[Tensor, " batch"]:
        """The column of the last real token of each prompt."""
        return torch.arange(self.mask.shape[1]).expand_as(self.mask).where(self.mask, -1).amax(-1)

    @cached_property
    def spans(self) -> PromptSpans:
        """Which columns each prompt takes up."""
        rows = self.mask.tolist()
        ids = tuple(tuple(compress(i, m)) for i, m in zip(self.ids.tolist(), rows, strict=True))
        tokens = tuple(tuple(compress(t, m)) for t, m in zip(self.tokens, rows, strict=True))
        return PromptSpans(self.lengths, self.ids.shape[1], self.left, 0, ids, tokens)


class Vocabulary:
    """A Hugging Face tokenizer (or none) behind the few questions that a model asks.

    Args:
        tokenizer: the tokenizer; without one, prompts are token ids and tokens show as numbers.
        size: the number of ids the model knows.
        n_ctx: the longest prompt it takes.
        name: the model's name, for messages.
        bos: whether a text gets the token that begins a text: True, False, or None for what the tokenizer does.

    Raises:
        PromptError: `bos=True` for a tokenizer that has no such token.
    """

    def __init__(self, tokenizer: Any, *, size: int, n_ctx: int, name: str, bos: bool | None = None) -> None:
        self.tokenizer, self.size, self.n_ctx, self.name, self.bos = tokenizer, size, n_ctx, name, bos
        self.bos_id: int | None = getattr(tokenizer, "bos_token_id", None)
        if bos and self.bos_id is None:
            raise PromptError(
                f"bos=True: the tokenizer of {name} has no token that begins a text; leave bos= out."
            )

    def tokenize(self, prompt: Prompt, *, padding_side: str = "right") -> TokenizedPrompts:
        """A prompt, several prompts, or token ids as a padded batch.

        Args:
            prompt: what to tokenize.
            padding_side: where shorter prompts are padded, `"right"` or `"left"`.

        Raises:
            PromptError: nothing to run, too long, or tokens the model does not know.
        """
        if padding_side not in ("right", "left"):
            raise PromptError(f'padding_side must be "right" or "left"; got {padding_side!r}.')
        rows = [self._row(item) for item in listed_prompts(prompt)]
        width, left = max(map(len, rows)), padding_side == "left"

        def padded(row: Sequence[Any], pad: Any) -> list[Any]:
            padding = [pad] * (width - len(row))
            return [*padding, *row] if left else [*row, *padding]

        ids = torch.tensor([padded(row, self._pad_id()) for row in rows])
        mask = torch.tensor([padded([True] * len(row), False) for row in rows])
        return TokenizedPrompts(ids, mask, tuple(tuple(padded(self.texts(row), "")) for row in rows), left)

    def cut(self, text: str) -> list[list[int]]:
        """A text's token ids in pieces that the model takes in; each begins as the text does, if that is special."""
        ids = self._encode(text)
        begin = [self.bos_id] if self.bos_id is not None and ids[:1] == [self.bos_id] else []
        rest, room = ids[len(begin) :], self.n_ctx - len(begin)
        return [begin + rest[first : first + room] for first in range(0, max(1, len(rest)), room)]

    def _row(self, item: Any) -> list[int]:
        ids = self._encode(item) if isinstance(item, str) else _whole_numbers(item)
        if ids is None:
            raise PromptError(f"A prompt is a text or token ids (whole numbers); got {item!r}.")
        if not ids and isinstance(item, str):
            raise PromptError(f"The tokenizer of {self.name} makes no token of {item!r}: is it this model's?")
        if not ids:
            raise PromptError("The prompt is empty: give a text, a list of texts, or token ids.")
        for i in ids:
            if not 0 <= i < self.size:
                raise PromptError(
                    f"Token id {i} is out of the vocabulary: {self.name} has ids 0 to {self.size - 1}."
                )
        if len(ids) > self.n_ctx:
            raise PromptError(
                f"The prompt has {len(ids)} tokens; {self.name} takes at most {self.n_ctx}. "
                f"Shorten it by {len(ids) - self.n_ctx}."
            )
        return ids

    def _encode(self, text: str) -> list[int]:
        if self.tokenizer is None:
            raise PromptError(
                f"{self.name} was loaded without a tokenizer: give token ids, or mi.load(module, tokenizer=…)."
            )
        if not text.strip():
            raise PromptError(f"The prompt is empty ({text!r}): give a text, a list of texts, or token ids.")
        ids = self._with_bos(list(self.tokenizer(text)["input_ids"]), text)
        unknown = self.tokenizer.unk_token_id
        # A word that silently becomes <unk> is a wrong experiment; GPT-2's "unknown" is its end of text.
        if unknown is not None and unknown in ids and unknown != self.tokenizer.eos_token_id:
            raise PromptError(
                f"{self.name} does not know {self._unknown(text)}: its vocabulary has {self.size} tokens, listed by "
                "model.vocabulary."
            )
        return ids

    def _unknown(self, text: str) -> str:
        """What a text has that is no token: words, or parts of them."""
        unknown, cut = self.tokenizer.unk_token_id, self.tokenizer
        words = [w for w in text.split() if unknown in cut(w, add_special_tokens=False)["input_ids"]]
        if words:
            return ", ".join(map(repr, words))
        parts = []
        if cut.is_fast:  # what is no token between words, as a line's end can be
            found = cut(text, add_special_tokens=False, return_offsets_mapping=True)
            pairs = zip(found["input_ids"], found["offset_mapping"], strict=True)
            parts = [repr(text[first:end]) for i, (first, end) in pairs if i == unknown]
        return f"{', '.join(dict.fromkeys(parts)) or 'a part'} of {text[:60]!r}"

    def _with_bos(self, ids: list[int], text: str) -> list[int]:
        if self.bos_id is None:
            return ids
        n = next((i for i, token in enumerate(ids) if token != self.bos_id), len(ids))
        if self.bos is not None:
            return [self.bos_id] * self.bos + ids[n:]
        if n > 1:
            warnings.warn(
                f"{text[:30]!r} begins with {n} times {self.tokenizer.bos_token!r}: the tokenizer adds it, and it is "
                "there. Leave it out of the text, or load the model with bos=True, which puts it there once.",
                stacklevel=8,  # where model.run(text) stands
            )
        return ids

    def chat(self, messages: Any) -> list[int]:
        """The ids of a conversation by the tokenizer's chat template, ready for an answer.

        Raises:
            PromptError: there is no template, or it does not take these messages.
        """
        if self.tokenizer is None:
            raise PromptError(
                f"{self.name} was loaded without a tokenizer, whose chat template is needed here."
            )
        if not getattr(self.tokenizer, "chat_template", None):
            raise PromptError(
                f"The tokenizer of {self.name} has no chat template: give the model plain text."
            )
        try:
            text = self.tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        except Exception as error:  # the template is the tokenizer's own program
            raise PromptError(
                'chat takes messages as [{"role": "user", "content": "…"}]; the template of '
                f"{self.name} could not use {messages!r}: {error}"
            ) from error
        # The template writes the tokens that begin and end a turn itself.
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def _pad_id(self) -> int:
        # Pads are masked, so any id would do where a tokenizer has none.
        pad = getattr(self.tokenizer, "pad_token_id", None)
        return pad if pad is not None and pad < self.size else 0

    def texts(self, ids: Sequence[int]) -> list[str]:
        """What each token stands for, leading space included."""
        if self.tokenizer is None:
            return [f" {i}" for i in ids]  # a space, as words have, so that numbers do not run together
        pieces = self.tokenizer.convert_ids_to_tokens(list(ids))
        # SentencePiece marks a leading space that decoding one token alone would drop.
        return [
            piece.replace("▁", " ") if piece is not None and "▁" in piece else self.tokenizer.decode([i])
            for i, piece in zip(ids, pieces, strict=True)
        ]

    def text(self, ids: Sequence[int]) -> str:
        """The text of a sequence of tokens, special ones left out."""
        if self.tokenizer is None:
            return "".join(self.texts(ids))
        return self.tokenizer.decode(list(ids), skip_special_tokens=True)


def listed_prompts(prompt: Prompt) -> list[Any]:
    """A prompt, or several, as a list: texts, and rows of token ids.

    Raises:
        PromptError: nothing to run, or no prompt.
    """
    prompt = plain_texts(prompt)
    if isinstance(prompt, str):
        return [prompt]
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
        raise PromptError("The prompt is empty: give a text, a list of texts, or token ids.")
    # A tensor can be an index too, but here it is a row.
    one_row = isinstance(prompt[0], SupportsIndex) and not getattr(prompt[0], "ndim", 0)
    return [prompt] if one_row else list(prompt)


def _whole_numbers(item: Any) -> list[int] | None:
    """Token ids of any make (numpy's, a tensor's) as ints; None if they are something else."""
    if isinstance(item, (Tensor, np.ndarray)):
        item = item.tolist()
    if not isinstance(item, Sequence) or isinstance(item, bytes) or any(isinstance(i, bool) for i in item):
        return None
    return [operator.index(i) for i in item] if all(isinstance(i, SupportsIndex) for i in item) else None
