"""Progress measures: what a network for modular arithmetic has learned of the circuit, before its accuracy shows it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import xarray as xr
from jaxtyping import Bool
from torch import Tensor

from mi_widgets.core.record import Call, Record
from mi_widgets.core.recording import recorded
from mi_widgets.core.results import Result
from mi_widgets.model.model import Model
from mi_widgets.zoo.modular_addition import modular_sums
from mi_widgets.zoo.shipped import expected, is_known

from .basis import SOURCE, fourier_basis, gini
from .logits import chosen, only, without
from .neuron_logit_map import w_l
from .pairs import AllPairs, all_pairs, task_of
from .task import Task

_OURS = "modadd-113"


@recorded
def progress_measures(
    model: Model, *, frequencies: Iterable[int] | None = None, task: Task | None = None
) -> Result:
    """The losses of the circuit and of what is beside it, and how sparse and how large the weights are.

    Args:
        model: a network for modular arithmetic with one layer; under the interventions that are active.
        frequencies: the k of the circuit, for a network in training those that it will have; the key ones by default.
        task: as in `mi.fourier.key_frequencies`; its `split` is what the network learned from. Known without a task is
            that of `modadd-113` and of what `python -m mi_widgets.training train modadd-113` has written.

    Returns:
        Result of the one number `restricted`: mean cross-entropy over all pairs, in nats, of logits that are their mean
        and what they have along cos and sin of w_k s (of the answer s), nothing else. With the variables
        - `loss` in nats and `accuracy`, over all pairs;
        - `gini_W_E`, `gini_W_L`: Gini coefficients of the norms of the Fourier components, 0 for spread evenly;
        - `squared_weights`: the sum of all squared weights.

        And where it is known what the network learned from (else a warning says that these are left out)
        - `excluded`: over what it learned from, of the logits without these waves; high where it has no other
          way to know; `excluded_each` (frequency): without the waves of that frequency alone;
        - `train_loss`, `test_loss`, in nats, and `train_accuracy`, `test_accuracy`.

    Raises:
        MIError: the model is no such network, the task has no waves of the answer, or a number is no frequency.

    Source: Nanda et al. 2023 (arXiv:2301.05217), section 5.1. Losses are over the logits of the numbers, without `=`.
    """
    caller = "mi.fourier.progress_measures"
    # Of a network with one layer, whose weights are measured.
    pairs = all_pairs(model, task_of(model, task, caller, neurons=True), caller, by_answer=True)
    keys = chosen(frequencies, pairs, caller)
    learned = pairs.task.learned if task is not None else _learned(model.record, pairs.p)
    parted = {} if learned is None else _of_split(pairs, keys, learned)
    unknown = (
        f"nobody has said which pairs {model.name} learned from, so what is of those and of the others is left out: "
        f"give task=mi.fourier.Task({pairs.p}, split=…)"
    )
    return Result(
        kind="progress_measures",
        title="Progress measures",
        dataset=xr.Dataset(
            {
                "restricted": pairs.loss(only(pairs, keys)),
                **parted,
                "loss": ((), pairs.loss(pairs.logits), {"units": "nats"}),
                "accuracy": ((), pairs.accuracy(), {"units": "share of pairs"}),
                **_weights(model, pairs.task),
            },
            coords={"frequency": np.array(keys, dtype=np.int64)},
        ),
        primary="restricted",
        unit="nats",
        source=f"{SOURCE}, section 5.1",
        provenance=pairs.provenance(model, ["logits"], *([unknown] if learned is None else [])),
    )


def _learned(record: Record, p: int) -> Any:
    """What a network of our recipe learned from, by how it was loaded; None for all others.

    One that was loaded by its name and changed since is brought by the user, and so is not known.
    """
    while isinstance(record, Call) and isinstance(record.of, Call):  # as of `untrained`
        record = record.of
    if not isinstance(record, Call) or record.function != "mi.load" or not record.arguments:
        return None
    name = record.arguments[0][1]
    if not isinstance(name, str) or not is_known(name):
        return None
    known = expected(name)
    if known["recipe"] != _OURS:
        return None
    return Task(p, split=modular_sums(p, "train", seed=known["seed"])).learned


def _of_split(pairs: AllPairs, keys: list[int], learned: Bool[Tensor, "p p"]) -> dict[str, Any]:
    share, nats = {"units": "share of pairs"}, {"units": "nats"}
    each = [pairs.loss(without(pairs, [k]), learned) for k in keys]
    return {
        "excluded": ((), pairs.loss(without(pairs, keys), learned), nats),
        "excluded_each": ("frequency", np.array(each), nats),
        "train_loss": ((), pairs.loss(pairs.logits, learned), nats),
        "test_loss": ((), pairs.loss(pairs.logits, ~learned), nats),
        "train_accuracy": ((), pairs.accuracy(learned), share),
        "test_accuracy": ((), pairs.accuracy(~learned), share),
    }


def _weights(model: Model, task: Task) -> dict[str, Any]:
    basis, coefficient = fourier_basis(task.p), {"units": "Gini coefficient"}
    squared = sum(w.double().square().sum().item() for w in model.module.parameters())
    return {
        "gini_W_E": ((), gini((basis @ model.weights.W_E[task.numbers].cpu()).norm(dim=1)), coefficient),
        "gini_W_L": ((), gini((basis @ w_l(model, task).T).norm(dim=1)), coefficient),
        "squared_weights": ((), squared, {"units": "sum of squares"}),
    }
