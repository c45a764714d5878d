"""The selection a view opens with, so that its first sight says something."""

from typing import Any

import numpy as np

from .._shared.selection import checked
from .focus import interesting_head, interesting_query
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
        chosen |= _head(given, chosen, patterns)
    if "query" not in given:
        chosen["query"] = interesting_query(patterns.head(chosen))
    return chosen


def _head(given: dict[str, Any], chosen: dict[str, Any], patterns: Patterns) -> dict[str, int]:
    rows = [patterns.layers.index(given["layer"])] if "layer" in given else list(range(len(patterns.layers)))
    columns = [patterns.heads.index(given["head"])] if "head" in given else list(range(len(patterns.heads)))
    scores = patterns.scores
    first = scores[0].at(patterns.step_index(chosen)) if scores else np.zeros(patterns.grid)
    if np.nanmax(first, initial=-np.inf) > _WORTH_A_LOOK:
        part = np.nan_to_num(first[np.ix_(rows, columns)], nan=-np.inf)
        row, column = np.unravel_index(int(part.argmax()), part.shape)
    else:
        row, column = interesting_head(
            patterns.all_heads(chosen)[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        )
    return {"layer": patterns.layers[rows[row]], "head": patterns.heads[columns[column]]}
