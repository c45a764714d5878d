"""Shipped models of a stock Hugging Face architecture, whose folders Hugging Face's own loaders read too."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import torch
import transformers  # as a whole: its modelling code is loaded at first use

from mi_widgets.core.draws import seeded

_START, _START_EMBED, _START_BIAS = 0.5, 0.5, 1.0


def untrained(config: transformers.GPTNeoXConfig, *, seed: int) -> transformers.GPTNeoXForCausalLM:
    """A network at the start of its training.

    All is normal: matrices with a standard deviation of 0.5 / sqrt(inputs), embeddings with 0.5, the biases of queries,
    keys and values with 1 (the family's own start has 0.02 for all, and no biases). Rotated by their positions, these
    biases make a head look to some places more than to others before it has learned anything, and previous-token heads
    grow from that; with biases of zero no induction formed in the same time.

    Args:
        config: the shape.
        seed: of the draw.
    """
    module = transformers.GPTNeoXForCausalLM(config)
    rng = seeded(seed)
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if name.endswith("query_key_value.bias"):
                parameter.normal_(0, _START_BIAS, generator=rng)
            elif parameter.ndim == 2:
                width = _START_EMBED if "embed_in" in name else _START / math.sqrt(parameter.shape[1])
                parameter.normal_(0, width, generator=rng)
    return module


def start(config: dict[str, Any], *, seed: int) -> transformers.GPTNeoXForCausalLM:
    """The untrained network of what a folder's `config.json` says."""
    return untrained(transformers.GPTNeoXConfig(**config), seed=seed)


def tokenizer(folder: Path) -> transformers.PreTrainedTokenizerFast:
    """The tokenizer whose files lie in a folder."""
    return transformers.PreTrainedTokenizerFast.from_pretrained(folder)
