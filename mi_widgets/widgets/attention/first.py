"""The selection a view opens with, so that its first sight says something."""

from typing import Any

import numpy as np
import xarray as xr

from .._shared.selection import complete_selection
from .focus import elsewhere_on_average, interesting_query
from .patterns import Patterns, part

_WORTH_A_LOOK = 0.1  # a highest score below it singles out no head


def first_selection(given: dict[str, Any], patterns: Patterns) -> dict[str, Any]:
    """A complete selection: what was given, and where nothing was, what is worth a look.

    The step is the last. The head is the one highest in the first score, if any is high at all, else the one
    that looks elsewhere most (`focus.elsewhere`); the row is the one of that head that looks elsewhere most.

    Raises:
        SelectionError: Something given does not exist.
    """
    chosen = complete_selection(given, patterns.first(), patterns.choices())
    if "layer" not in given or "head" not in given:
        axes = ("layer", "head")
        fitting = {axis: [chosen[axis]] if axis in given else patterns.labels[axis] for axis in axes}
        worth = _worth(patterns, chosen).sel(fitting)
        best = np.unravel_index(int(worth.values.argmax()), worth.shape)
        chosen |= {axis: fitting[axis][i] for axis, i in zip(axes, best, strict=True)}
    if "query" not in given:
        chosen["query"] = interesting_query(patterns.head(chosen))
    return chosen


def _worth(patterns: Patterns, chosen: dict[str, Any]) -> xr.DataArray:
    """How much each head is worth a look."""
    for score in patterns.scores[:1]:
        worth = part(score.values, chosen, "step").fillna(-np.inf)
        if worth.max() > _WORTH_A_LOOK:
            return worth
    heads = part(patterns.pattern, chosen, "step", "batch")
    return heads[..., 0, 0].copy(data=elsewhere_on_average(heads.values))
