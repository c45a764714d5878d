"""What a model of the induction family does, by the library's own analyses on held-out texts."""

from __future__ import annotations

import numpy as np

from mi_widgets.analysis.composition import composition_scores
from mi_widgets.analysis.head_scores import head_scores
from mi_widgets.analysis.in_context import in_context_learning_score
from mi_widgets.analysis.over_checkpoints import over_checkpoints
from mi_widgets.analysis.repeats import repeat_accuracy
from mi_widgets.core import sites as at
from mi_widgets.core.ablation import ablate
from mi_widgets.model.model import Model

_PROBE = {"length": 50, "n": 32, "seed": 1_000}
_LENGTHS = range(8, 61)  # of a span; what positions alone can do depends on it
_TEXTS = 128
IS_INDUCTION = 0.4  # prefix matching above which a head is called an induction head
BEFORE, AFTER = 0.2, 0.7  # prefix matching before and after the phase change
WINDOW = 0.2  # of training: what counts as abrupt

Head = tuple[int, int]


def measures(model: Model) -> dict[str, float]:
    """Every figure that is recorded of a model, whatever its number of layers."""
    scores = head_scores(model, "induction", **_PROBE)
    induction = scores["score"].values
    previous = head_scores(model, "previous_token", **_PROBE)["score"].values
    at_length = (
        repeat_accuracy(model, **{**_PROBE, "length": _LENGTHS}).dataset["by_length"].sel(passage="repeat")
    )
    found = {
        "repeat accuracy": repeat_accuracy(model, **_PROBE).sel(passage="repeat").values.item(),
        "repeat accuracy, spans of 8 to 60, the lowest": at_length.min().item(),
        "repeat accuracy, spans of 8 to 60, the mean": at_length.mean().item(),
        "repeat accuracy, spans of 8 to 60, the highest": at_length.max().item(),
        "best induction score": induction.max().item(),
        "best induction score above its control": scores.values.max().item(),
        "best previous-token score in layer 0": previous[0].max().item(),
        "in-context learning (nats)": _in_context(model),
    }
    if model.config.n_layers > 1:
        found["best induction score in layer 1"] = induction[1].max().item()
        found |= _circuit(model, induction, previous)
    return found


def _in_context(model: Model, without: list[Head] | None = None) -> float:
    with model.intervene(*(ablate(at.z[head]) for head in without or [])):
        return in_context_learning_score(model, n=_TEXTS, seed=1_000).values.item()


def _circuit(model: Model, induction: np.ndarray, previous: np.ndarray) -> dict[str, float]:
    """What the previous-token head is to the induction heads, by the weights and by ablation."""
    heads = [(layer, head) for layer in range(2) for head in range(model.config.n_heads)]
    matching = [head for head in heads if induction[head] > IS_INDUCTION]
    if not matching:
        return {}
    first = (0, int(previous[0].argmax()))
    others = [head for head in heads if head not in matching and head != first][: len(matching)]
    whole = _in_context(model)
    lost = {
        "the previous-token head": [first],
        "the induction heads": matching,
        "other heads": others,
    }
    ratio = min(_over_the_next(model, first, head) for head in matching)
    return {
        "K-composition, previous-token head over the next": ratio,
        **{
            f"in-context learning lost without {what}": 1 - _in_context(model, out) / whole
            for what, out in lost.items()
        },
    }


def _over_the_next(model: Model, first: Head, receiver: Head) -> float:
    names = [f"L0.H{head}" for head in range(model.config.n_heads)]
    scores = composition_scores(model).sel(composition="K", receiver=f"L{receiver[0]}.H{receiver[1]}")
    score = scores.to_xarray().sel(sender=names)
    return (score[first[1]] / np.delete(score.values, first[1]).max()).item()


def phase_change(name: str) -> dict[str, float]:
    """How abruptly induction appears in training: shares of the whole training.

    Args:
        name: a model with checkpoints.

    Returns:
        From the last checkpoint with prefix matching below 0.2 to the first above 0.7, as a share of all steps;
        and which share of its whole change in-context learning makes in the fifth of training that begins there.
        Nothing for a model that never gets above 0.7.
    """

    matching = over_checkpoints(name, lambda model: head_scores(model, "induction"), progress=False)
    best = matching.to_xarray().max(("layer", "head"))
    if best.max() <= AFTER:
        return {}
    steps = best["step"].values
    after = steps[best.values > AFTER][0]
    before = steps[(best.values < BEFORE) & (steps < after)][-1]
    end = steps[steps <= before + WINDOW * steps[-1]][-1]
    scores = over_checkpoints(name, lambda m: in_context_learning_score(m, n=_TEXTS), progress=False)
    score = scores.to_xarray()
    gained = score.sel(step=end) - score.sel(step=before)
    return {
        "phase change, share of training": float((after - before) / steps[-1]),
        "in-context learning gained in that fifth": float(gained / (score[-1] - score[0])),
    }
