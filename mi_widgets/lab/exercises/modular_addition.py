"""The exercises of the notebook on modular addition."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from mi_widgets.analysis.fourier.logits import key_frequencies
from mi_widgets.analysis.fourier.spectrum import fourier_spectrum, project_out_frequency
from mi_widgets.core import sites as at
from mi_widgets.core.ablation import ablate
from mi_widgets.model.model import Model

from .verdict import Verdict, no, unanswered, yes


def costliest(model: Model, answer: int | None) -> Verdict:
    """Which key frequency, taken out of the embeddings, leaves the fewest sums right?

    Args:
        model: a modular addition network.
        answer: a frequency.
    """
    if answer is None:
        return unanswered("a frequency")
    shares = _keys(model)
    if answer not in shares["frequency"].values:
        return no(f"{answer!r} is no key frequency: they are {_listed(shares['frequency'].values)}.")
    left = {int(k): _right_without(model, int(k)) for k in shares["frequency"].values}
    if left[answer] > min(left.values()):
        return no(f"Without {answer}, {left[answer]:.1%} are right; there is one that costs more.")
    largest = int(shares["frequency"][int(shares.argmax("frequency"))])
    said = "the one" if answer == largest else f"not the one, {largest},"
    return yes(
        f"Without {answer}, {left[answer]:.1%} are right. It is {said} with the largest share of the logits."
    )


def served(model: Model, answer: dict[int, int | None] | None, frequencies: tuple[int, ...]) -> Verdict:
    """For each of some frequencies: without which head is least of it left in the logits?

    Args:
        model: a modular addition network.
        answer: a head for each frequency.
        frequencies: those that are asked for.
    """
    if answer is None or any(answer.get(k) is None for k in frequencies):
        return unanswered(f"a head for each of {_listed(frequencies)}")
    left = [_shares_without_head(model, head) for head in range(model.config.n_heads)]
    heads = {k: int(np.argmin([shares.sel(frequency=k).item() for shares in left])) for k in frequencies}
    wrong = [k for k in frequencies if answer[k] != heads[k]]
    if wrong:
        agree = f"{len(frequencies) - len(wrong)} of {len(frequencies)} are right."
        return no(f"{agree} Without the head that serves it, least is left of a frequency.")
    whole = _keys(model)
    said = (
        f"{k}: {whole.sel(frequency=k).item():.0%} → {left[head].sel(frequency=k).item():.0%}"
        for k, head in heads.items()
    )
    return yes(f"Share of the logits, with the head and without: {', '.join(said)}.")


def memory_outgrown(story: xr.Dataset, answer: int | None) -> Verdict:
    """From which step on do the key frequencies alone do better than the whole network on the sums it was shown?

    Args:
        story: `progress_measures` over checkpoints, by the key frequencies of the last.
        answer: a step.
    """
    if answer is None:
        return unanswered("a step")
    steps = story["step"].values
    if answer not in steps:
        return no(f"The network was saved at steps {_listed(steps)}.")
    better = (story["restricted"] < story["train_loss"]).values
    if not better[-1]:
        return no("With this network they never do.")
    worse = np.flatnonzero(~better)
    first = steps[worse[-1] + 1 if len(worse) else 0]
    if answer > first:
        return no("They do so earlier already.")
    if answer < first:
        return no("At that step, or at a later one, they do not.")
    then = story.sel(step=answer)
    return yes(
        f"{then['restricted'].item():.1e} against {then['train_loss'].item():.1e} nats, when "
        f"{then['test_accuracy'].item():.0%} of the sums that it was never shown are right."
    )


def _keys(model: Model) -> xr.DataArray:
    """The shares of the logits that the key frequencies have."""
    found = key_frequencies(model)
    return found.to_xarray()[found.dataset["key"].values]


def _right_without(model: Model, frequency: int) -> float:
    with model.intervene(project_out_frequency(model, frequency)):
        return fourier_spectrum(model).dataset["accuracy"].item()


def _shares_without_head(model: Model, head: int) -> Any:
    with model.intervene(ablate(at.z[0, head])):
        return key_frequencies(model).to_xarray()


def _listed(some: Any) -> str:
    return ", ".join(map(str, some)) or "none"
