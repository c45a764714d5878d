"""`PromptReader`: what a model knows of texts and token ids."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

from mi_widgets.core.given_prompts import Prompt
from mi_widgets.core.texts import Row
from mi_widgets.core.torch_defaults import torch_defaults

from .named_tokens import NamedTokens
from .tokens import TokenizedPrompts
from .vocabulary import Vocabulary


class PromptReader:
    """From prompts to token ids and back.

    Args:
        vocabulary: the tokenizer, or what stands for one.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary

    @property
    def bos(self) -> bool | None:
        """What `mi.load(bos=…)` was told."""
        return self._vocabulary.bos

    @property
    def tokenizer(self) -> Any:
        """The Hugging Face tokenizer, or None."""
        return self._vocabulary.tokenizer

    @cached_property
    def vocabulary(self) -> tuple[str, ...]:
        """The text of every token id, in order."""
        return tuple(self._vocabulary.texts(range(self._vocabulary.size)))

    def vocabulary_of(self, ids: Iterable[int]) -> list[str]:
        """The text of each of some token ids, leading space included."""
        return self._vocabulary.texts(list(ids))

    @cached_property
    def special_texts(self) -> frozenset[str]:
        """The texts of the tokenizer's special tokens."""
        found = self.vocabulary_of(getattr(self.tokenizer, "all_special_ids", None) or ())
        return frozenset(text for text in found if text)  # padding has none

    @property
    def named_tokens(self) -> NamedTokens:
        """What tokens are called where there is no tokenizer."""
        return self._vocabulary.named

    def tokenize(
        self, prompt: Prompt, *, padding_side: str | None = None, attention_mask: Any = None
    ) -> TokenizedPrompts:
        """A prompt, several, or token ids as the padded batch that a run takes in.

        Args:
            prompt: what to tokenize.
            padding_side: where shorter prompts are padded, `"right"` or `"left"`; by default ids with a mask stay as
                they are, and others are padded on the right.
            attention_mask: of token ids: 1 at tokens, 0 at padding.

        Raises:
            PromptError: empty, too long, or tokens the model does not know; padding without a mask.
        """
        with torch_defaults():
            return self._vocabulary.tokenize(prompt, padding_side=padding_side, attention_mask=attention_mask)

    def listed(self, prompt: Prompt) -> list[str | Row]:
        """Prompts one by one: texts, and token ids in which no padding is left.

        Raises:
            PromptError: nothing to run, no prompt, or ids that a tokenizer has padded.
        """
        return self._vocabulary.listed(prompt).items

    def cut(self, prompt: str | Sequence[int]) -> list[Row]:
        """The token ids of a text of any length, or of ids, in pieces that a run takes in.

        Raises:
            PromptError: empty, or tokens the model does not know.
        """
        return self._vocabulary.cut(prompt)

    def encoded(self, text: str) -> list[int]:
        """What the tokenizer makes of a text, without the tokens that begin and end one."""
        return self._vocabulary.encoded(text, add_special_tokens=False)

    def text_of(self, ids: Sequence[int]) -> str:
        """The text of a sequence of tokens, special ones left out."""
        return self._vocabulary.text(ids)

    def chat(self, messages: Sequence[dict[str, str]]) -> list[int]:
        """A conversation as the prompt that asks for the next answer: `model.generate(model.chat([…]))`.

        Args:
            messages: as in `[{"role": "user", "content": "Who wrote Faust?"}]`.

        Returns:
            token ids by the tokenizer's own template, which writes the tokens between the turns (and the one that
            begins the text, once).

        Raises:
            PromptError: the tokenizer has no chat template, or it does not take these messages.
        """
        return self._vocabulary.chat(messages)
