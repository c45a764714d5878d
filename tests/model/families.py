"""A tiny random model of every family, built from its config: nothing is downloaded."""

import torch
import transformers as hf

from tests.conftest import small_transformer

VOCAB, N_CTX = 50, 40
_BASE = {"vocab_size": VOCAB, "bos_token_id": 0, "eos_token_id": 0}
# With these, several heads share one key and value, and d_head is not d_model / n_heads.
_GROUPED = {
    **_BASE,
    "hidden_size": 32,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "intermediate_size": 24,
    "max_position_embeddings": N_CTX,
    "pad_token_id": 0,
}
_GPT = {"n_layer": 3, "n_head": 4, "n_embd": 32, "n_positions": N_CTX, **_BASE}

CONFIGS = {
    "GPT-2": (hf.GPT2LMHeadModel, hf.GPT2Config, _GPT),
    "GPT-Neo": (
        hf.GPTNeoForCausalLM,
        hf.GPTNeoConfig,
        {
            **_BASE,
            "hidden_size": 32,
            "num_layers": 4,
            "num_heads": 4,
            "attention_types": [[["global", "local"], 2]],
            "window_size": 4,
            "max_position_embeddings": N_CTX,
        },
    ),
    "GPT-NeoX": (
        hf.GPTNeoXForCausalLM,
        hf.GPTNeoXConfig,
        {k: v for k, v in _GROUPED.items() if k != "num_key_value_heads"},
    ),
    "GPT-NeoX, one after the other": (
        hf.GPTNeoXForCausalLM,
        hf.GPTNeoXConfig,
        {k: v for k, v in _GROUPED.items() if k != "num_key_value_heads"} | {"use_parallel_residual": False},
    ),
    "GPT-J": (hf.GPTJForCausalLM, hf.GPTJConfig, {**_GPT, "rotary_dim": 4}),
    "OPT": (
        hf.OPTForCausalLM,
        hf.OPTConfig,
        {
            **_BASE,
            "hidden_size": 32,
            "word_embed_proj_dim": 32,
            "num_hidden_layers": 3,
            "num_attention_heads": 4,
            "ffn_dim": 24,
            "max_position_embeddings": N_CTX,
            "pad_token_id": 1,
        },
    ),
    "Bloom": (hf.BloomForCausalLM, hf.BloomConfig, {**_BASE, "hidden_size": 32, "n_layer": 3, "n_head": 4}),
    "Llama": (hf.LlamaForCausalLM, hf.LlamaConfig, _GROUPED),
    "Mistral": (hf.MistralForCausalLM, hf.MistralConfig, {**_GROUPED, "sliding_window": 4}),
    "Qwen2": (hf.Qwen2ForCausalLM, hf.Qwen2Config, _GROUPED),
    "Qwen3": (hf.Qwen3ForCausalLM, hf.Qwen3Config, {**_GROUPED, "head_dim": 16}),
    "Gemma 2": (
        hf.Gemma2ForCausalLM,
        hf.Gemma2Config,
        {**_GROUPED, "head_dim": 16, "query_pre_attn_scalar": 16, "sliding_window": 4},
    ),
    "Gemma 3": (
        hf.Gemma3ForCausalLM,
        hf.Gemma3TextConfig,
        {**_GROUPED, "head_dim": 16, "query_pre_attn_scalar": 16, "sliding_window": 4, "sliding_window_pattern": 2},
    ),
    "Phi-3": (hf.Phi3ForCausalLM, hf.Phi3Config, _GROUPED),
}
FAMILIES = [*CONFIGS, "Transformer"]


def small(family, seed=0, **changes):
    """A tiny random model of a family, weights large enough that every part matters."""
    if family == "Transformer":
        return small_transformer(seed, n_layers=3)
    kind, config, sizes = CONFIGS[family]
    torch.manual_seed(seed)
    module = kind(config(**sizes, **changes)).eval()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weight in module.named_parameters():
            # Norms and biases off their ones and zeros, so that leaving one out shows.
            spread = 0.3 if weight.ndim > 1 else 0.1
            base = weight if weight.ndim == 1 else 0 * weight
            weight.copy_(base + spread * torch.randn(weight.shape, generator=generator))
    return module
