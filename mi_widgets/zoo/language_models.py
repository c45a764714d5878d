"""Shipped models of a stock Hugging Face architecture, whose folders Hugging Face's own loaders read too."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import torch
from transformers import GPTNeoXConfig, GPTNeoXForCausalLM, PreTrainedTokenizerFast

_START, _START_EMBED = 0.5, 0.1


def untrained(config: GPTNeoXConfig, *, seed: int) -> GPTNeoXForCausalLM:
    """A network at the start of its training.

    Matrices are normal with a standard deviation of 0.5 / sqrt(inputs), embeddings with 0.1 (the family's own start has
    0.02 for all).

    Args:
        config: the shape.
        seed: of the draw.
    """
    module = GPTNeoXForCausalLM(config)
    rng = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if parameter.ndim == 2:
                width = _START_EMBED if "embed_in" in name else _START / math.sqrt(parameter.shape[1])
                parameter.normal_(0, width, generator=rng)
    return module


def start(config: dict[str, Any], *, seed: int) -> GPTNeoXForCausalLM:
    """The untrained network of what a folder's `config.json` says."""
    return untrained(GPTNeoXConfig(**config), seed=seed)


def tokenizer(folder: Path) -> PreTrainedTokenizerFast:
    """The tokenizer whose files lie in a folder."""
    return PreTrainedTokenizerFast.from_pretrained(folder)
