"""What a network that adds modulo a prime does, by the library's own analyses, beside the paper's figures."""

from __future__ import annotations

import math

import numpy as np

from mi_widgets.analysis.fourier.logits import frequency_ablation, key_frequencies, logit_trig_fit, without
from mi_widgets.analysis.fourier.neuron_logit_map import neuron_logit_map
from mi_widgets.analysis.fourier.neurons import neuron_frequencies
from mi_widgets.analysis.fourier.pairs import all_pairs
from mi_widgets.analysis.fourier.progress import progress_measures
from mi_widgets.analysis.fourier.task import Task
from mi_widgets.core.results import Result
from mi_widgets.model.load import load
from mi_widgets.model.model import Model
from mi_widgets.zoo.modular_addition import Sums
from mi_widgets.zoo.shipped import checkpoints

_OTHERS, _SEED = 5, 0  # how many frequencies that are not key are removed at once, and which


def measures(model: Model, train: Sums) -> dict[str, float]:
    """Every figure that is recorded of a model.

    Args:
        model: the network.
        train: what it learned from.
    """
    keys = keys_of(model)
    progress = progress_measures(model, task=_task(train)).dataset
    fit = logit_trig_fit(model).dataset
    mapped = neuron_logit_map(model).dataset
    singular = mapped["singular_value"].values.astype(float) ** 2
    directions = [mapped[part].sel(frequency=keys).values for part in ("u_explained", "v_explained")]
    ablation = frequency_ablation(model)
    loss = ablation.dataset["loss"].item()
    lost = ablation.to_xarray()
    return {
        "test accuracy": progress["test_accuracy"].item(),
        "key frequencies": len(keys),
        "energy of W_L in them": mapped["share_of_keys"].item(),
        "energy of W_L in twice as many singular vectors": singular[: 2 * len(keys)].sum() / singular.sum(),
        "logit variance explained by cosines": fit["variance_explained"].item(),
        "loss with the fit over loss": fit["loss_of_fit"].item() / fit["loss"].item(),
        "neurons above 85 %": neuron_frequencies(model).dataset["clear"].item(),
        "least of u_k and v_k": min((float(d.min()) for d in directions if len(d)), default=0.0),
        "excluded loss": progress["excluded"].item(),
        "log10 of restricted loss": math.log10(progress["restricted"].item()),
        "log10 of loss": math.log10(loss),
        "log10 of what one key frequency is worth, the least": math.log10(
            lost.sel(frequency=keys).min().item() / loss if keys else 1
        ),
        "five others removed, loss over loss": _without_others(model, keys, loss),
        "Gini coefficient of W_E": progress["gini_W_E"].item(),
        "sum of squared weights": progress["squared_weights"].item(),
    }


def _task(train: Sums) -> Task:
    return Task(train.p, split=train)


def keys_of(model: Model) -> list[int]:
    """The key frequencies of a model."""
    found: Result = key_frequencies(model)
    return found.dataset["frequency"].values[found.dataset["key"].values].tolist()


def _without_others(model: Model, keys: list[int], loss: float) -> float:
    pairs = all_pairs(model, None, "measures")
    others = np.setdiff1d(np.arange(1, (pairs.p - 1) // 2 + 1), keys)
    drawn = np.random.default_rng(_SEED).choice(others, size=min(_OTHERS, len(others)), replace=False)
    return pairs.loss(without(pairs, drawn.tolist())) / loss


def training_figures(name: str, train: Sums, control: int) -> dict[str, float]:
    """How the circuit comes before the accuracy, and that the control has none.

    Args:
        name: a model with checkpoints.
        train: what it learned from.
        control: the step at which the network still knows its sums by heart alone.
    """
    keys = keys_of(load(name))
    lowest = math.inf
    for step in checkpoints(name):
        found = progress_measures(load(name, checkpoint=step), frequencies=keys, task=_task(train)).dataset
        if found["test_accuracy"].item() < 0.5:
            lowest = min(lowest, found["restricted"].item())
    by_heart = measures(load(name, checkpoint=control), train) if control in checkpoints(name) else {}
    shown = (
        "test accuracy",
        "key frequencies",
        "energy of W_L in them",
        "logit variance explained by cosines",
        "loss with the fit over loss",
        "neurons above 85 %",
        "least of u_k and v_k",
    )
    return {
        "restricted loss where test accuracy is below one half, the lowest": lowest,
        **{f"control: {what}": by_heart[what] for what in shown if by_heart},
    }
