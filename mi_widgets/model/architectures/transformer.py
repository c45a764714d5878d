"""The zoo's `Transformer`: it carries its own taps."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import nn

from mi_widgets.zoo.transformer import KeyValueCache, Transformer

from .base import Architecture, ModelConfig, Place, Weights, centre_output, fold_norm

_ATTENTION = {
    "resid_pre": Place("blocks.{layer}", "input"),
    "resid_mid": Place("blocks.{layer}.tap_resid_mid"),
    "resid_post": Place("blocks.{layer}"),
    "attn_out": Place("blocks.{layer}.attn"),
    "q": Place("blocks.{layer}.attn.tap_q"),
    "k": Place("blocks.{layer}.attn.tap_k", cached=True),
    "v": Place("blocks.{layer}.attn.tap_v", cached=True),
    "scores": Place("blocks.{layer}.attn.tap_scores"),
    "pattern": Place("blocks.{layer}.attn.tap_pattern"),
    "z": Place("blocks.{layer}.attn.tap_z"),
}
_MLP = {
    "mlp_in": Place("blocks.{layer}.mlp", "input"),
    "mlp_pre": Place("blocks.{layer}.mlp.tap_pre"),
    "mlp_post": Place("blocks.{layer}.mlp.tap_post"),
    "mlp_out": Place("blocks.{layer}.mlp"),
}


def _describe(module: nn.Module) -> ModelConfig:
    c = cast(Transformer, module).config
    return ModelConfig(c.n_layers, c.n_heads, c.n_heads, c.d_model, c.d_head, c.d_mlp, c.d_vocab, c.n_ctx)


def _weights(module: Any) -> Weights:
    def read(name: str) -> torch.Tensor:
        return torch.stack([fold_norm(block.ln1, getattr(block.attn, name)) for block in module.blocks])

    return Weights(
        W_E=centre_output(module.ln_final, module.embed.W_E),
        W_Q=read("W_Q"),
        W_K=read("W_K"),
        W_V=read("W_V"),
        W_O=torch.stack([_heads_write(module, layer) for layer in range(len(module.blocks))]),
        W_U=fold_norm(module.ln_final, module.unembed.W_U),
        **_mlp_weights(module),
    )


def _mlp_weights(module: Any) -> dict[str, torch.Tensor]:
    blocks = module.blocks
    if not hasattr(blocks[0], "mlp"):
        return {}
    return {
        "W_in": torch.stack([fold_norm(block.ln2, block.mlp.W_in) for block in blocks]),
        "W_out": torch.stack([_neurons_write(module, layer) for layer in range(len(blocks))]),
    }


def _heads_write(module: Any, layer: int) -> torch.Tensor:
    block = module.blocks[layer]
    return centre_output(block.ln1, block.attn.W_O)


def _neurons_write(module: Any, layer: int) -> torch.Tensor:
    block = module.blocks[layer]
    return centre_output(block.ln2, block.mlp.W_out)


def transformer(module: Transformer) -> Architecture:
    """The table for this `Transformer`; without MLPs it has no MLP sites."""
    mlp = _MLP if module.config.d_mlp else {}
    return Architecture(
        family="Transformer",
        describe=_describe,
        places={"embed": Place("embed"), **_ATTENTION, **mlp, "logits": Place("unembed")},
        block="blocks.{layer}",
        final_norm="ln_final" if module.config.normalization else None,
        unembed="unembed",
        # It counts positions by the mask itself.
        inputs=lambda ids, mask, positions, cache: {"input_ids": ids, "attention_mask": mask, "cache": cache},
        new_cache=KeyValueCache,
        weights=_weights,
        heads_write=_heads_write,
        neurons_write=_neurons_write,
        fresh=lambda module, seed: Transformer(cast(Transformer, module).config, seed=seed),
    )
