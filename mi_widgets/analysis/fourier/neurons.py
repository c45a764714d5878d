"""Which frequency each neuron of a modular addition network computes with."""

from __future__ import annotations

import numpy as np
import torch
import xarray as xr
from jaxtyping import Float
from torch import Tensor

from mi_widgets.core.recording import recorded
from mi_widgets.core.results import Result
from mi_widgets.model.model import Model

from .basis import SOURCE, fourier_basis
from .sums import all_sums

CLEAR = 0.85  # of a neuron's variance: the paper's bar
_AT_ONCE = 128  # neurons: more of them need more memory than Binder has


@recorded
def neuron_frequencies(model: Model) -> Result:
    """How much of each neuron one frequency explains, and which.

    A neuron's activation after `=`, over all sums, is compared with the polynomials of degree 2 in the sines and
    cosines of one frequency: cos and sin of w_k a, of w_k b, and the four products of one of each.

    Args:
        model: a modular addition network; under the interventions that are active.

    Returns:
        Result (neuron): the share of the variance that the best frequency explains, 0 to 1 (0 for a neuron that does
        nothing); with the variables `frequency` (0 for such a neuron) and `clear`, the share of all neurons above 0.85.

    Raises:
        MIError: the model is no such network.

    Source: Nanda et al. 2023 (arXiv:2301.05217), section 4.2 and appendix: 433 of 512 neurons above 85 %.
    """
    neurons = all_sums(model, "mi.fourier.neuron_frequencies", neurons=True).neurons
    explained = torch.cat([polynomial_shares(some) for some in neurons.split(_AT_ONCE, dim=-1)], dim=-1)
    best = explained.max(0)
    share = best.values.numpy()
    return Result(
        kind="neuron_frequencies",
        title="Neurons by frequency",
        dataset=xr.Dataset(
            {
                "share": ("neuron", share),
                "frequency": ("neuron", np.where(share > 0, best.indices.numpy() + 1, 0)),
                "clear": ((), float((share > CLEAR).mean()), {"units": "share of neurons"}),
            },
            coords={"neuron": np.arange(len(share))},
        ),
        primary="share",
        unit="share of the neuron's variance",
        source=f"{SOURCE}, section 4.2",
        provenance=model.provenance(sites=["mlp_post"]),
    )


def polynomial_shares(neurons: Float[Tensor, "p p neuron"]) -> Float[Tensor, "frequency neuron"]:
    """The share of each neuron's variance over all sums along the polynomials of degree 2 of each frequency."""
    p = len(neurons)
    basis = fourier_basis(p)
    over_a = torch.einsum("ia,abn->ibn", basis, neurons)
    spectrum = torch.einsum("jb,ibn->ijn", basis, over_a).square()
    total = spectrum.sum((0, 1), dtype=torch.float64) - spectrum[0, 0]
    rows = torch.arange(1, p).unflatten(0, (-1, 2))  # of each frequency, its cosine and its sine
    linear = spectrum[rows, 0].sum(1) + spectrum[0, rows].sum(1)
    products = spectrum[rows[:, :, None], rows[:, None]].sum((1, 2))
    alive = total > 1e-9 * spectrum.sum((0, 1))  # what is constant has no variance but of rounding
    return torch.where(alive, (linear + products) / total, 0.0).float()
