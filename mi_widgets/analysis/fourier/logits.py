"""Logits of a network for modular arithmetic as sums of waves: which frequencies, how well, what they are worth."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import torch
import xarray as xr
from jaxtyping import Float, Int
from torch import Tensor

from mi_widgets.core.recording import recorded
from mi_widgets.core.results import Result
from mi_widgets.model.model import Model

from .basis import SOURCE, energies, frequencies, waves
from .pairs import AllPairs, all_pairs, along, mean_by, some_of
from .task import Task

KEY = 0.01  # of the logits' variance, from which on a frequency is called key


@recorded
def key_frequencies(model: Model, *, task: Task | None = None) -> Result:
    """The frequencies k whose waves of the answer the logits are made of, with w_k = 2πk/p.

    Of a sum these are cos(w_k(a + b)) and sin(w_k(a + b)), of a difference cos(w_k(a - b)) and sin(w_k(a - b)).

    Args:
        model: a network for modular arithmetic; under the interventions that are active.
        task: what it computes; by default sums, asked as `modadd-113` is. A sum of multiples of a and b.

    Returns:
        Result (frequency): the share of the logits' variance over all pairs that each accounts for, 0 to 1; with the
        variable `key`, true where that is at least 0.01. It warns where the network is right no oftener than a guess.

    Raises:
        MIError: the model is no such network, or the task has no waves of the answer.

    Source: Nanda et al. 2023 (arXiv:2301.05217), section 4.2. They read key frequencies off plots; the threshold is
    ours.
    """
    pairs = all_pairs(model, task, "mi.fourier.key_frequencies", by_answer=True)
    share = shares(pairs.logits, pairs.task.answers)
    return Result(
        kind="key_frequencies",
        title="Frequencies of the logits",
        dataset=xr.Dataset(
            {
                "share": ("frequency", share),
                "key": ("frequency", share >= KEY, {"units": "whether"}),
            },
            coords={"frequency": frequencies(pairs.p)},
        ),
        primary="share",
        unit="share of the logits' variance",
        source=f"{SOURCE}, section 4.2",
        provenance=pairs.provenance(model, ["logits"]),
    )


def shares(logits: Float[Tensor, "p p p"], answers: Int[Tensor, "p p"]) -> np.ndarray:
    """Of the variance of the logits over all pairs, the share along each frequency of the answer."""
    p = len(logits)
    total = (logits - logits.mean((0, 1))).double().square().sum()
    # A function of the answer stands p times in the table.
    parts = p * energies(mean_by(logits, answers)).double()
    return (parts / total).numpy() if total > 0 else np.zeros(len(parts))


def keys_of(pairs: AllPairs) -> list[int]:
    """The key frequencies of what was run."""
    return [int(k) for k in frequencies(pairs.p)[shares(pairs.logits, pairs.task.answers) >= KEY]]


def chosen(given: Iterable[int] | None, pairs: AllPairs, caller: str) -> list[int]:
    """The frequencies that a user names, or the key ones.

    Raises:
        MIError: a number that is no frequency.
    """
    if given is None:
        return keys_of(pairs)
    return some_of(given, frequencies(pairs.p).tolist(), f"{caller}: frequencies")


def without(pairs: AllPairs, keys: Sequence[int]) -> Float[Tensor, "p p p"]:
    """The logits without what they have along some frequencies of the answer."""
    return pairs.logits - along(pairs.logits, keys, pairs.task.answers)


def only(pairs: AllPairs, keys: Sequence[int]) -> Float[Tensor, "p p p"]:
    """What the logits have along some frequencies of the answer, and their mean over all pairs."""
    return along(pairs.logits, keys, pairs.task.answers) + pairs.logits.mean((0, 1))


def trig_fit(pairs: AllPairs, keys: Sequence[int]) -> tuple[Tensor, Tensor]:
    """The α_k of Σ_k α_k cos(w_k(s - c)), of the answer s, by least squares (waves are orthogonal), and that sum."""
    p, at = pairs.p, [k - 1 for k in keys]
    cos, sin = (wave[at] for wave in waves(p))
    mean = mean_by(pairs.logits, pairs.task.answers)  # (s, c)
    # cos(w(s - c)) = cos ws cos wc + sin ws sin wc, of squared norm p²/2 over s and c
    alpha = (
        2 / p**2 * (torch.einsum("ks,sc,kc->k", cos, mean, cos) + torch.einsum("ks,sc,kc->k", sin, mean, sin))
    )
    s = torch.einsum("k,ks,kc->sc", alpha, cos, cos) + torch.einsum("k,ks,kc->sc", alpha, sin, sin)
    return alpha, s[pairs.task.answers]


@recorded
def logit_trig_fit(
    model: Model, *, frequencies: Iterable[int] | None = None, task: Task | None = None
) -> Result:
    """How well the logits are Σ_k α_k cos(w_k(s - c)), with w_k = 2πk/p, and what the network would lose by it.

    Here s is the answer: a + b of a sum, a - b of a difference.

    Args:
        model: a network for modular arithmetic; under the interventions that are active.
        frequencies: the k; the key ones by default.
        task: as in `mi.fourier.key_frequencies`.

    Returns:
        Result (frequency) of the α_k, in the logits' unit; with the variables `variance_explained` (of the logits, less
        their mean over c, which no probability depends on; 0 to 1), `loss` and `loss_of_fit`: mean cross-entropy over
        all pairs in nats, with the network's logits and with the fit in their place.

    Raises:
        MIError: the model is no such network, the task has no waves of the answer, or a number is no frequency.

    Source: Nanda et al. 2023 (arXiv:2301.05217), section 4.2: 95 % of the variance, and a lower loss.
    """
    pairs = all_pairs(model, task, "mi.fourier.logit_trig_fit", by_answer=True)
    keys = chosen(frequencies, pairs, "mi.fourier.logit_trig_fit")
    alpha, fit = trig_fit(pairs, keys)
    return Result(
        kind="logit_trig_fit",
        title="Logits as cosines",
        dataset=xr.Dataset(
            {
                "alpha": ("frequency", alpha.numpy()),
                "variance_explained": ((), explained(pairs.logits, fit), {"units": "share of the variance"}),
                "loss": ((), pairs.loss(pairs.logits), {"units": "nats"}),
                "loss_of_fit": ((), pairs.loss(fit), {"units": "nats"}),
            },
            coords={"frequency": np.array(keys, dtype=np.int64)},
        ),
        primary="alpha",
        unit="logit",
        source=f"{SOURCE}, section 4.2",
        provenance=pairs.provenance(model, ["logits"]),
    )


def explained(logits: Float[Tensor, "p p p"], fit: Float[Tensor, "p p p"]) -> float:
    """The share of the logits, less their mean over c, that a fit accounts for."""
    centred = (logits - logits.mean(-1, keepdim=True)).double()
    total = centred.square().sum()
    return (1 - (centred - fit).square().sum() / total).item() if total > 0 else 0.0


@recorded
def frequency_ablation(model: Model, *, task: Task | None = None) -> Result:
    """The loss over all pairs when the logits lose one frequency of the answer.

    Args:
        model: a network for modular arithmetic; under the interventions that are active.
        task: as in `mi.fourier.key_frequencies`.

    Returns:
        Result (frequency): mean cross-entropy in nats without cos(w_k s) and sin(w_k s), of the answer s (a + b of a
        sum); with the variables `loss`, that of the whole network, and `key`, whether the frequency is one.

    Raises:
        MIError: the model is no such network, or the task has no waves of the answer.

    Source: Nanda et al. 2023 (arXiv:2301.05217), section 4.4.
    """
    pairs = all_pairs(model, task, "mi.fourier.frequency_ablation", by_answer=True)
    known = frequencies(pairs.p)
    losses = [pairs.loss(without(pairs, [int(k)])) for k in known]
    return Result(
        kind="frequency_ablation",
        title="Loss without a frequency",
        dataset=xr.Dataset(
            {
                "loss_without": ("frequency", np.array(losses)),
                "loss": ((), pairs.loss(pairs.logits), {"units": "nats"}),
                "key": ("frequency", np.isin(known, keys_of(pairs)), {"units": "whether"}),
            },
            coords={"frequency": known},
        ),
        primary="loss_without",
        unit="nats",
        source=f"{SOURCE}, section 4.4",
        provenance=pairs.provenance(model, ["logits"]),
    )
