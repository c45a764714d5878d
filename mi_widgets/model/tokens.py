"""A batch of prompts as token ids, padded to one width."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import compress

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from mi_widgets.core.spans import PromptSpans


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
