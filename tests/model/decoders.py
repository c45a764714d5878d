"""Every causal language model of transformers, as small as its config lets it be."""

from typing import Any

import torch
import transformers
from torch import nn
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

VOCAB = 100
SIZES = {
    **dict.fromkeys(("hidden_size", "n_embd", "d_model", "word_embed_proj_dim"), 32),
    **dict.fromkeys(("num_hidden_layers", "n_layer", "n_layers", "num_layers", "decoder_layers"), 2),
    **dict.fromkeys(("num_attention_heads", "n_head", "n_heads", "num_heads", "decoder_attention_heads"), 4),
    **dict.fromkeys(
        ("intermediate_size", "n_inner", "ffn_dim", "d_ff", "ffn_hidden_size", "decoder_ffn_dim"), 64
    ),
    **dict.fromkeys(("max_position_embeddings", "n_positions", "max_seq_len"), 64),
    **dict.fromkeys(("num_experts", "num_local_experts", "n_routed_experts"), 4),
    **dict.fromkeys(("moe_intermediate_size", "shared_expert_intermediate_size"), 16),
    **dict.fromkeys(("num_experts_per_tok", "num_experts_per_token"), 2),
    **dict.fromkeys(("qk_rope_head_dim", "qk_nope_head_dim", "v_head_dim", "kv_lora_rank", "head_dim"), 8),
    **dict.fromkeys(("n_group", "topk_group", "first_k_dense_replace"), 1),
    "num_key_value_heads": 2,
    "q_lora_rank": 16,
    "rotary_dim": 4,
    "sliding_window": 16,
    "vocab_size": VOCAB,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
# What a config cannot hold together with the rest.
LEFT_OUT = ("num_key_value_heads", "head_dim", "sliding_window")
# Where the sizes above do not fit together.
OTHERWISE: dict[str, dict[str, Any]] = {
    "GPTNeoForCausalLM": {"attention_types": [[["global", "local"], 1]]},
    "ZayaForCausalLM": {"num_experts_per_tok": 1},
}


def names() -> list[str]:
    """The classes, in alphabetical order."""
    several = (
        [names] if isinstance(names, str) else names for names in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES.values()
    )
    return sorted({name for names in several for name in names})


def small_decoder(name: str, *, seed: int = 0, **options: Any) -> nn.Module:
    """One of them, in evaluation mode, with weights of a size that shows in what it says.

    Args:
        name: of its class.
        seed: of its weights.
        options: of its config.
    """
    cls = getattr(transformers, name)
    config = _config(cls.config_class, {**OTHERWISE.get(name, {}), **options})
    torch.manual_seed(seed)
    module = cls(config).eval()
    with torch.no_grad():
        for weight in module.parameters():
            if weight.ndim > 1:
                nn.init.normal_(weight, std=0.2)
    return module


def _config(cls: Any, options: dict[str, Any]) -> Any:
    usual = cls()
    sizes = {key: size for key, size in SIZES.items() if hasattr(usual, key)}
    if "kv_lora_rank" in sizes:  # each head has its key, out of one small code
        sizes["num_key_value_heads"] = sizes["num_attention_heads"]
    left_out: list[str] = []
    while True:
        try:
            return cls(**{**{key: size for key, size in sizes.items() if key not in left_out}, **options})
        except Exception:
            rest = [key for key in LEFT_OUT if key in sizes and key not in left_out]
            if not rest:
                raise
            left_out.append(rest[0])
