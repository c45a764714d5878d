"""`Parts`: a module made ready to be looked into, with what was made of it on the way."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nnsight import NNsight
from torch import nn

from .architectures import Architecture, ModelConfig
from .backend import lock_of
from .tokens import Vocabulary


@dataclass(frozen=True)
class Parts:
    """What a wrapped module is made of. It is examined and then used with the same parts.

    Args:
        module: the torch module, with its taps.
        name: for pictures and messages.
        architecture: its table of sites.
        config: its sizes.
        vocabulary: its tokenizer, or token ids alone.
        traced: the module as nnsight runs it.
        undo: takes the taps away.
    """

    module: nn.Module
    name: str
    architecture: Architecture
    config: ModelConfig
    vocabulary: Vocabulary
    traced: NNsight
    undo: Callable[[], None]


def tap_module(
    module: nn.Module, *, architecture: Architecture, tokenizer: Any, name: str, bos: bool | None
) -> Parts:
    """Add to a module what its sites need.

    Args:
        module: it is not copied.
        architecture: its table of sites.
        tokenizer: a Hugging Face tokenizer, or None.
        name: for pictures and messages.
        bos: whether a text gets the token that begins a text; None for what the tokenizer does.

    Raises:
        PromptError: `bos=True` for a tokenizer that has no such token.
    """
    config = architecture.describe(module)
    vocabulary = Vocabulary(tokenizer, size=config.d_vocab, n_ctx=config.n_ctx, name=name, bos=bos)
    with lock_of(module):
        undo = architecture.add_taps(module)
    with warnings.catch_warnings():
        # Of a module named `output`, as BERT's are: `find` knows where nnsight puts it.
        warnings.filterwarnings("ignore", message="Module '.*' has a submodule named")
        traced = NNsight(module)
    return Parts(module, name, architecture, config, vocabulary, traced, undo)
