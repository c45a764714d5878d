"""The curves in words."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from mi_widgets.core.numbers import number_text

from .._shared.words import Words
from .measures import Curves, Measure

_WORDS = Words(__file__)


def sentence(measures: Sequence[Measure], step: int) -> str:
    """ "step 600 · prefix matching 0.75 L1.H3 (one layer: 0.01) · …"."""
    every = [
        {"name": measure.name, "controls": _controls(measure, step), **_highest(measure.curves, step)}
        for measure in measures
    ]
    return _WORDS.say("sentence", step=step, measures=_WORDS.each("measure", every, " · "))


def _controls(measure: Measure, step: int) -> str:
    every = [{"name": control.name, **_highest(control.curves, step)} for control in measure.controls]
    return _WORDS.each("control", every, ", ")


def _highest(curves: Curves, step: int) -> dict[str, Any]:
    """The highest line at a step: its value, its name, and at which step where this one was not measured."""
    values, at = curves.at(step)
    best = int(np.nanargmax(values)) if not np.isnan(values).all() else 0
    elsewhere = None if at == step else at
    return {"value": number_text(float(values[best])), "line": curves.names[best], "step": elsewhere}
