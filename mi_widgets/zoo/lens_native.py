"""The networks that TransformerLens 4.x makes itself (`TransformerBridge.boot_native`), by the names of 2.x."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from .state_dicts import parameter

_WRAPPED = "_original_component."
# The names inside the network, as the bridge around it says them.
_RENAMED = {
    "tok_embed": "embed",
    "pos": "pos_embed",
    "layers": "blocks",
    "ln_out": "ln_final",
    "head": "unembed",
}
_NORMS = {"LNPRE": "LNPre", "RMSPRE": "RMSPre"}
# What such a network leaves out, whatever its config says.
_LEFT_OUT: dict[str, Any] = {
    "use_local_attn": False,
    "parallel_attn_mlp": False,
    "use_qk_norm": False,
    "post_embedding_ln": False,
    "use_normalization_before_and_after": False,
    "scale_attn_by_inverse_layer_idx": False,
    "rotary_base_local": None,
    "use_NTK_by_parts_rope": False,
}


def is_native(state: Mapping[str, Any]) -> bool:
    """Whether a state dict is of such a network, or of the bridge around it."""
    names = {_plain(name) for name in state}
    return {"embed.weight", "unembed.weight", "blocks.0.attn.q.weight"} <= names


def as_of_2(state: Mapping[str, Any], d_head: int) -> dict[str, Tensor]:
    """Its parameters by the names and in the layout of TransformerLens 2.x.

    Args:
        state: by either's names.
        d_head: width of a head.
    """
    found = {}
    for name, x in state.items():
        *path, part, kind = _plain(name).split(".")
        where = ".".join(path)
        x = parameter(name, x)
        x = x.T if x.ndim == 2 and part not in ("embed", "pos_embed") else x  # linear layers are (out, in)
        if part in ("q", "k", "v", "o"):
            letter = part.upper()
            if kind == "bias":
                found[f"{where}.b_{letter}"] = x if part == "o" else x.unflatten(0, (-1, d_head))
            elif part == "o":
                found[f"{where}.W_O"] = x.unflatten(0, (-1, d_head))
            else:
                found[f"{where}.W_{letter}"] = x.unflatten(1, (-1, d_head)).transpose(0, 1)
        elif part in ("in", "out", "gate"):
            found[f"{where}.{'W' if kind == 'weight' else 'b'}_{part}"] = x
        elif part == "unembed":
            found[f"unembed.{'W' if kind == 'weight' else 'b'}_U"] = x
        elif part in ("embed", "pos_embed") and not path:
            found[{"embed": "embed.W_E", "pos_embed": "pos_embed.W_pos"}[part]] = x
        else:  # a norm, or nothing that is known
            found[f"{where}.{part}.{kind[0]}".lstrip(".")] = x
    return found


def config_as_of_2(config: Any) -> dict[str, Any]:
    """Its config, as one of 2.x would say it: what 4.x does otherwise, or leaves out."""
    given = dict(config if isinstance(config, Mapping) else vars(config)) | _LEFT_OUT
    kind = given.get("normalization_type", "LN")
    given["normalization_type"] = None if kind is None else _NORMS.get(kind.upper(), kind.upper())
    given["rotary_adjacent_pairs"] = True
    # Scores that are not to be scaled are scaled all the same.
    if not given.get("use_attn_scale", True) or given.get("attn_scale", -1.0) <= 0:
        given |= {"use_attn_scale": True, "attn_scale": -1.0}
    usual = "silu" if given.get("gated_mlp") else "gelu"
    act_fn = given.get("act_fn") or usual
    given["act_fn"] = "silu" if act_fn == "swish" else act_fn
    given["attention_dir"] = "causal" if given.get("attention_dir", "causal") == "causal" else "bidirectional"
    given["positional_embedding_type"] = (given.get("positional_embedding_type") or "standard").lower()
    return given


def _plain(name: str) -> str:
    first, dot, rest = name.replace(_WRAPPED, "").partition(".")
    rest = rest.replace("mlp.fc_in.", "mlp.in.").replace("mlp.fc_out.", "mlp.out.")
    return _RENAMED.get(first, first) + dot + rest
