"""Hugging Face's GPT-2 family (`GPT2LMHeadModel`)."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from mi_widgets.model.attention import add_taps

from .base import Architecture, ModelConfig, Place, Weights, reading, writing


def _describe(module: Any) -> ModelConfig:
    c = module.config
    return ModelConfig(
        n_layers=c.n_layer,
        n_heads=c.n_head,
        d_model=c.n_embd,
        d_head=c.n_embd // c.n_head,
        d_mlp=c.n_inner or 4 * c.n_embd,
        d_vocab=c.vocab_size,
        n_ctx=c.n_positions,
    )


def _prepare(module: Any) -> Callable[[], None]:
    return add_taps(module, [block.attn for block in module.transformer.h])


def _fresh(module: Any, seed: int) -> nn.Module:
    config = copy.deepcopy(module.config)
    config._attn_implementation = "eager"  # the original's needs taps, which the new module gets at load
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return type(module)(config)


def _weights(module: Any) -> Weights:
    heads, blocks = module.config.n_head, module.transformer.h
    # One matrix (d_model, 3 × d_model) holds q, k and v of all heads side by side.
    read = torch.stack([reading(block.ln_1, block.attn.c_attn.weight) for block in blocks])
    by_head = read.unflatten(-1, (3, heads, -1))  # layer, d_model, which, head, d_head
    q, k, v = (by_head[:, :, i].transpose(1, 2) for i in range(3))
    written = torch.stack([writing(block.ln_1, block.attn.c_proj.weight) for block in blocks])
    return Weights(
        W_E=writing(module.transformer.ln_f, module.transformer.wte.weight),
        W_Q=q,
        W_K=k,
        W_V=v,
        W_O=written.unflatten(1, (heads, -1)),
        W_U=reading(module.transformer.ln_f, module.lm_head.weight.T),
    )


def gpt2(module: nn.Module) -> Architecture:
    """The table for GPT-2 and its relatives."""
    block = "transformer.h.{layer}"
    return Architecture(
        family="GPT-2",
        describe=_describe,
        places={
            "embed": Place("transformer.wte"),
            "resid_pre": Place(block, "input"),
            # GPT-2 has no module that returns the sum after attention: it is read where the second LayerNorm
            # takes it in, and changed through the attention's output.
            "resid_mid": Place(
                f"{block}.ln_2", "input", write_path=f"{block}.attn", item=0, relative_to=block
            ),
            "resid_post": Place(block),
            "attn_out": Place(f"{block}.attn", item=0),
            "mlp_pre": Place(f"{block}.mlp.c_fc"),
            "mlp_post": Place(f"{block}.mlp.act"),
            "mlp_out": Place(f"{block}.mlp"),
            **{name: Place(f"{block}.attn.tap_{name}") for name in ("q", "k", "v", "scores", "pattern", "z")},
            "logits": Place("lm_head"),
        },
        inputs=lambda ids, mask: {"input_ids": ids, "attention_mask": mask, "use_cache": False},
        weights=_weights,
        fresh=_fresh,
        prepare=_prepare,
    )
