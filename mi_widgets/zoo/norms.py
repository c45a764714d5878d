"""The norms of a `Transformer`, with TransformerLens's parameter names `w` and `b`."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from .transformer_config import TransformerConfig


class LayerNorm(nn.Module):
    """Each position centred, scaled to variance 1, then `w` and `b`."""

    def __init__(self, width: int, eps: float) -> None:
        super().__init__()
        self.eps = eps
        self.w = nn.Parameter(torch.ones(width))
        self.b = nn.Parameter(torch.zeros(width))

    def forward(self, x: Float[Tensor, "*place width"]) -> Float[Tensor, "*place width"]:
        """The normed vectors."""
        return F.layer_norm(x, (x.shape[-1],), self.w, self.b, self.eps)


class LayerNormPre(nn.Module):
    """A LayerNorm without weights: those are folded into what reads after it."""

    def __init__(self, eps: float) -> None:
        super().__init__()
        self.eps = eps

    def forward(self, x: Float[Tensor, "*place width"]) -> Float[Tensor, "*place width"]:
        """The normed vectors."""
        return F.layer_norm(x, (x.shape[-1],), eps=self.eps)


class RMSNormPre(nn.Module):
    """An RMSNorm without weights: each position scaled to a mean square of 1."""

    def __init__(self, eps: float) -> None:
        super().__init__()
        self.eps = eps

    def forward(self, x: Float[Tensor, "*place width"]) -> Float[Tensor, "*place width"]:
        """The normed vectors."""
        return F.rms_norm(x, (x.shape[-1],), eps=self.eps)


class RMSNorm(nn.Module):
    """Each position scaled to a mean square of 1, then `w`."""

    def __init__(self, width: int, eps: float) -> None:
        super().__init__()
        self.eps = eps
        self.w = nn.Parameter(torch.ones(width))

    def forward(self, x: Float[Tensor, "*place width"]) -> Float[Tensor, "*place width"]:
        """The normed vectors."""
        return F.rms_norm(x, (x.shape[-1],), self.w, self.eps)


def norm_before(config: TransformerConfig) -> nn.Module:
    """What a sublayer reads the residual stream through."""
    if config.normalization is None:
        return nn.Identity()
    if config.normalization == "LN":
        return LayerNorm(config.d_model, config.eps)
    if config.normalization == "RMS":
        return RMSNorm(config.d_model, config.eps)
    return (LayerNormPre if config.normalization == "LNPre" else RMSNormPre)(config.eps)


def norm_after(config: TransformerConfig) -> nn.Module:
    """What a sublayer writes through, where there is such a norm; it has weights in each kind."""
    return nn.Identity() if config.normalization is None else RMSNorm(config.d_model, config.eps)


def norm_at_the_end(config: TransformerConfig) -> nn.Module:
    """What the unembedding reads through."""
    if config.final_rms and config.normalization == "LN":
        return RMSNorm(config.d_model, config.eps)
    if config.final_rms and config.normalization == "LNPre":
        return RMSNormPre(config.eps)
    return norm_before(config)


def norm_of_neurons(config: TransformerConfig) -> nn.Module:
    """What `solu_ln` puts the neurons through."""
    return LayerNorm(config.d_mlp, config.eps) if config.normalization == "LN" else LayerNormPre(config.eps)
