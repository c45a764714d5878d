"""The zoo's `Transformer`: it carries its own taps."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import nn

from mi_widgets.zoo.attention import KeyValueCache
from mi_widgets.zoo.transformer import Transformer
from mi_widgets.zoo.transformer_config import TransformerConfig

from .base import PARALLEL, Architecture, ModelConfig, Place, Weights
from .norms import affine_of, centre_output, fold_norm
from .writing import Writing

_BLOCK = "blocks.{layer}"


def _places(c: TransformerConfig) -> dict[str, Place]:
    places = {
        "embed": Place("embed"),
        "resid_pre": Place(_BLOCK, "input"),
        "resid_post": Place(_BLOCK),
        # What is added to the stream, so behind the norm after a sublayer (an Identity where there is none).
        "attn_out": Place(f"{_BLOCK}.ln1_post"),
        "q": Place(f"{_BLOCK}.attn.tap_q"),
        "k": Place(f"{_BLOCK}.attn.tap_k", cached=True),
        "v": Place(f"{_BLOCK}.attn.tap_v", cached=True),
        "scores": Place(f"{_BLOCK}.attn.tap_scores"),
        "pattern": Place(f"{_BLOCK}.attn.tap_pattern"),
        "z": Place(f"{_BLOCK}.attn.tap_z"),
        "logits": Place("cap"),
    }
    if not c.parallel_attn_mlp:
        places["resid_mid"] = Place(f"{_BLOCK}.tap_resid_mid")
    if c.d_mlp:
        places["mlp_in"] = Place(f"{_BLOCK}.mlp", "input")
        places["mlp_pre"] = Place(f"{_BLOCK}.mlp.tap_pre")
        places["mlp_post"] = Place(f"{_BLOCK}.mlp.tap_post")
        places["mlp_out"] = Place(f"{_BLOCK}.ln2_post")
    return places


def _describe(module: nn.Module) -> ModelConfig:
    c = cast(Transformer, module).config
    return ModelConfig(
        n_layers=c.n_layers,
        n_heads=c.n_heads,
        n_key_value_heads=c.key_value_heads,
        d_model=c.d_model,
        d_head=c.d_head,
        d_mlp=c.d_mlp,
        d_vocab=c.d_vocab,
        n_ctx=c.n_ctx,
    )


def _weights(module: Any) -> Weights:
    copies = module.config.n_heads // module.config.key_value_heads

    def read(name: str, norm: str = "") -> torch.Tensor:
        found = []
        for block in module.blocks:
            matrix = getattr(block.attn, name)
            if norm:  # of each query or key: its weight is that of the columns
                matrix = matrix * affine_of(getattr(block.attn, norm), matrix.shape[-1], matrix.device).scale
            if name != "W_Q":
                matrix = matrix.repeat_interleave(copies, 0)
            found.append(fold_norm(block.ln1, matrix))
        return torch.stack(found)

    with torch.no_grad():
        embedded = module.embed.ln(module.embed.W_E)
    return Weights(
        W_E=centre_output(module.ln_final, embedded),
        W_Q=read("W_Q", "q_norm"),
        W_K=read("W_K", "k_norm"),
        W_V=read("W_V"),
        W_O=torch.stack([_heads_write(module, layer).matrix for layer in range(len(module.blocks))]),
        W_U=fold_norm(module.ln_final, module.unembed.W_U),
        **_mlp_weights(module),
    )


def _mlp_weights(module: Any) -> dict[str, torch.Tensor]:
    blocks, config = module.blocks, module.config
    if not config.d_mlp:
        return {}
    found = {"W_out": torch.stack([_neurons_write(module, layer).matrix for layer in range(len(blocks))])}
    if not config.gated_mlp:
        found["W_in"] = torch.stack([fold_norm(block.ln2, block.mlp.W_in) for block in blocks])
    return found


def _heads_write(module: Any, layer: int) -> Writing:
    block = module.blocks[layer]
    return _writing(module, block.attn.W_O, block.attn.b_O, block.ln1_post)


def _neurons_write(module: Any, layer: int) -> Writing:
    block = module.blocks[layer]
    return _writing(module, block.mlp.W_out, block.mlp.b_out, block.ln2_post)


def _writing(module: Any, matrix: torch.Tensor, bias: torch.Tensor, after: nn.Module) -> Writing:
    flat = matrix.flatten(0, -2)
    return Writing(
        tuple(matrix.shape[:-1]),
        weight=lambda: flat,
        through=lambda held: held.to(flat) @ flat + bias,
        after=after,
        final=module.ln_final,
    )


def transformer(module: Transformer) -> Architecture:
    """The table for this `Transformer`; without MLPs it has no MLP sites."""
    c = module.config
    return Architecture(
        family="Transformer",
        describe=_describe,
        places=_places(c),
        forbidden={"resid_mid": PARALLEL} if c.parallel_attn_mlp else {},
        block=_BLOCK,
        final_norm="ln_final" if c.normalization else None,
        unembed="unembed",
        softcap=c.output_logits_soft_cap,
        normed_writes=c.use_normalization_before_and_after and c.normalization is not None,
        altered=("q", "k") if c.positional_embedding_type == "rotary" or c.use_qk_norm else (),
        looks_ahead=c.attention_dir == "bidirectional",
        assumed=module.assumed,
        # It counts positions by the mask itself.
        inputs=lambda ids, mask, positions, cache: {"input_ids": ids, "attention_mask": mask, "cache": cache},
        new_cache=KeyValueCache,
        weights=_weights,
        heads_write=_heads_write,
        neurons_write=_neurons_write,
        fresh=lambda module, seed: Transformer(cast(Transformer, module).config, seed=seed),
    )
