"""Every causal language model of transformers, as small as its config lets it be."""

from __future__ import annotations

from typing import Any

import torch
import transformers
from torch import nn
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES


def names() -> list[str]:
    """The classes, in alphabetical order."""
    several = (
        [names] if isinstance(names, str) else names for names in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES.values()
    )
    return sorted({name for names in several for name in names})


VOCAB = 100
WIDTH = 32
SIZES = {
    **dict.fromkeys(("hidden_size", "n_embd", "d_model", "word_embed_proj_dim", "emb_dim"), WIDTH),
    **dict.fromkeys(("num_attention_heads", "n_head", "n_heads", "num_heads", "decoder_attention_heads"), 4),
    **dict.fromkeys(
        ("intermediate_size", "n_inner", "ffn_dim", "d_ff", "ffn_hidden_size", "decoder_ffn_dim", "dff"), 64
    ),
    **dict.fromkeys(("max_position_embeddings", "n_positions", "max_seq_len"), 64),
    **dict.fromkeys(("num_experts", "num_local_experts", "n_routed_experts"), 4),
    **dict.fromkeys(("moe_intermediate_size", "shared_expert_intermediate_size"), 16),
    **dict.fromkeys(("num_experts_per_tok", "num_experts_per_token"), 2),
    **dict.fromkeys(("qk_rope_head_dim", "qk_nope_head_dim", "v_head_dim", "kv_lora_rank", "head_dim"), 8),
    **dict.fromkeys(("n_group", "topk_group", "first_k_dense_replace"), 1),
    # As narrow as shows in a prompt of eight tokens.
    **dict.fromkeys(("sliding_window", "attention_chunk_size", "window_size"), 4),
    # What is added, or said, so many times.
    "residual_multiplier": 0.5,
    "logits_scaling": 4.0,
    "embedding_multiplier": 3.0,
    # Of state spaces.
    **dict.fromkeys(("mamba_n_heads", "n_mamba_heads", "mamba_num_heads", "linear_num_heads"), 4),
    **dict.fromkeys(("linear_num_value_heads", "linear_num_key_heads"), 4),
    **dict.fromkeys(("mamba_d_head", "mamba_head_dim"), WIDTH * 2 // 4),
    **dict.fromkeys(("linear_head_dim", "linear_key_head_dim", "linear_value_head_dim"), 8),
    **dict.fromkeys(("mamba_d_state", "ssm_state_size", "state_size"), 8),
    # Of what has embeddings, or a stream, beside its own.
    "vocab_size_per_layer_input": VOCAB,
    "hidden_size_per_layer_input": 8,
    "laurel_rank": 8,
    "num_key_value_heads": 2,
    "is_decoder": True,
    "q_lora_rank": 16,
    "rotary_dim": 4,
    "vocab_size": VOCAB,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
_LAYERS = ("num_hidden_layers", "n_layer", "n_layers", "num_layers", "decoder_layers", "num_decoder_layers")
# What a config cannot hold together with the rest.
LEFT_OUT = (
    "logits_scaling",
    "num_key_value_heads",
    "head_dim",
    "v_head_dim",
    "sliding_window",
    "max_position_embeddings",
    "num_hidden_layers",
)
# What sets something of its own: rotations of each kind of layer, sizes of a part, experts that it leaves out.
_ROTATIONS = {
    kind: {"rope_type": "default", "rope_theta": 1e4} for kind in ("full_attention", "sliding_attention")
}
OTHERWISE: dict[str, dict[str, Any]] = {
    "CohereCompassForCausalLM": {"rope_parameters": _ROTATIONS},
    "CpmAntForCausalLM": {"dim_head": 8, "prompt_length": 4, "segment_types": 4, "prompt_types": 4},
    "DbrxForCausalLM": {
        "ffn_config": {"ffn_hidden_size": 64, "hidden_size": WIDTH, "moe_num_experts": 4, "moe_top_k": 2},
        "attn_config": {"kv_n_heads": 2, "clip_qkv": 8.0, "rope_theta": 1e4},
    },
    "Dots1ForCausalLM": {"n_shared_experts": 1},
    "Dots3NoteForCausalLM": {"per_layer_config": {}, "num_key_value_heads": 4, "head_dim": 16},
    "FalconH1ForCausalLM": {"mamba_d_ssm": WIDTH * 2},
    "Gemma3nForCausalLM": {"num_kv_shared_layers": 2},
    "Gemma4ForCausalLM": {"per_layer_config": {}},
    "Gemma4UnifiedForCausalLM": {"per_layer_config": {}},
    "GraniteMoeHybridForCausalLM": {"layer_types": ["linear_attention", "full_attention"]},
    "GPTNeoForCausalLM": {"attention_types": [[["global", "local"], 1]], "window_size": 4},
    "Lfm2ForCausalLM": {"layer_types": ["conv", "full_attention"], "num_hidden_layers": 2},
    "Lfm2MoeForCausalLM": {"layer_types": ["conv", "full_attention"], "num_dense_layers": 1},
    "Mamba2ForCausalLM": {"head_dim": WIDTH * 2 // 4, "n_groups": 2},
    "MllamaForCausalLM": {"cross_attention_layers": []},
    "NemotronHForCausalLM": {"n_groups": 2},
    "ProphetNetForCausalLM": {"num_decoder_attention_heads": 4},
    "Qwen4ExpForCausalLM": {
        "indexer_n_heads": 4,
        "indexer_kv_heads": 1,
        "indexer_head_dim": 8,
        "indexer_budget": 4,
        "indexer_compress_ratio": 2,
        "hc_lowrank": 8,
    },
    "ReformerModelWithLMHead": {"axial_pos_embds": False},
    "RoCBertForCausalLM": {"pronunciation_vocab_size": VOCAB, "shape_vocab_size": VOCAB},
    "XmodForCausalLM": {"default_language": "en_XX"},
    "ZambaForCausalLM": {
        "layers_block_type": ["linear_attention", "hybrid", "hybrid"],
        "num_hidden_layers": 3,
    },
    "ZayaForCausalLM": {"num_experts_per_tok": 1},
}
_PICTURES, _BESIDE = "takes pictures or sound", "continues what another model has begun to compute"
# What is no model of texts alone.
NOT_BUILT = {
    "BltForCausalLM": "takes bytes, cut into patches by a second model",
    "FuyuForCausalLM": _PICTURES,
    "Gemma4AssistantForCausalLM": _BESIDE,
    "Gemma4UnifiedAssistantForCausalLM": _BESIDE,
    "GitForCausalLM": _PICTURES,
    "MusicgenForCausalLM": "writes sound, in several tokens at once",
    "MusicgenMelodyForCausalLM": "writes sound, in several tokens at once",
    "Phi4MultimodalForCausalLM": _PICTURES,
    **{name: _PICTURES for name in names() if name.endswith("ForConditionalGeneration")},
}
_LARGEST = 5_000_000  # parameters: what is larger is not small yet


def small_decoder(name: str, *, seed: int = 0, **options: Any) -> nn.Module:
    """One of them, in evaluation mode, with weights of a size that shows in what it says.

    Args:
        name: of its class.
        seed: of its weights.
        options: of its config.

    Raises:
        ValueError: its config would make it large all the same.
    """
    cls = getattr(transformers, name)
    config = _config(cls.config_class, {**OTHERWISE.get(name, {}), **options})
    with torch.device("meta"):
        size = sum(weight.numel() for weight in cls(config).parameters())
    if size > _LARGEST:
        raise ValueError(f"{name} would have {size:,} parameters: its config needs sizes of its own here")
    torch.manual_seed(seed)
    module = cls(config).eval()
    with torch.no_grad():
        for weight in module.parameters():
            if weight.ndim > 1:
                nn.init.normal_(weight, std=0.2)
            else:  # norms and biases off their ones and zeros, so that leaving one out shows
                weight += 0.1 * torch.randn_like(weight)
        saved = module.state_dict().keys()
        for name, buffer in module.named_buffers():
            if name in saved and buffer.is_floating_point():
                buffer += 0.1 * torch.randn_like(buffer)
    return module


def _config(cls: Any, options: dict[str, Any]) -> Any:
    usual = cls()
    sizes = {key: size for key, size in SIZES.items() if _has(usual, key)} | _layers(usual)
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


def _has(config: Any, key: str) -> bool:
    try:
        return hasattr(config, key)
    except Exception:  # of a size that differs between layers
        return True


def _layers(usual: Any) -> dict[str, Any]:
    """Two layers, or one of each kind that its lists tell apart."""
    counts = [key for key in _LAYERS if _has(usual, key)]
    n = getattr(usual, counts[0]) if counts else None
    lists = {key: x for key, x in usual.to_dict().items() if isinstance(x, (list, tuple)) and len(x) == n}
    kinds = list(dict.fromkeys(zip(*lists.values(), strict=True)))[:4]
    kinds = (kinds * 2)[: max(2, len(kinds))]
    shown = {key: SIZES.get(key) or [kind[place] for kind in kinds] for place, key in enumerate(lists)}
    return dict.fromkeys(counts, len(kinds) or 2) | shown
