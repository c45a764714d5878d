"""Prompts to token ids and back to the pieces that people read."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch

from mi_widgets.core.errors import MIError, PromptError
from mi_widgets.core.given_prompts import Listed, Prompt, listed, token_ids
from mi_widgets.core.texts import Row

from .named_tokens import NamedTokens
from .padding import check_no_padding
from .tokens import TokenizedPrompts
from .unknown_tokens import has_unknown, unknown_id


class Vocabulary:
    """A Hugging Face tokenizer (or none) behind the few questions that a model asks.

    Args:
        tokenizer: the tokenizer; without one, prompts are token ids and tokens show as numbers, or as `names` says.
        size: the number of ids the model knows.
        n_ctx: the longest prompt it takes.
        name: the model's name, for messages.
        bos: whether a text gets the token that begins a text: True, False, or None for what the tokenizer does.
        names: without a tokenizer, the texts of the token ids.

    Raises:
        PromptError: `bos=True` for a tokenizer that has no such token.
        MIError: names beside a tokenizer, or not one for each id.
    """

    def __init__(
        self,
        tokenizer: Any,
        *,
        size: int,
        n_ctx: int,
        name: str,
        bos: bool | None = None,
        names: Sequence[str] | None = None,
    ) -> None:
        self.tokenizer, self.size, self.n_ctx, self.name, self.bos = tokenizer, size, n_ctx, name, bos
        if names is not None and tokenizer is not None:
            raise MIError(
                "mi.load: vocabulary= is for a model without a tokenizer, whose own vocabulary a tokenizer has; "
                "give one of both."
            )
        self.named = NamedTokens(names, size=size, model=name)
        self.bos_id: int | None = getattr(tokenizer, "bos_token_id", None)
        if bos and self.bos_id is None:
            raise PromptError(
                f"bos=True: the tokenizer of {name} has no token that begins a text; leave bos= out."
            )

    def listed(self, prompt: Prompt, attention_mask: Any = None) -> Listed:
        """Prompts one by one: texts, and `Row`s of token ids in which no padding is taken for text.

        Args:
            prompt: what is given.
            attention_mask: of token ids: 1 at tokens, 0 at padding.

        Raises:
            PromptError: nothing to run, no prompt, or ids that a tokenizer has padded.
        """
        found = listed(prompt, attention_mask)
        check_no_padding(found.items, self.tokenizer)
        return replace(
            found, items=[item if isinstance(item, str) else Row(self._ids(item)) for item in found.items]
        )

    def tokenize(
        self, prompt: Prompt, *, padding_side: str | None = None, attention_mask: Any = None
    ) -> TokenizedPrompts:
        """A prompt, several prompts, or token ids as a padded batch.

        Args:
            prompt: what to tokenize.
            padding_side: where shorter prompts are padded, `"right"` or `"left"`; by default ids with a mask stay as
                they are, and others are padded on the right.
            attention_mask: of token ids: 1 at tokens, 0 at padding.

        Raises:
            PromptError: nothing to run, too long, or tokens the model does not know.
        """
        if padding_side not in ("right", "left", None):
            raise PromptError(f'padding_side must be "right" or "left"; got {padding_side!r}.')
        given = self.listed(prompt, attention_mask)
        rows = [self._fitting(item) for item in given.items]
        left = padding_side == "left" or (padding_side is None and bool(given.left))
        width = max([*map(len, rows), given.width if padding_side is None else 0])

        def padded(row: Sequence[Any], pad: Any) -> list[Any]:
            padding = [pad] * (width - len(row))
            return [*padding, *row] if left else [*row, *padding]

        ids = torch.tensor([padded(row, self._pad_id()) for row in rows])
        mask = torch.tensor([padded([True] * len(row), False) for row in rows])
        return TokenizedPrompts(ids, mask, tuple(tuple(padded(self.texts(row), "")) for row in rows), left)

    def cut(self, prompt: str | Sequence[int]) -> list[Row]:
        """The token ids of one prompt in pieces that the model takes in; each begins as it does, if that is special."""
        ids = self._encode(prompt) if isinstance(prompt, str) else self._ids(prompt)
        begin = [self.bos_id] if self.bos_id is not None and list(ids[:1]) == [self.bos_id] else []
        rest, room = ids[len(begin) :], self.n_ctx - len(begin)
        return [Row([*begin, *rest[first : first + room]]) for first in range(0, max(1, len(rest)), room)]

    def _ids(self, item: Any) -> Sequence[int]:
        """One row of token ids, checked; without a tokenizer also of tokens' texts."""
        if self.tokenizer is None and isinstance(item, (list, tuple)) and item:
            item = self.named.row(item) if all(isinstance(piece, str) for piece in item) else item
        ids = token_ids(item)
        if ids is None:
            raise PromptError(f"A prompt is a text or token ids (whole numbers); got {item!r}.")
        if not ids:
            raise PromptError("The prompt is empty: give a text, a list of texts, or token ids.")
        for i in ids:
            if not 0 <= i < self.size:
                raise PromptError(
                    f"Token id {i} is out of the vocabulary: {self.name} has ids 0 to {self.size - 1}."
                )
        return ids

    def _fitting(self, item: str | Row) -> Sequence[int]:
        ids = self._ids(self._encode(item)) if isinstance(item, str) else item
        if len(ids) > self.n_ctx:
            raise PromptError(
                f"The prompt has {len(ids)} tokens; {self.name} takes at most {self.n_ctx}. "
                f"Shorten it by {len(ids) - self.n_ctx}."
            )
        return ids

    def _encode(self, text: str) -> list[int]:
        if not text.strip():
            raise PromptError(f"The prompt is empty ({text!r}): give a text, a list of texts, or token ids.")
        if self.tokenizer is None:
            return self.named.ids(text)
        ids = self._with_bos(self.encoded(text), text)
        if not ids:
            raise PromptError(f"The tokenizer of {self.name} makes no token of {text!r}: is it this model's?")
        # A word that silently becomes <unk> is a wrong experiment.
        if has_unknown(self.tokenizer, text, ids):
            raise PromptError(
                f"{self.name} does not know {self._unknown(text)}: its vocabulary has {self.size} tokens, listed by "
                "model.vocabulary."
            )
        return ids

    def encoded(self, text: str, **options: Any) -> list[int]:
        """What the tokenizer makes of a text.

        Raises:
            PromptError: it cannot, as one without a token for what it does not know.
        """
        try:
            return list(self.tokenizer(text, **options)["input_ids"])
        except Exception as error:  # of code that is not ours
            raise PromptError(f"The tokenizer of {self.name} cannot read {text!r:.60}: {error}") from error

    def _unknown(self, text: str) -> str:
        """What a text has that is no token: words, or parts of them."""
        unknown, cut = unknown_id(self.tokenizer), self.tokenizer
        words = [
            w for w in text.split() if has_unknown(cut, w, cut(w, add_special_tokens=False)["input_ids"])
        ]
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
            return [self.named.text(i) for i in ids]
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
