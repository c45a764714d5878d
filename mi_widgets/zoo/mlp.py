"""The MLPs of a `Transformer`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from .norms import norm_of_neurons
from .transformer_config import TransformerConfig


def solu(x: Float[Tensor, "*place d_mlp"]) -> Float[Tensor, "*place d_mlp"]:
    """Elhage et al. 2022, Softmax Linear Units: each neuron times its softmax among the neurons."""
    return x * x.softmax(-1)


_TANH = partial(F.gelu, approximate="tanh")  # three names of the field's for the same curve
ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": F.relu,
    "gelu": F.gelu,
    "gelu_new": _TANH,
    "gelu_fast": _TANH,
    "gelu_pytorch_tanh": _TANH,
    "silu": F.silu,
    "solu": solu,
    "solu_ln": solu,
}


class MLP(nn.Module):
    """Two linear maps around one non-linearity."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.W_in = nn.Parameter(torch.empty(config.d_model, config.d_mlp))
        self.b_in = nn.Parameter(torch.zeros(config.d_mlp))
        self.W_out = nn.Parameter(torch.empty(config.d_mlp, config.d_model))
        self.b_out = nn.Parameter(torch.zeros(config.d_model))
        self.act = ACTIVATIONS[config.act_fn]
        self.ln = norm_of_neurons(config) if config.act_fn == "solu_ln" else nn.Identity()
        self.tap_pre, self.tap_post = nn.Identity(), nn.Identity()

    def forward(self, x: Float[Tensor, "batch pos d_model"]) -> Float[Tensor, "batch pos d_model"]:
        """What the neurons together add to the residual stream."""
        pre = self.tap_pre(x @ self.W_in + self.b_in)
        return self.tap_post(self.ln(self.act(pre))) @ self.W_out + self.b_out


class GatedMLP(nn.Module):
    """An MLP whose neurons are multiplied by a second reading of the stream (Shazeer 2020, GLU Variants).

    `b_in` is added after that, as in TransformerLens. The neurons before their non-linearity are the gate.
    """

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.W_in = nn.Parameter(torch.empty(config.d_model, config.d_mlp))
        self.W_gate = nn.Parameter(torch.empty(config.d_model, config.d_mlp))
        self.b_in = nn.Parameter(torch.zeros(config.d_mlp))
        self.W_out = nn.Parameter(torch.empty(config.d_mlp, config.d_model))
        self.b_out = nn.Parameter(torch.zeros(config.d_model))
        self.act = ACTIVATIONS[config.act_fn]
        self.tap_pre, self.tap_post = nn.Identity(), nn.Identity()

    def forward(self, x: Float[Tensor, "batch pos d_model"]) -> Float[Tensor, "batch pos d_model"]:
        """What the neurons together add to the residual stream."""
        gate = self.act(self.tap_pre(x @ self.W_gate))
        return self.tap_post(gate * (x @ self.W_in) + self.b_in) @ self.W_out + self.b_out
