"""Weights of a toy transformer trained elsewhere, as this `Transformer`'s."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from mi_widgets.core.errors import UnsupportedModel

_BUFFERS = ("mask", "IGNORE", "hook_", "num_batches")
_NEVER = -1e4  # the logit of a token that a network cannot say: no probability that a float could hold


def read_state_dict(state: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """The sizes (fields of `TransformerConfig`) and the parameters of a `Transformer`, from another's state dict.

    Args:
        state: by TransformerLens's names, in its layout (`W_Q` is [n_heads, d_model, d_head]) or in that of the code
            that came with the paper on grokking ([n_heads, d_head, d_model], and so on, transposed).

    Raises:
        UnsupportedModel: a parameter is missing, unknown, or of a shape that fits neither layout.
    """
    tensors = {
        name: torch.as_tensor(value).detach().float() for name, value in state.items() if _is_weight(name)
    }
    missing = [
        n for n in ("embed.W_E", "pos_embed.W_pos", "unembed.W_U", "blocks.0.attn.W_Q") if n not in tensors
    ]
    if missing:
        raise UnsupportedModel(
            f"from_state_dict: there is no {', '.join(missing)}. It takes parameters by TransformerLens's names; these "
            f"are {', '.join(list(state)[:8])}{', …' if len(state) > 8 else ''}."
        )
    n_ctx, d_model = tensors["pos_embed.W_pos"].shape
    if tensors["blocks.0.attn.W_O"].ndim == 2:
        tensors = _turned(tensors)
    n_layers = 1 + max(int(name.split(".")[1]) for name in tensors if name.startswith("blocks."))
    n_heads, _, d_head = _shape(tensors, "blocks.0.attn.W_Q", (None, d_model, None))
    d_vocab, _ = _shape(tensors, "embed.W_E", (None, d_model))
    d_mlp = tensors["blocks.0.mlp.W_in"].shape[-1] if "blocks.0.mlp.W_in" in tensors else 0
    sizes = {
        "n_layers": n_layers,
        "n_heads": n_heads,
        "d_model": d_model,
        "d_head": d_head,
        "d_vocab": d_vocab,
        "n_ctx": n_ctx,
        "d_mlp": d_mlp,
        "normalization": "LN" if "blocks.0.ln1.w" in tensors else None,
    }
    return sizes, _padded(tensors, d_vocab)


def _is_weight(name: str) -> bool:
    return not any(part.startswith(_BUFFERS) for part in name.split("."))


def _shape(tensors: Mapping[str, Tensor], name: str, wanted: tuple[int | None, ...]) -> tuple[int, ...]:
    found = tuple(tensors[name].shape)
    if len(found) != len(wanted) or any(w not in (None, f) for w, f in zip(wanted, found, strict=True)):
        said = ", ".join("any" if w is None else str(w) for w in wanted)
        raise UnsupportedModel(
            f"from_state_dict: {name} has shape {found}; with d_model {tensors['pos_embed.W_pos'].shape[1]} (from "
            f"pos_embed.W_pos) it would be ({said}). The layouts that are read are TransformerLens's and that of the "
            "grokking paper's code: transpose it."
        )
    return found


def _turned(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """From the layout of the grokking paper's code: matrices to be multiplied from the left."""
    found = {}
    for name, x in tensors.items():
        leaf = name.rsplit(".", 1)[-1]
        if leaf in ("W_Q", "W_K", "W_V"):
            x = x.transpose(1, 2)
        elif leaf == "W_O":
            heads = tensors[name.replace("W_O", "W_Q")].shape[0]
            x = x.T.unflatten(0, (heads, -1))
        elif leaf in ("W_E", "W_in", "W_out"):
            x = x.T
        found[name] = x.contiguous()
    return found


def _padded(tensors: dict[str, Tensor], d_vocab: int) -> dict[str, Tensor]:
    """With a logit for each token: a network need not be able to say all that it can read."""
    d_model, said = tensors["unembed.W_U"].shape
    if said < d_vocab:
        bias = tensors.get("unembed.b_U", torch.zeros(said))
        tensors["unembed.W_U"] = torch.cat([tensors["unembed.W_U"], torch.zeros(d_model, d_vocab - said)], 1)
        tensors["unembed.b_U"] = torch.cat([bias, torch.full((d_vocab - said,), _NEVER)])
    return tensors
