"""Prompts to token ids and back to the pieces that people read."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, SupportsIndex

import numpy as np
import torch
from jaxtyping import Bool, Int
from torch import Tensor

from mi_widgets.core.errors import PromptError

Prompt = str | Sequence[str] | Sequence[int] | Sequence[Sequence[int]] | Tensor | np.ndarray


@dataclass(frozen=True)
class Tokenized:
    """A batch of prompts as ids, padded on the right.

    Args:
        ids: the token ids.
        mask: True at real tokens.
        tokens: the text of every token, "" at padding.
    """

    ids: Int[Tensor, "batch pos"]
    mask: Bool[Tensor, "batch pos"]
    tokens: tuple[tuple[str, ...], ...]

    @property
    def lengths(self) -> tuple[int, ...]:
        """The number of real tokens of each prompt."""
        return tuple(self.mask.sum(-1).tolist())


class Vocabulary:
    """A Hugging Face tokenizer (or none) behind the few questions that a model asks.

    Args:
        tokenizer: the tokenizer; without one, prompts are token ids and tokens show as numbers.
        size: the number of ids the model knows.
        n_ctx: the longest prompt it takes.
        name: the model's name, for messages.
    """

    def __init__(self, tokenizer: Any, *, size: int, n_ctx: int, name: str) -> None:
        self.tokenizer, self.size, self.n_ctx, self.name = tokenizer, size, n_ctx, name

    def tokenize(self, prompt: Prompt) -> Tokenized:
        """A prompt, several prompts, or token ids as a padded batch.

        Raises:
            PromptError: nothing to run, too long, or tokens the model does not know.
        """
        rows = [self._row(item) for item in self._items(prompt)]
        width = max(map(len, rows))
        pad = self._pad_id()
        ids = torch.tensor([row + [pad] * (width - len(row)) for row in rows])
        mask = torch.tensor([[True] * len(row) + [False] * (width - len(row)) for row in rows])
        tokens = tuple(tuple(self.texts(row)) + ("",) * (width - len(row)) for row in rows)
        return Tokenized(ids, mask, tokens)

    def _items(self, prompt: Prompt) -> list[Any]:
        if isinstance(prompt, (Tensor, np.ndarray)):
            ids = torch.as_tensor(prompt)
            if ids.is_floating_point() or ids.dtype == torch.bool or ids.ndim not in (1, 2):
                raise PromptError(
                    f"Token ids are whole numbers of shape (pos,) or (batch, pos); got {ids.dtype} {tuple(ids.shape)}."
                )
            prompt = ids.tolist()
        if isinstance(prompt, str):
            return [prompt]
        if not isinstance(prompt, Sequence) or isinstance(prompt, bytes):
            raise PromptError(
                f"A prompt is a text, a list of texts, or token ids; got {type(prompt).__name__}."
            )
        if not len(prompt):
            raise PromptError("The prompt is empty: give a text, a list of texts, or token ids.")
        # A tensor can be an index too, but here it is a row.
        one_row = isinstance(prompt[0], SupportsIndex) and not getattr(prompt[0], "ndim", 0)
        return [prompt] if one_row else list(prompt)

    def _row(self, item: Any) -> list[int]:
        ids = self._encode(item) if isinstance(item, str) else _whole_numbers(item)
        if ids is None:
            raise PromptError(f"A prompt is a text or token ids (whole numbers); got {item!r}.")
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
        ids = list(self.tokenizer(text)["input_ids"])
        unknown = self.tokenizer.unk_token_id
        # A word that silently becomes <unk> is a wrong experiment; GPT-2's "unknown" is its end of text.
        if unknown is not None and unknown in ids and unknown != self.tokenizer.eos_token_id:
            words = [
                w for w in text.split() if unknown in self.tokenizer(w, add_special_tokens=False)["input_ids"]
            ]
            raise PromptError(
                f"{self.name} does not know {', '.join(map(repr, words)) or 'part of the prompt'}: its vocabulary has "
                f"{self.size} tokens, listed by model.vocabulary."
            )
        return ids

    def _pad_id(self) -> int:
        # Pads lie on the right under a causal mask, so any id would do where a tokenizer has none.
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


def _whole_numbers(item: Any) -> list[int] | None:
    """Token ids of any make (numpy's, a tensor's) as ints; None if they are something else."""
    if isinstance(item, (Tensor, np.ndarray)):
        item = item.tolist()
    if not isinstance(item, Sequence) or isinstance(item, bytes) or any(isinstance(i, bool) for i in item):
        return None
    return [operator.index(i) for i in item] if all(isinstance(i, SupportsIndex) for i in item) else None
