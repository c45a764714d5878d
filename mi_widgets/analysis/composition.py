"""Does a head read what an earlier head wrote? Asked of the weights alone."""

from __future__ import annotations

import numpy as np
import torch
import xarray as xr
from jaxtyping import Float
from torch import Tensor

from mi_widgets.core.draws import seeded
from mi_widgets.core.errors import MIError
from mi_widgets.core.recording import recorded
from mi_widgets.core.results import Result
from mi_widgets.core.whole_numbers import counted
from mi_widgets.model.architectures import Weights
from mi_widgets.model.model import Model

Thin = Float[Tensor, "head d_model d_head"]


@recorded
def composition_scores(model: Model, *, n_random: int = 16, seed: int = 0) -> Result:
    """How much of what one head writes falls where a later head reads, for its queries, keys and values.

    With W_OV = W_V W_O of the earlier head (the sender), and of the later one (the receiver) W_Q W_Kᵀ or W_OV,
    the score is the Frobenius norm of their product, divided by the product of their norms:
    - `"Q"`: of W_OV W_Q W_Kᵀ: what the sender writes decides what the receiver looks for;
    - `"K"`: of W_Q W_Kᵀ W_OVᵀ: what the sender writes decides where the receiver finds it;
    - `"V"`: of W_OV W_OV: what the sender writes is what the receiver copies.
    From it is taken what random matrices of the same shapes score.

    Args:
        model: whose weights; interventions do not matter here.
        n_random: random pairs of heads for the baseline.
        seed: of the random matrices.

    Returns:
        Result (composition, sender, receiver), 0 for "as random matrices", at most 1. Heads are named `"L0.H3"`;
        pairs that are not in the order of the layers are NaN. The variables `norm_ratio` (before the baseline is
        taken away), `baseline` (its mean) and `spread` (its standard deviation) say how the score came about.

    Raises:
        MIError: the model has one layer only, or `n_random` is not at least 2.

    Source: Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits", sections on composition.
    LayerNorm's weights are folded in; the baseline's matrices are products of two Gaussian ones, as a head's are.
    """
    layers, heads = model.config.n_layers, model.config.n_heads
    if layers < 2:
        raise MIError(
            f"mi.composition_scores: {model.name} has one layer, and heads of one layer cannot read each other. "
            "Give a model of two layers or more."
        )
    n_random = counted(n_random, "mi.composition_scores: n_random", 2)
    names = [f"L{layer}.H{head}" for layer in range(layers) for head in range(heads)]
    ratio = _norm_ratios(model.weights)
    baseline, spread = _baseline(model.config.d_model, model.config.d_head, n_random, seed)
    axes, unit = ("composition", "sender", "receiver"), {"units": "norm ratio"}
    return Result(
        kind="composition_scores",
        title="Composition",
        dataset=xr.Dataset(
            {
                "score": (axes, ratio - baseline),
                "norm_ratio": (axes, ratio, unit),
                "baseline": ((), baseline, unit),
                "spread": ((), spread, unit),
            },
            coords={"composition": ["Q", "K", "V"], "sender": names, "receiver": names},
        ),
        primary="score",
        unit="norm ratio above random",
        source="Elhage et al. 2021, A Mathematical Framework for Transformer Circuits",
        provenance=model.provenance(seed=seed),
    )


def _norm_ratios(weights: Weights) -> np.ndarray:
    """(composition, sender, receiver); NaN where the receiver is not in a later layer."""
    q, k, v, o = (getattr(weights, name).cpu() for name in ("W_Q", "W_K", "W_V", "W_O"))
    layers, heads = q.shape[:2]
    found = np.full((3, layers, heads, layers, heads), np.nan)
    for later in range(1, layers):
        reads = ((q[later], k[later]), (k[later], q[later]), (v[later], o[later].transpose(-1, -2)))
        for earlier in range(later):
            for i, read in enumerate(reads):
                found[i, earlier, :, later, :] = _ratio(v[earlier], o[earlier], *read).numpy()
    return found.reshape(3, layers * heads, layers * heads)


def _ratio(v: Thin, o: Tensor, left: Thin, right: Thin) -> Float[Tensor, "sender receiver"]:
    """The norm of each product (V O)(L Rᵀ), over the product of the norms; 0 where a matrix is nothing.

    With V = A a and R = B b, where the columns of A and B are orthonormal, the norm of V M Rᵀ is that of a M bᵀ: all
    is done in matrices of d_head columns, not of d_model.
    """
    a, b = torch.linalg.qr(v).R, torch.linalg.qr(right).R.transpose(-1, -2)
    middle = torch.einsum("hdm,gme->hgde", o, left)
    products = (a[:, None] @ middle @ b).norm(dim=(2, 3))
    norms = (a @ o).norm(dim=(1, 2))[:, None] * (left @ b).norm(dim=(1, 2))
    return torch.where(norms > 0, products / norms, torch.zeros(()))


def _baseline(d_model: int, d_head: int, n: int, seed: int) -> tuple[float, float]:
    generator = seeded(seed)

    def thin() -> Tensor:
        return torch.randn(1, d_model, d_head, generator=generator)

    ratios = torch.stack([_ratio(thin(), thin().transpose(1, 2), thin(), thin()) for _ in range(n)])
    return ratios.mean().item(), ratios.std().item()
