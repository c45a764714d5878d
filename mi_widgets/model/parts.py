"""`Parts`: a module made ready to be looked into, with what was made of it on the way."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from nnsight import NNsight
from torch import nn

from .architectures import Architecture, ModelConfig
from .architectures.computed import place_of
from .backend import lock_of
from .vocabulary import Vocabulary
from .watched import Watched
from .wrappers import compiled_parts


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
        compiled: whether a part of it was compiled in its place.
        watched: the modules that nnsight watches.
    """

    module: nn.Module
    name: str
    architecture: Architecture
    config: ModelConfig
    vocabulary: Vocabulary
    traced: NNsight
    undo: Callable[[], None]
    compiled: bool
    watched: Watched


class _Traced(NNsight):
    """nnsight's, which puts what goes in where the module computes, also where its weights are elsewhere till then."""

    @property
    def device(self) -> torch.device:
        """Where prompts go in."""
        return place_of(self._module)[0]


def tap_module(
    module: nn.Module,
    *,
    architecture: Architecture,
    tokenizer: Any,
    name: str,
    bos: bool | None,
    vocabulary: Sequence[str] | None = None,
) -> Parts:
    """Add to a module what its sites need.

    Args:
        module: it is not copied.
        architecture: its table of sites.
        tokenizer: a Hugging Face tokenizer, or None.
        name: for pictures and messages.
        bos: whether a text gets the token that begins a text; None for what the tokenizer does.
        vocabulary: without a tokenizer, the texts of the token ids.

    Raises:
        PromptError: `bos=True` for a tokenizer that has no such token.
        MIError: a vocabulary beside a tokenizer, or one without a text for each id.
    """
    config = architecture.describe(module)
    sizes = {"size": config.d_vocab, "n_ctx": config.n_ctx}
    known = Vocabulary(tokenizer, **sizes, name=name, bos=bos, names=vocabulary)
    with lock_of(module):
        undo = architecture.add_taps(module)
    compiled, watched = compiled_parts(module), Watched(module, architecture.places)
    with warnings.catch_warnings():
        # Of a module named `output`, as BERT's are: `find` knows where nnsight puts it.
        warnings.filterwarnings("ignore", message="Module '.*' has a submodule named")
        traced = _Traced(module)
    return Parts(module, name, architecture, config, known, traced, undo, compiled, watched)
