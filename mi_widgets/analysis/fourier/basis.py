"""The discrete Fourier basis over Z_p, and what a matrix has along it."""

from __future__ import annotations

import numpy as np
import torch
import xarray as xr
from jaxtyping import Float
from numpy.typing import ArrayLike
from torch import Tensor

from mi_widgets.core.argument_types import checked
from mi_widgets.core.errors import MIError
from mi_widgets.core.provenance import Provenance
from mi_widgets.core.recording import recorded
from mi_widgets.core.requirements import kind_of
from mi_widgets.core.results import Result
from mi_widgets.zoo.modular_addition import as_prime

SOURCE = "Nanda et al. 2023 (arXiv:2301.05217)"


def waves(p: int) -> tuple[Float[Tensor, "frequency p"], Float[Tensor, "frequency p"]]:
    """cos(2πkn/p) and sin(2πkn/p) for the frequencies k = 1 … (p − 1)/2, at the numbers n = 0 … p − 1."""
    n = torch.arange(p, dtype=torch.float64)
    angles = 2 * torch.pi / p * torch.outer(torch.arange(1, (p - 1) // 2 + 1, dtype=torch.float64), n)
    return angles.cos().float(), angles.sin().float()


@checked
def fourier_basis(p: int) -> Float[Tensor, "p p"]:
    """The orthonormal Fourier basis over Z_p, a function a row.

    Row 0 is constant; rows 2k − 1 and 2k are cos(2πkn/p) and sin(2πkn/p) times √(2/p), for k = 1 … (p − 1)/2.

    Args:
        p: a prime from 5.

    Raises:
        MIError: p is none.
    """
    as_prime(p)
    cos, sin = waves(p)
    rest = torch.stack([cos, sin], 1).flatten(0, 1) * (2 / p) ** 0.5
    return torch.cat([torch.full((1, p), p**-0.5), rest])


def energies(along: Float[Tensor, "p ..."]) -> Float[Tensor, " frequency"]:
    """The squared norm of each frequency k ≥ 1, cosine and sine together."""
    parts = fourier_basis(len(along)) @ along.float().flatten(1)
    return parts[1:].square().sum(1).unflatten(0, (-1, 2)).sum(1)


def frequencies(p: int) -> np.ndarray:
    """The numbers of the frequencies, 1 … (p − 1)/2."""
    return np.arange(1, (p - 1) // 2 + 1)


@recorded
def fourier_norms(matrix: ArrayLike) -> Result:
    """How much of a matrix over the numbers 0 to p − 1 goes round with each frequency.

    Args:
        matrix: (p, d), a row a number, as in `model.weights.W_E[:p]`; of a neuron-logit map the transpose.

    Returns:
        Result (frequency) of norms: √(‖cos part‖² + ‖sin part‖²), in the matrix's own unit; with the variables `cos`
        and `sin`, the norms of the two parts, and `constant`, that of the mean over the numbers. The squares add up to
        the squared norm of the matrix (Parseval).

    Raises:
        MIError: not a matrix of numbers, or the number of its rows is no prime from 5.

    Source: Nanda et al. 2023 (arXiv:2301.05217), section 4.1.
    """
    try:
        given = torch.as_tensor(matrix).detach().cpu()
    except (TypeError, ValueError, RuntimeError) as error:
        raise MIError(
            f"mi.fourier.norms takes a matrix (p, d) of numbers, a row a number; got {kind_of(matrix)}."
        ) from error
    if given.ndim != 2 or given.dtype == torch.bool or given.is_complex():
        raise MIError(
            f"mi.fourier.norms takes a matrix (p, d), a row a number; got shape {tuple(given.shape)} of {given.dtype}."
        )
    as_prime(len(given))
    norms = (fourier_basis(len(given)) @ given.float()).norm(dim=1)
    cos, sin = norms[1::2], norms[2::2]
    unit = {"units": "norm, in the matrix's unit"}
    return Result(
        kind="fourier_norms",
        title="Norms by frequency",
        dataset=xr.Dataset(
            {
                "norm": ("frequency", torch.hypot(cos, sin).numpy()),
                "cos": ("frequency", cos.numpy(), unit),
                "sin": ("frequency", sin.numpy(), unit),
                "constant": ((), norms[0].item(), unit),
            },
            coords={"frequency": frequencies(len(given))},
        ),
        primary="norm",
        unit=unit["units"],
        source=f"{SOURCE}, section 4.1",
        provenance=Provenance("a matrix"),
    )


def gini(values: Float[Tensor, " n"]) -> float:
    """How unevenly something is spread: 0 where all have the same, near 1 where one has all.

    The mean absolute difference between two of them, over twice the mean; of nothing but zeros it is 0.
    """
    ordered = values.double().sort().values
    n, total = len(ordered), ordered.sum()
    weights = 2 * torch.arange(1, n + 1, dtype=torch.float64) - n - 1
    return (weights @ ordered / (n * total)).item() if total > 0 else 0.0
