"""Which latents of a dictionary fire, and how strongly: one formula a kind, and what is done to activations before."""

from __future__ import annotations

from typing import Literal, get_args

import torch
from jaxtyping import Float
from torch import Tensor

Kind = Literal["topk", "batch_topk", "jumprelu", "l1", "gated", "tanh_relu", "groupmax"]
KINDS: tuple[Kind, ...] = get_args(Kind)
THRESHOLDED: tuple[Kind, ...] = ("batch_topk", "jumprelu", "gated")
COUNTED: tuple[Kind, ...] = ("topk", "groupmax")  # a fixed number of latents at each token

# SAELens's words for how an activation is scaled by its own length before it is read.
Scaling = Literal["none", "layer_norm", "constant_norm_rescale"]
SCALINGS: tuple[Scaling, ...] = get_args(Scaling)
DTYPES = (torch.float16, torch.bfloat16, torch.float32, torch.float64)  # in which torch multiplies matrices
_EPS = 1e-5  # of "layer_norm"


def fired(
    before: Float[Tensor, "*batch d_sae"], kind: Kind, k: int | None, threshold: Tensor | None
) -> Float[Tensor, "*batch d_sae"]:
    """The latents from what was there before it was decided which of them fire; none is below 0.

    Args:
        before: `(x - b) @ W_enc + b_enc`.
        kind: see `SAE`.
        k: of `COUNTED` kinds.
        threshold: of `THRESHOLDED` kinds.
    """
    positive = before.relu()
    match kind:
        case "topk":
            kept = positive.topk(k or 1, dim=-1)
            return torch.zeros_like(positive).scatter(-1, kept.indices, kept.values)
        case "groupmax":
            groups = positive.unflatten(-1, (k or 1, -1))
            greatest = groups.max(-1, keepdim=True)
            kept = torch.zeros_like(groups).scatter(-1, greatest.indices, greatest.values)
            return kept.flatten(-2)
        case "l1":
            return positive
        case "tanh_relu":
            return positive.tanh()
        case _:
            assert threshold is not None
            return positive * (before > threshold.to(before))


def unit_of(x: Float[Tensor, "*batch d"], scaling: Scaling) -> tuple[Tensor, Tensor]:
    """What is taken away from an activation before it is read, and what one is worth in its reconstruction.

    Args:
        x: the activation.
        scaling: not `"none"`.

    Returns:
        both (*batch, 1).
    """
    if scaling == "layer_norm":
        return x.mean(-1, keepdim=True), x.std(-1, keepdim=True)
    size = x.norm(dim=-1, keepdim=True) / x.shape[-1] ** 0.5
    return torch.zeros_like(size), size


def scaled(x: Float[Tensor, "*batch d"], scaling: Scaling) -> Float[Tensor, "*batch d"]:
    """An activation as the encoder reads it; all zeros stays that."""
    if scaling == "none":
        return x
    mean, size = unit_of(x, scaling)
    return (x - mean) / (size + _EPS if scaling == "layer_norm" else size.clamp_min(1e-30))
