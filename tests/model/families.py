"""A tiny random model of every family, built from its config, and what the tests of them share."""

from functools import cache

import torch
import transformers as hf

import mi_widgets as mi
from mi_widgets import sites as at
from tests.conftest import small_transformer

VOCAB, N_CTX = 50, 40
_BASE = {"vocab_size": VOCAB, "bos_token_id": 0, "eos_token_id": 0}
_WIDTHS = {**_BASE, "hidden_size": 32, "max_position_embeddings": N_CTX}
_SIZES = {**_WIDTHS, "num_hidden_layers": 3, "num_attention_heads": 4}
_NEOX = {**_SIZES, "intermediate_size": 24}
# With these, several heads share one key and value, and d_head is not d_model / n_heads.
_GROUPED = {**_NEOX, "num_key_value_heads": 2, "pad_token_id": 0}
_GEMMA = {**_GROUPED, "head_dim": 16, "query_pre_attn_scalar": 16, "sliding_window": 4}
_GPT = {"n_layer": 3, "n_head": 4, "n_embd": 32, "n_positions": N_CTX, **_BASE}
_LOCAL = {"attention_types": [[["global", "local"], 2]], "window_size": 4}

CONFIGS = {
    "GPT-2": (hf.GPT2LMHeadModel, hf.GPT2Config, _GPT),
    "GPT-Neo": (
        hf.GPTNeoForCausalLM,
        hf.GPTNeoConfig,
        {**_WIDTHS, **_LOCAL, "num_layers": 4, "num_heads": 4},
    ),
    "GPT-NeoX": (hf.GPTNeoXForCausalLM, hf.GPTNeoXConfig, _NEOX),
    "GPT-NeoX, one after the other": (
        hf.GPTNeoXForCausalLM,
        hf.GPTNeoXConfig,
        {**_NEOX, "use_parallel_residual": False},
    ),
    "GPT-J": (hf.GPTJForCausalLM, hf.GPTJConfig, {**_GPT, "rotary_dim": 4}),
    "OPT": (
        hf.OPTForCausalLM,
        hf.OPTConfig,
        {**_SIZES, "word_embed_proj_dim": 32, "ffn_dim": 24, "pad_token_id": 1},
    ),
    "Bloom": (hf.BloomForCausalLM, hf.BloomConfig, {**_BASE, "hidden_size": 32, "n_layer": 3, "n_head": 4}),
    "Llama": (hf.LlamaForCausalLM, hf.LlamaConfig, _GROUPED),
    "Mistral": (hf.MistralForCausalLM, hf.MistralConfig, {**_GROUPED, "sliding_window": 4}),
    "Qwen2": (
        hf.Qwen2ForCausalLM,
        hf.Qwen2Config,
        {**_GROUPED, "use_sliding_window": True, "sliding_window": 4, "max_window_layers": 1},
    ),
    "Qwen3": (hf.Qwen3ForCausalLM, hf.Qwen3Config, {**_GROUPED, "head_dim": 16}),
    "Gemma 2": (hf.Gemma2ForCausalLM, hf.Gemma2Config, _GEMMA),
    "Gemma 3": (hf.Gemma3ForCausalLM, hf.Gemma3TextConfig, {**_GEMMA, "sliding_window_pattern": 2}),
    "Phi-3": (hf.Phi3ForCausalLM, hf.Phi3Config, {**_GROUPED, "sliding_window": 4}),
}
FAMILIES = [*CONFIGS, "Transformer"]


def small(family, seed=0, **changes):
    """A tiny random model of a family, weights large enough that every part matters."""
    if family == "Transformer":
        return small_transformer(seed, n_layers=3)
    kind, config, sizes = CONFIGS[family]
    torch.manual_seed(seed)
    module = kind(config(**(sizes | changes))).eval()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in module.parameters():
            # Norms and biases off their ones and zeros, so that leaving one out shows.
            spread = 0.3 if weight.ndim > 1 else 0.1
            base = weight if weight.ndim == 1 else 0 * weight
            weight.copy_(base + spread * torch.randn(weight.shape, generator=generator))
    return module


SITES = (
    *("embed", "resid_pre", "q", "k", "v", "scores", "pattern", "z", "attn_out", "resid_mid"),
    *("mlp_in", "mlp_pre", "mlp_post", "mlp_out", "resid_post", "logits"),
)
SQUARE = ("scores", "pattern")  # (batch, head, query, key)
PER_HEAD = ("q", "k", "v", "z")
LACKING = {"Bloom": {"scores"}, "GPT-J": {"resid_mid"}, "GPT-NeoX": {"resid_mid"}}


@cache
def loaded(family):
    """A loaded model of a family, one for all tests: they leave it as it was."""
    return mi.load(small(family))


def sites_of(family):
    return [name for name in SITES if name not in LACKING.get(family, ())]


def place(name, layer, head=None, pos=None):
    site = getattr(at, name)
    if name not in ("embed", "logits"):
        site = site[layer] if head is None else site[layer, head]
    return site if pos is None else site.pos(pos)


def close(x, y, by=2e-5):
    """Equal but for float32: what is masked is a huge negative number on both sides."""
    assert x.shape == y.shape
    x, y = (torch.where(t < -1e30, -1e30, t) for t in (x, y))
    return (x - y).abs().max() <= by * y[y > -1e30].abs().max().clamp(min=1)
