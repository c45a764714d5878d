"""The selection a view opens with, so that its first sight says something."""

from typing import Any

import numpy as np

from .._shared.selection import checked
from .focus import elsewhere_on_average, interesting_query
from .patterns import Patterns

_WORTH_A_LOOK = 0.1  # a highest score below it singles out no head


def first_selection(given: dict[str, Any], patterns: Patterns) -> dict[str, Any]:
    """A complete selection: what was given, and where nothing was, what is worth a look.

    The step is the last. The head is the one highest in the first score, if any is high at all, else the one
    that looks elsewhere most (`focus.elsewhere`); the row is the one of that head that looks elsewhere most.

    Raises:
        SelectionError: Something given does not exist.
    """
    chosen = checked(given, patterns.first(), patterns.choices())
    if "layer" not in given or "head" not in given:
        worth, cells = _worth(patterns, chosen), patterns.cells
        fitting = [
            (layer, head)
            for layer, head in cells
            if given.get("layer", layer) == layer and given.get("head", head) == head
        ]
        chosen["layer"], chosen["head"] = max(fitting, key=lambda head: worth[cells[head]])
    if "query" not in given:
        chosen["query"] = interesting_query(patterns.head(chosen))
    return chosen


def _worth(patterns: Patterns, chosen: dict[str, Any]) -> np.ndarray:
    """How much each head is worth a look: (layer, head)."""
    for score in patterns.scores[:1]:
        scores = score.at(patterns.step_index(chosen))
        if np.nanmax(scores, initial=-np.inf) > _WORTH_A_LOOK:
            return np.nan_to_num(scores, nan=-np.inf)
    return elsewhere_on_average(patterns.all_heads(chosen))
