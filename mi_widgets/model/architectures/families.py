"""The families of transformers that the lab knows: one small table each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from .base import Place
from .table import Table, first_half, heads, one_of_three

_GPT2 = Table(
    family="GPT-2",
    blocks="transformer.h",
    embed="transformer.wte",
    final_norm="transformer.ln_f",
    attention="attn",
    first_norm="ln_1",
    mid_norm="ln_2",
    mlp_pre="mlp.c_fc",
    mlp_down="mlp.c_proj",
    attn_out="attn",
    mlp_out="mlp",
    qkv="side by side",
    attention_writes="c_proj",
)

_GPT_NEO = replace(
    _GPT2, family="GPT-Neo", attention="attn.attention", qkv="three", attention_writes="out_proj"
)

_GPTJ = replace(
    _GPT2,
    family="GPT-J",
    mid_norm="ln_1",
    mlp_pre="mlp.fc_in",
    mlp_down="mlp.fc_out",
    qkv="three",
    attention_writes="out_proj",
    parallel=True,
)

_NEOX = Table(
    family="GPT-NeoX",
    blocks="gpt_neox.layers",
    embed="gpt_neox.embed_in",
    final_norm="gpt_neox.final_layer_norm",
    attention="attention",
    mid_norm="post_attention_layernorm",
    mlp_pre="mlp.dense_h_to_4h",
    mlp_down="mlp.dense_4h_to_h",
    attn_out="attention",
    mlp_out="mlp",
    qkv="by head",
    attention_writes="dense",
)

_OPT = Table(
    family="OPT",
    blocks="model.decoder.layers",
    embed="model.decoder.embed_tokens",
    final_norm="model.decoder.final_layer_norm",
    attention="self_attn",
    first_norm="self_attn_layer_norm",
    mid_norm="final_layer_norm",
    mlp_pre="fc1",
    mlp_down="fc2",
    attn_out="self_attn",
    mlp_out="fc2",
    attention_writes="out_proj",
    flat=True,
    unsupported=("do_layer_norm_before", False),
)

_BLOOM = Table(
    family="Bloom",
    blocks="transformer.h",
    embed="transformer.word_embeddings",
    final_norm="transformer.ln_f",
    attention="self_attention",
    mid_norm="post_attention_layernorm",
    mlp_pre="mlp.dense_h_to_4h",
    mlp_down="mlp.dense_4h_to_h",
    attn_out="self_attention.dense",
    mlp_out="mlp.dense_4h_to_h",
    qkv="by head",
    attention_writes="dense",
    taps=False,  # its attention asks no interface: what it passes through modules of its own is used
    takes_positions=False,
    places={
        **{
            name: lambda c, block, which=which: Place(
                f"{block}.self_attention.query_key_value", layout=one_of_three(c.n_heads, which)
            )
            for which, name in enumerate("qkv")
        },
        "pattern": lambda c, block: Place(f"{block}.self_attention.attention_dropout"),
        "z": lambda c, block: Place(f"{block}.self_attention.dense", "input", layout=heads(c.n_heads)),
        "resid_mid": lambda c, block: Place(f"{block}.self_attention", item=0),
    },
    forbidden={"scores": "Bloom makes them and their softmax in one step: use at.pattern"},
    unsupported=("apply_residual_connection_post_layernorm", True),
)

_LLAMA = Table(
    family="Llama",
    blocks="model.layers",
    embed="model.embed_tokens",
    final_norm="model.norm",
    attention="self_attn",
    mid_norm="post_attention_layernorm",
    mlp_pre="mlp.gate_proj",
    mlp_down="mlp.down_proj",
    attn_out="self_attn",
    mlp_out="mlp",
)

_PHI3 = replace(
    _LLAMA,
    family="Phi-3",
    qkv="side by side",
    places={"mlp_pre": lambda c, block: Place(f"{block}.mlp.gate_up_proj", layout=first_half())},
)

# Gemma normalises what attention and MLP write before it adds them.
_GEMMA2 = replace(
    _LLAMA,
    family="Gemma 2",
    mid_norm="pre_feedforward_layernorm",
    attn_out="post_attention_layernorm",
    mlp_out="post_feedforward_layernorm",
)

TABLES: dict[str, Callable[[Any], Table]] = {
    "BloomForCausalLM": lambda module: _BLOOM,
    "GPT2LMHeadModel": lambda module: _GPT2,
    "GPTJForCausalLM": lambda module: _GPTJ,
    "GPTNeoForCausalLM": lambda module: _GPT_NEO,
    "GPTNeoXForCausalLM": lambda module: replace(_NEOX, parallel=module.config.use_parallel_residual),
    "Gemma2ForCausalLM": lambda module: _GEMMA2,
    "Gemma3ForCausalLM": lambda module: replace(_GEMMA2, family="Gemma 3"),
    "LlamaForCausalLM": lambda module: _LLAMA,
    "MistralForCausalLM": lambda module: replace(_LLAMA, family="Mistral"),
    "OPTForCausalLM": lambda module: _OPT,
    "Phi3ForCausalLM": lambda module: _PHI3,
    "Qwen2ForCausalLM": lambda module: replace(_LLAMA, family="Qwen2"),
    "Qwen3ForCausalLM": lambda module: replace(_LLAMA, family="Qwen3"),
}
