"""Names of sites elsewhere: those that are taken, and what one that is not probably means."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

# TransformerLens's names that are taken -> ours, without their layer.
TRANSFORMER_LENS = {
    "hook_embed": "embed",
    "attn.hook_attn_scores": "scores",
    "mlp.hook_in": "mlp_in",  # of TransformerBridge
    "mlp.hook_pre": "mlp_pre",
    "mlp.hook_post": "mlp_post",
    "attn.hook_rot_q": "q",
    "attn.hook_rot_k": "k",
    **{f"attn.hook_{name}": name for name in ("q", "k", "v", "z", "pattern")},
    **{f"hook_{name}": name for name in ("resid_pre", "resid_mid", "resid_post", "attn_out", "mlp_out")},
}

# Those of what a module itself gives out: queries and keys before a model turns them.
OWN_OUTPUTS = ("attn.hook_q", "attn.hook_k")
# And modules of transformers, likewise: what attention and the MLP give out, before a norm behind them.
MODULES = {"attn_out": "self_attn", "mlp_out": "mlp"}

# The last part of a name elsewhere (TransformerLens's hooks, transformers' modules) -> the site that it is here.
_ELSEWHERE = {
    r"hook_(q|k|v|z|pattern|resid_pre|resid_mid|resid_post|attn_out|mlp_out)": r"\1",
    r"hook_rot_(q|k)": r"\1",
    r"hook_attn_scores": "scores",
    r"hook_result": "z",
    r"hook_(pre|post)": r"mlp_\1",
    r"hook_(attn|q|k|v)_in(put)?|ln_?1|input_layernorm": "resid_pre",
    r"hook_mlp_in|ln_?2|post_attention_layernorm": "resid_mid",
    r"attn|attention|self_attn|self_attention": "attn_out",
    r"mlp|ffn|feed_forward|block_sparse_moe": "mlp_out",
    r"act|act_fn|activation|activation_fn": "mlp_post",
    r"h|layers?|blocks?": "resid_post",
    r"wte|embed_tokens|embed_in|word_embeddings|hook_embed|embeddings?": "embed",
    r"resid_final|resid_last|ln_f(inal)?|norm|final_layer_?norm": "resid_post[-1]",
    r"lm_head|embed_out|unembed|output": "logits",
    r"attentions?|attention_pattern|attn_weights|probs": "pattern",
    r"hidden_states?|residual|resid(_stream)?": "resid_post",
    r"head_out(put)?s?|attn_z": "z",
}


def meant_by(name: str, known: Iterable[str]) -> str:
    """The site that a name probably means, as code writes it; empty where nothing is near.

    Args:
        name: what was given.
        known: the names that sites have here.
    """
    parts = name.split(".")
    layer = next((part for part in reversed(parts) if part.isdigit()), None)
    last = next((part for part in reversed(parts) if not part.isdigit()), "")
    site = _elsewhere(last)
    if not site:
        plain = last.lower().removeprefix("hook_")
        site = next(iter(difflib.get_close_matches(plain, list(known), n=1, cutoff=0.75)), "")
    whole = site in ("embed", "logits", "") or "[" in site
    return site and f"at.{site}" + ("" if layer is None or whole else f"[{layer}]")


def _elsewhere(last: str) -> str:
    for pattern, ours in _ELSEWHERE.items():
        found = re.fullmatch(pattern, last)
        if found:
            return found.expand(ours)
    return ""
