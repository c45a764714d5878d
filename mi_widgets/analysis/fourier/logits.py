"""The logits of a modular addition network as sums of waves: which frequencies, how well, and what they are worth."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import torch
import xarray as xr
from jaxtyping import Float
from torch import Tensor

from mi_widgets.core.recording import recorded
from mi_widgets.core.results import Result
from mi_widgets.model.model import Model

from .basis import SOURCE, energies, frequencies, waves
from .sums import all_sums, along, by_sum, of_sum, some_of

KEY = 0.01  # of the logits' variance, from which on a frequency is called key


@recorded
def key_frequencies(model: Model) -> Result:
    """The frequencies k whose waves cos(w_k(a + b)) and sin(w_k(a + b)) the logits are made of, with w_k = 2πk/p.

    Args:
        model: a modular addition network; under the interventions that are active.

    Returns:
        Result (frequency): the share of the logits' variance over all sums that each accounts for, 0 to 1; with the
        variable `key`, true where that is at least 0.01.

    Raises:
        MIError: the model is no such network.

    Source: Nanda et al. 2023 (arXiv:2301.05217), section 4.2. They read key frequencies off plots; the threshold is
    ours.
    """
    share = shares(all_sums(model, "mi.fourier.key_frequencies").logits)
    return Result(
        kind="key_frequencies",
        title="Frequencies of the logits",
        dataset=xr.Dataset(
            {
                "share": ("frequency", share),
                "key": ("frequency", share >= KEY, {"units": "whether"}),
            },
            coords={"frequency": frequencies(model.config.d_vocab - 1)},
        ),
        primary="share",
        unit="share of the logits' variance",
        source=f"{SOURCE}, section 4.2",
        provenance=model.provenance(sites=["logits"]),
    )


def shares(logits: Float[Tensor, "p p p"]) -> np.ndarray:
    """Of the variance of the logits over all sums, the share along each frequency of a + b."""
    p = len(logits)
    total = (logits - logits.mean((0, 1))).double().square().sum()
    # A function of the sum stands p times in the table.
    parts = p * energies(by_sum(logits)).double()
    return (parts / total).numpy() if total > 0 else np.zeros(len(parts))


def keys_of(logits: Float[Tensor, "p p p"]) -> list[int]:
    """The key frequencies of a table of logits."""
    return [int(k) for k in frequencies(len(logits))[shares(logits) >= KEY]]


def chosen(given: Iterable[int] | None, logits: Float[Tensor, "p p p"], caller: str) -> list[int]:
    """The frequencies that a user names, or the key ones.

    Raises:
        MIError: a number that is no frequency.
    """
    if given is None:
        return keys_of(logits)
    return some_of(given, frequencies(len(logits)).tolist(), f"{caller}: frequencies")


def without(logits: Float[Tensor, "p p p"], keys: Sequence[int]) -> Float[Tensor, "p p p"]:
    """Logits without what they have along some frequencies of a + b."""
    return logits - along(logits, keys)


def only(logits: Float[Tensor, "p p p"], keys: Sequence[int]) -> Float[Tensor, "p p p"]:
    """What logits have along some frequencies of a + b, and their mean over all sums."""
    return along(logits, keys) + logits.mean((0, 1))


def trig_fit(logits: Float[Tensor, "p p p"], keys: Sequence[int]) -> tuple[Tensor, Tensor]:
    """The α_k of Σ_k α_k cos(w_k(a + b - c)) by least squares (the waves are orthogonal), and that sum."""
    p, at = len(logits), [k - 1 for k in keys]
    cos, sin = (wave[at] for wave in waves(p))
    mean = by_sum(logits)  # (a + b, c)
    # cos(w(s - c)) = cos ws cos wc + sin ws sin wc, of squared norm p²/2 over s and c
    alpha = (
        2 / p**2 * (torch.einsum("ks,sc,kc->k", cos, mean, cos) + torch.einsum("ks,sc,kc->k", sin, mean, sin))
    )
    s = torch.einsum("k,ks,kc->sc", alpha, cos, cos) + torch.einsum("k,ks,kc->sc", alpha, sin, sin)
    return alpha, of_sum(s)


@recorded
def logit_trig_fit(model: Model, *, frequencies: Iterable[int] | None = None) -> Result:
    """How well the logits are Σ_k α_k cos(w_k(a + b - c)), with w_k = 2πk/p, and what the network would lose by it.

    Args:
        model: a modular addition network; under the interventions that are active.
        frequencies: the k; the key ones by default.

    Returns:
        Result (frequency) of the α_k, in the logits' unit; with the variables `variance_explained` (of the logits, less
        their mean over c, which no probability depends on; 0 to 1), `loss` and `loss_of_fit`: mean cross-entropy over
        all sums in nats, with the network's logits and with the fit in their place.

    Raises:
        MIError: the model is no such network, or a number is no frequency.

    Source: Nanda et al. 2023 (arXiv:2301.05217), section 4.2: 95 % of the variance, and a lower loss.
    """
    sums = all_sums(model, "mi.fourier.logit_trig_fit")
    keys = chosen(frequencies, sums.logits, "mi.fourier.logit_trig_fit")
    alpha, fit = trig_fit(sums.logits, keys)
    return Result(
        kind="logit_trig_fit",
        title="Logits as cosines",
        dataset=xr.Dataset(
            {
                "alpha": ("frequency", alpha.numpy()),
                "variance_explained": ((), explained(sums.logits, fit), {"units": "share of the variance"}),
                "loss": ((), sums.loss(sums.logits), {"units": "nats"}),
                "loss_of_fit": ((), sums.loss(fit), {"units": "nats"}),
            },
            coords={"frequency": np.array(keys, dtype=np.int64)},
        ),
        primary="alpha",
        unit="logit",
        source=f"{SOURCE}, section 4.2",
        provenance=model.provenance(sites=["logits"]),
    )


def explained(logits: Float[Tensor, "p p p"], fit: Float[Tensor, "p p p"]) -> float:
    """The share of the logits, less their mean over c, that a fit accounts for."""
    centred = (logits - logits.mean(-1, keepdim=True)).double()
    total = centred.square().sum()
    return (1 - (centred - fit).square().sum() / total).item() if total > 0 else 0.0


@recorded
def frequency_ablation(model: Model) -> Result:
    """The loss over all sums when the logits lose one frequency of a + b.

    Args:
        model: a modular addition network; under the interventions that are active.

    Returns:
        Result (frequency): mean cross-entropy in nats without cos(w_k(a + b)) and sin(w_k(a + b)); with the variables
        `loss`, that of the whole network, and `key`, whether the frequency is one.

    Raises:
        MIError: the model is no such network.

    Source: Nanda et al. 2023 (arXiv:2301.05217), section 4.4.
    """
    sums = all_sums(model, "mi.fourier.frequency_ablation")
    known = frequencies(sums.p)
    losses = [sums.loss(without(sums.logits, [int(k)])) for k in known]
    return Result(
        kind="frequency_ablation",
        title="Loss without a frequency",
        dataset=xr.Dataset(
            {
                "loss_without": ("frequency", np.array(losses)),
                "loss": ((), sums.loss(sums.logits), {"units": "nats"}),
                "key": ("frequency", np.isin(known, keys_of(sums.logits)), {"units": "whether"}),
            },
            coords={"frequency": known},
        ),
        primary="loss_without",
        unit="nats",
        source=f"{SOURCE}, section 4.4",
        provenance=model.provenance(sites=["logits"]),
    )
