"""The map from neurons to logits of a network for modular arithmetic."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
import xarray as xr
from jaxtyping import Float, Int
from torch import Tensor

from mi_widgets.core.recording import recorded
from mi_widgets.core.results import Result
from mi_widgets.model.model import Model

from .basis import SOURCE, energies, waves
from .basis import frequencies as all_frequencies
from .logits import chosen
from .pairs import all_pairs
from .task import Task


def w_l(model: Model, task: Task) -> Float[Tensor, "d_mlp p"]:
    """W_L = W_out W_U, for the numbers: what a neuron adds to each logit by itself."""
    unembed = model.weights.W_U
    written = model.neurons_write(0).matrix.to(unembed)
    return (written @ unembed)[:, task.outputs].cpu()


@recorded
def neuron_logit_map(
    model: Model, *, frequencies: Iterable[int] | None = None, task: Task | None = None
) -> Result:
    """What W_L = W_out W_U, from neurons to the logits of the numbers c, is made of.

    One that writes cos(w_k(s - c)), of the answer s (a + b of a sum), is Σ_k u_k cos(w_k c)ᵀ + v_k sin(w_k c)ᵀ, where
    the neurons along u_k hold cos(w_k s), and along v_k sin(w_k s).

    Args:
        model: a network for modular arithmetic with one layer; interventions change the neurons, not W_L.
        frequencies: the k whose u_k and v_k are read; the key ones by default.
        task: as in `mi.fourier.key_frequencies`.

    Returns:
        Result (frequency): for all k the share of the energy of W_L (its squared norm, less that of its mean over c) in
        cos(w_k c) and sin(w_k c), 0 to 1; with the variables `u_explained` and `v_explained`, the share of the variance
        over all pairs of the neurons along u_k (v_k) that cos (sin) of w_k s explains, NaN for other k;
        `share_of_keys`; and `singular_value` (component), of W_L, the largest first.

    Raises:
        MIError: the model is no such network, the task has no waves of the answer, or a number is no frequency.

    Source: Nanda et al. 2023 (arXiv:2301.05217), section 4.2: less than 0.55 % of the norm outside of the key
    frequencies; 93.2 to 98.2 % along u_k and v_k.
    """
    pairs = all_pairs(model, task, "mi.fourier.neuron_logit_map", neurons=True, by_answer=True)
    p, matrix = pairs.p, w_l(model, pairs.task)
    keys = chosen(frequencies, pairs, "mi.fourier.neuron_logit_map")
    energy = energies(matrix.T)
    share = (energy / energy.sum().clamp(min=1e-30)).numpy()
    u, v = directions_explained(pairs.neurons, matrix, pairs.task.answers)
    energy_share, variance = {"units": "share of the energy of W_L"}, {"units": "share of the variance"}
    is_key = np.isin(all_frequencies(p), keys)
    return Result(
        kind="neuron_logit_map",
        title="Neurons to logits, by frequency",
        dataset=xr.Dataset(
            {
                "share": ("frequency", share),
                "u_explained": ("frequency", np.where(is_key, u, np.nan), variance),
                "v_explained": ("frequency", np.where(is_key, v, np.nan), variance),
                "share_of_keys": ((), float(share[is_key].sum()), energy_share),
                "singular_value": (
                    "component",
                    torch.linalg.svdvals(matrix).numpy(),
                    {"units": "singular value of W_L"},
                ),
            },
            coords={"frequency": all_frequencies(p)},
        ),
        primary="share",
        unit=energy_share["units"],
        source=f"{SOURCE}, section 4.2",
        provenance=pairs.provenance(model, ["mlp_post"]),
    )


def directions_explained(
    neurons: Float[Tensor, "p p d_mlp"], matrix: Float[Tensor, "d_mlp p"], answers: Int[Tensor, "p p"]
) -> tuple[np.ndarray, np.ndarray]:
    """Of the neurons along u_k and along v_k, the share of the variance that cos and sin of w_k s explain."""
    found = []
    for wave in waves(len(neurons)):
        along = neurons @ (matrix @ wave.T)  # (a, b, frequency)
        along = (along - along.mean((0, 1))).double()
        wanted = wave.T[answers].double()
        part = (along * wanted).sum((0, 1)).square() / wanted.square().sum((0, 1))
        total = along.square().sum((0, 1))
        found.append(torch.where(total > 0, part / total, 0.0).numpy())
    return found[0], found[1]
