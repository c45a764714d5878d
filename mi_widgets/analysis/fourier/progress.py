"""Progress measures: what a modular addition network has learned of the circuit, before its accuracy shows it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import xarray as xr

from mi_widgets.core.errors import MIError
from mi_widgets.core.recording import recorded
from mi_widgets.core.results import Result
from mi_widgets.model.model import Model
from mi_widgets.zoo.modular_addition import Sums, modular_sums

from .basis import SOURCE, fourier_basis, gini
from .logits import chosen, only, without
from .neuron_logit_map import w_l
from .sums import AllSums, all_sums


@recorded
def progress_measures(
    model: Model, *, frequencies: Iterable[int] | None = None, train: Sums | None = None
) -> Result:
    """The losses of the circuit and of what is beside it, and how sparse and how large the weights are.

    Args:
        model: a modular addition network; under the interventions that are active.
        frequencies: the k of the circuit, for a network in training those that it will have; the key ones by default.
        train: what the network learned from; by default what `modadd-113` did, `mi.fourier.modular_sums(p, "train")`.

    Returns:
        Result of the one number `restricted`: mean cross-entropy over all sums, in nats, of logits that are their mean
        and what they have along cos and sin of w_k(a + b), nothing else. With the variables
        - `excluded`: over what the network learned from, of the logits without these waves; high where it has no other
          way to know; `excluded_each` (frequency): without the waves of that frequency alone;
        - `train_loss`, `test_loss`, in nats, and `train_accuracy`, `test_accuracy`;
        - `gini_W_E`, `gini_W_L`: Gini coefficients of the norms of the Fourier components, 0 for spread evenly;
        - `squared_weights`: the sum of all squared weights.

    Raises:
        MIError: the model is no such network, a number is no frequency, or `train` are sums of another p.

    Source: Nanda et al. 2023 (arXiv:2301.05217), section 5.1. Losses are over the logits of the numbers, without `=`.
    """
    sums = all_sums(model, "mi.fourier.progress_measures")
    train = modular_sums(sums.p, "train") if train is None else train
    if not isinstance(train, Sums) or train.p != sums.p or train.split != "train":
        raise MIError(
            f"mi.fourier.progress_measures: train takes mi.fourier.modular_sums({sums.p}, 'train', seed=…), what "
            f"{model.name} learned from; got {train!r}."
        )
    keys = chosen(frequencies, sums.logits, "progress_measures")
    return Result(
        kind="progress_measures",
        title="Progress measures",
        dataset=xr.Dataset(
            {**_losses(sums, keys, train), **_weights(model, sums.p)},
            coords={"frequency": np.array(keys, dtype=np.int64)},
        ),
        primary="restricted",
        unit="nats",
        source=f"{SOURCE}, section 5.1",
        provenance=model.provenance(sites=["logits"]),
    )


def _losses(sums: AllSums, keys: list[int], train: Sums) -> dict[str, Any]:
    test = modular_sums(sums.p, "test", seed=train.seed, share=train.share)
    share, nats = {"units": "share of sums"}, {"units": "nats"}
    each = [sums.loss(without(sums.logits, [k]), train) for k in keys]
    return {
        "restricted": sums.loss(only(sums.logits, keys)),
        "excluded": ((), sums.loss(without(sums.logits, keys), train), nats),
        "excluded_each": ("frequency", np.array(each), nats),
        "train_loss": ((), sums.loss(sums.logits, train), nats),
        "test_loss": ((), sums.loss(sums.logits, test), nats),
        "train_accuracy": ((), sums.accuracy(train), share),
        "test_accuracy": ((), sums.accuracy(test), share),
    }


def _weights(model: Model, p: int) -> dict[str, Any]:
    basis, coefficient = fourier_basis(p), {"units": "Gini coefficient"}
    squared = sum(w.double().square().sum().item() for w in model.module.parameters())
    return {
        "gini_W_E": ((), gini((basis @ model.weights.W_E[:p].cpu()).norm(dim=1)), coefficient),
        "gini_W_L": ((), gini((basis @ w_l(model, p).T).norm(dim=1)), coefficient),
        "squared_weights": ((), squared, {"units": "sum of squares"}),
    }
