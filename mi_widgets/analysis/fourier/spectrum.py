"""A network for modular arithmetic in the Fourier basis, as `FourierView` draws it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
import xarray as xr
from jaxtyping import Float
from torch import Tensor

from mi_widgets.core import sites as at
from mi_widgets.core.argument_types import checked
from mi_widgets.core.edits import ProjectOut, project_out
from mi_widgets.core.errors import MIError
from mi_widgets.core.recording import recorded
from mi_widgets.core.results import Result
from mi_widgets.core.whole_numbers import whole
from mi_widgets.model.model import Model

from .basis import SOURCE, energies, fourier_basis, frequencies, waves
from .logits import KEY, shares
from .pairs import AllPairs, all_pairs, some_of, task_of
from .task import Task

_NOTHING = 1e-5  # of all embeddings' norm: what single precision leaves of a direction that was projected out


@recorded
def fourier_spectrum(
    model: Model, *, neurons: Iterable[int] = (), logits: Iterable[int] = (), task: Task | None = None
) -> Result:
    """Norms by frequency, the circle of every frequency, and the two-dimensional spectra of some neurons and logits.

    Args:
        model: a network for modular arithmetic; under the interventions that are active (those at the embedding reach
            the norms and the circles too).
        neurons: whose activations at the last token, over all pairs, are written in the basis over a and that over b.
        logits: the numbers c whose logits are.
        task: what it computes, of any kind; by default sums, asked as `modadd-113` is.

    Returns:
        Result (frequency) of the norms of the numbers' embeddings, as `mi.fourier.norms` has them; with the variables
        - `share` (frequency), of the logits' variance, and `key`, as `key_frequencies` has them (NaN and false where
          the answer is no sum of multiples of a and b);
        - `x`, `y` (frequency, number): the number's embedding along the directions in which the embeddings go round as
          cos(2πkn/p) and as sin(2πkn/p); a frequency that the network uses lays them on a circle, and one that was
          taken out has them all at 0;
        - `spectrum` (target, component_a, component_b): the size of each coefficient, where components are `"1"`,
          `"cos 1"`, `"sin 1"`, … and targets `"neuron 3"`, `"logit 7"`, …; only if some are asked for;
        - `loss`, `accuracy`: over all pairs, mean cross-entropy in nats and the share that is right; and `chance`, the
          share for whoever always says the commonest answer. A warning says it where the network does no better.

    Raises:
        MIError: the model is no such network, or has no such neuron or number.

    Source: Nanda et al. 2023 (arXiv:2301.05217), sections 4.1 and 4.2.
    """
    named = list(neurons)
    task = task_of(model, task, "mi.fourier.spectrum", neurons=bool(named))
    p = task.p
    chosen = {
        "neuron": some_of(named, range(model.config.d_mlp or 0), "mi.fourier.spectrum: neurons"),
        "logit": some_of(logits, range(p), "mi.fourier.spectrum: logits"),
    }
    pairs = all_pairs(model, task, "mi.fourier.spectrum", neurons=bool(chosen["neuron"]))
    embedded = _embedded(model, task)
    x, y = circles(embedded)
    share = _shares(pairs)
    variables: dict[str, Any] = {
        "norm": ("frequency", energies(embedded).sqrt().numpy()),
        "share": ("frequency", share, {"units": "share of variance"}),
        "key": ("frequency", share >= KEY, {"units": "whether"}),
        "x": (("frequency", "number"), x.numpy(), {"units": "embedding"}),
        "y": (("frequency", "number"), y.numpy(), {"units": "embedding"}),
        "loss": ((), pairs.loss(pairs.logits), {"units": "nats"}),
        "accuracy": ((), pairs.accuracy(), {"units": "share of pairs"}),
        "chance": ((), task.chance, {"units": "share of pairs"}),
    }
    coords: dict[str, Any] = {"frequency": frequencies(p), "number": np.arange(p)}
    tables = [pairs.neurons[..., n] for n in chosen["neuron"]] + [
        pairs.logits[..., c] for c in chosen["logit"]
    ]
    if tables:
        basis = fourier_basis(p)
        spectra = (basis @ torch.stack(tables) @ basis.T).abs()
        variables["spectrum"] = (
            ("target", "component_a", "component_b"),
            spectra.numpy(),
            {"units": "size of a coefficient"},
        )
        names = ["1", *(f"{wave} {k}" for k in frequencies(p) for wave in ("cos", "sin"))]
        coords |= {
            "target": [f"{kind} {i}" for kind, some in chosen.items() for i in some],
            "component_a": names,
            "component_b": names,
        }
    return Result(
        kind="fourier_spectrum",
        title="Fourier spectrum",
        dataset=xr.Dataset(variables, coords=coords),
        primary="norm",
        unit="norm of the embedding",
        source=f"{SOURCE}, sections 4.1 and 4.2",
        provenance=pairs.provenance(model, ["embed", "logits"]),
    )


def _shares(pairs: AllPairs) -> np.ndarray:
    """Of the waves of the answer; not a number where it has none."""
    if not pairs.task.is_linear:
        return np.full(len(frequencies(pairs.p)), np.nan)
    return shares(pairs.logits, pairs.task.answers)


def circles(embedded: Float[Tensor, "p d_model"]) -> tuple[Tensor, Tensor]:
    """Of every frequency, where each number lies along the directions of its cosine and sine, (frequency, p) each.

    A frequency that is not there (was taken out) has no directions: all its numbers lie in the middle.
    """
    found, least = [], _NOTHING * embedded.norm()
    for wave in waves(len(embedded)):
        directions = wave @ embedded
        length = directions.norm(dim=1, keepdim=True)
        found.append(torch.where(length > least, directions / length, 0) @ embedded.T)
    return found[0], found[1]


@checked
def project_out_frequency(model: Model, frequency: int, *, task: Task | None = None) -> ProjectOut:
    """The intervention that takes one frequency out of the numbers' embeddings: they no longer lie on its circle.

    Args:
        model: a network for modular arithmetic.
        frequency: k, 1 to (p − 1)/2.
        task: what it computes, of any kind; by default sums, asked as `modadd-113` is.

    Raises:
        MIError: the model is no such network, or has no such frequency.
    """
    task = task_of(model, task, "mi.fourier.project_out_frequency")
    known = frequencies(task.p).tolist()
    if whole(frequency) not in known:
        raise MIError(
            f"mi.fourier.project_out_frequency: frequency is one of 1 to {known[-1]}; got {frequency!r}."
        )
    numbers = model.weights.W_E[task.numbers].cpu()
    directions = torch.stack([wave[int(frequency) - 1] @ numbers for wave in waves(task.p)])
    return project_out(at.embed, directions)


def _embedded(model: Model, task: Task) -> Float[Tensor, "p d_model"]:
    """What the numbers are embedded as, under the active interventions."""
    ids = torch.arange(task.numbers.start, task.numbers.stop)[:, None]
    return model.run(ids, keep=[at.embed])[at.embed][:, 0].float().cpu()
