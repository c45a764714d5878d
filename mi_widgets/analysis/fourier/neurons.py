"""Which frequency each neuron of a network for modular arithmetic computes with."""

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
from .pairs import all_pairs
from .task import Task

CLEAR = 0.85  # of a neuron's variance: the paper's bar
_AT_ONCE = 128  # neurons: more of them need more memory than Binder has


@recorded
def neuron_frequencies(model: Model, *, task: Task | None = None) -> Result:
    """How much of each neuron one frequency explains, and which.

    A neuron's activation at the last token, over all pairs, is compared with the polynomials of degree 2 in the sines
    and cosines of one frequency: cos and sin of w_k a, of w_k b, and the four products of one of each.

    Args:
        model: a network for modular arithmetic with one layer; under the interventions that are active.
        task: what it computes, of any kind; by default sums, asked as `modadd-113` is.

    Returns:
        Result (neuron): the share of the variance that the best frequency explains, 0 to 1 (0 for a neuron that does
        nothing); with the variables `frequency` (0 for such a neuron) and `clear`, the share of all neurons above 0.85.

    Raises:
        MIError: the model is no such network.

    Source: Nanda et al. 2023 (arXiv:2301.05217), section 4.2 and appendix: 433 of 512 neurons above 85 %.
    """
    pairs = all_pairs(model, task, "mi.fourier.neuron_frequencies", neurons=True)
    explained = torch.cat([polynomial_shares(some) for some in pairs.neurons.split(_AT_ONCE, dim=-1)], dim=-1)
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
        provenance=pairs.provenance(model, ["mlp_post"]),
    )


def polynomial_shares(neurons: Float[Tensor, "p p neuron"]) -> Float[Tensor, "frequency neuron"]:
    """The share of each neuron's variance over all pairs along the polynomials of degree 2 of each frequency."""
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
