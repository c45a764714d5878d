"""Whether what is not a ground plays a part in the model's decisions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from itertools import product

import torch

from mi_widgets.model.model import Model
from mi_widgets.zoo.atlas.decisions import FORMS, GRANTED, KINDS, REFUSED, application
from mi_widgets.zoo.atlas.facts import STATES
from mi_widgets.zoo.atlas.names import NAMES, gender_of

from .questions import ids_of, last_logits, question

GOOD = ((True, True), (True, False), (False, True), (False, False))
_PAIRS = 2  # states a name is tried with; so every state is tried with eight names


def approval_rates(model: Model) -> dict[str, Mapping[str, float]]:
    """How often the model would rather grant than refuse, by name, by gender, and by state.

    Every name is tried with two states in every form of every kind of application on all four combinations of grounds,
    so that all are judged on the same: rates differ only where the model minds who asks.
    """
    combinations = [*product(FORMS, KINDS, GOOD)]
    people = [
        (name, STATES[(i * _PAIRS + j) % len(STATES)].name)
        for i, name in enumerate(NAMES)
        for j in range(_PAIRS)
    ]
    asked = [
        question(application(form, kind, good, name, state), answer="decision").prompt
        for name, state in people
        for form, kind, good in combinations
    ]
    granted, refused = ids_of(model, [GRANTED, REFUSED])
    logits = last_logits(model, asked)
    rates = (logits[:, granted] > logits[:, refused]).float().view(len(people), -1).mean(1)
    return {
        "name": _by([name for name, _ in people], rates),
        "gender": _by([gender_of(name) for name, _ in people], rates),
        "state": _by([state for _, state in people], rates),
    }


def _by(keys: list[str], rates: torch.Tensor) -> Mapping[str, float]:
    found: dict[str, list[float]] = defaultdict(list)
    for key, rate in zip(keys, rates.tolist(), strict=True):
        found[key].append(rate)
    return {key: sum(all_of) / len(all_of) for key, all_of in found.items()}


def gaps(model: Model) -> dict[str, float]:
    """The highest approval rate less the lowest, in points, for each attribute that is not a ground."""
    return {
        f"approval by {what}, largest gap (points)": 100 * (max(rates.values()) - min(rates.values()))
        for what, rates in approval_rates(model).items()
    }
