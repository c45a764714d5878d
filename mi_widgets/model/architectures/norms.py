"""What a norm multiplies by and takes away, seen from what it does: names tell it wrongly too often."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mi_widgets.core.errors import UnsupportedModel
from mi_widgets.core.torch_defaults import torch_defaults

from .computed import place_of, twin_of

_ROWS = 8
_FAR, _FAR_IN_HALF = (
    4096.0,
    64.0,
)  # so large that what a norm adds under its root is lost; float16 ends at 65504


@dataclass(frozen=True)
class Affine:
    """A norm is this of its input, over how large that is: `(x - x.mean()) * scale + bias`, or without the mean.

    Args:
        scale: (d_model,).
        bias: (d_model,).
        takes_mean: whether the mean over d_model is taken away first (LayerNorm does, RMSNorm does not).
    """

    scale: Tensor
    bias: Tensor
    takes_mean: bool

    def unscaled(self, x: Tensor) -> Tensor:
        """What it makes of (…, d_model), but for the size and the bias: with these it is the norm's output."""
        read = x.float() * self.scale
        return read - x.float().mean(-1, keepdim=True) * self.scale if self.takes_mean else read

    def size(self, x: Tensor, normed: Tensor) -> Tensor:
        """What it has multiplied (…, d_model) by at each place, (…, 1): one over the spread that it found there.

        By least squares, since a weight may be 0.
        """
        plain, seen = self.unscaled(x), normed.float() - self.bias
        return (plain * seen).sum(-1, keepdim=True) / (plain * plain).sum(-1, keepdim=True).clamp(min=1e-30)


def affine_of(norm: nn.Module, d_model: int, device: torch.device | None = None) -> Affine:
    """What a norm does beside dividing by the size of what comes in.

    Args:
        norm: any module from (…, d_model) to (…, d_model).
        d_model: the width of the residual stream.
        device: where the answer goes; where the norm is by default.

    Raises:
        UnsupportedModel: it is neither a LayerNorm nor an RMSNorm, whatever it is called.
    """
    with torch_defaults():
        return _affine(norm, d_model, device)


def fold_norm(norm: nn.Module, weight: Tensor) -> Tensor:
    """A matrix (…, d_model, out) that reads after a norm, as one that reads before it."""
    known = affine_of(norm, weight.shape[-2], weight.device)
    read = known.scale[:, None] * weight.detach().float()
    return read - read.mean(-2, keepdim=True) if known.takes_mean else read


def centre_output(norm: nn.Module, weight: Tensor) -> Tensor:
    """A matrix (…, d_model) that writes, without the mean that every LayerNorm of the model takes away."""
    output = weight.detach().float()
    known = affine_of(norm, weight.shape[-1], weight.device)
    return output - output.mean(-1, keepdim=True) if known.takes_mean else output


def _affine(norm: nn.Module, d_model: int, device: torch.device | None) -> Affine:
    if isinstance(norm, nn.Identity):  # a network without norms keeps their places
        return Affine(
            torch.ones(d_model, device=device), torch.zeros(d_model, device=device), takes_mean=False
        )
    where, kind = place_of(norm, device)
    alone = twin_of(norm)
    # What it gives is compared in float32.
    eps, generator = max(torch.finfo(k).eps for k in (kind, torch.float32)), torch.Generator().manual_seed(0)
    # With a mean as large as its spread, so that it shows whether the norm takes it away.
    far = _FAR_IN_HALF if kind == torch.float16 else _FAR
    x = ((1 + torch.randn(1, _ROWS, d_model, generator=generator)) * far).to(where, kind)

    def through(given: Tensor) -> Tensor:
        with torch.no_grad():
            return alone(given).float()

    bias = through(torch.zeros_like(x))[0, 0]
    normed, x = through(x) - bias, x.float()
    found = []
    for takes_mean in (False, True):
        centred = x - x.mean(-1, keepdim=True) if takes_mean else x
        unit = centred / centred.square().mean(-1, keepdim=True).sqrt()
        scale = (unit * normed).sum((0, 1)) / unit.square().sum((0, 1))
        found.append(((unit * scale - normed).abs().max(), takes_mean, scale))
    apart, takes_mean, scale = min(found, key=lambda one: one[0])
    if apart <= 8 * eps * normed.abs().max().clamp(min=1e-30):
        return Affine(_exact(norm, scale, eps).to(device or where), bias.to(device or where), takes_mean)
    raise UnsupportedModel(
        f"{type(norm).__name__} is neither a LayerNorm nor an RMSNorm: what reads after it cannot be written as one "
        "matrix, so there are no figures of weights. What a run keeps is right all the same."
    )


def _exact(norm: nn.Module, scale: Tensor, eps: float) -> Tensor:
    """The norm's own weight, or one plus it, where one of them is what was seen: it is not rounded."""
    weight = getattr(norm, "w", getattr(norm, "weight", None))
    if not isinstance(weight, Tensor) or weight.is_meta or weight.shape != scale.shape:
        return scale
    own = weight.detach().float()
    nearest = min((own, 1 + own), key=lambda same: float((same - scale).abs().max()))
    return nearest if ((nearest - scale).abs() <= 4 * eps * (1 + scale.abs())).all() else scale
