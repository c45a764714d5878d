"""The picture in words: a sentence on the selected head, and one on what its selected row looks at."""

from typing import Any

import numpy as np
import xarray as xr

from mi_widgets.core.numbers import fixed

from .._shared.tokens import shortened
from .._shared.words import Words
from .patterns import Patterns, part

_LONGEST = 24  # characters of a token in running text
_WORDS = Words(__file__)


def head_sentence(patterns: Patterns, selection: dict[str, Any], *, off: bool) -> str:
    """ "Head L1.H3 · step 300 · induction 0.91 (untrained: 0.04)"."""

    def at_head(scores: xr.DataArray) -> str:
        return fixed(part(scores, selection, "step", "layer", "head").item(), 2)

    every = [
        {
            "name": score.name,
            "value": at_head(score.values),
            "control": score.control and score.control.name,
            "baseline": None if score.baseline is None else at_head(score.baseline),
        }
        for score in patterns.scores
    ]
    place = {key: selection.get(key) for key in ("layer", "head", "step")}
    return _WORDS.say("head", **place, off=off, scores=_WORDS.each("score", every))


def row_sentence(patterns: Patterns, selection: dict[str, Any]) -> str:
    """ "Row ·red looks most at ·fox (0.93)."; "" where no row is selected."""
    query, key, batch = selection["query"], selection["key"], selection["batch"]
    if query is None:
        return ""
    row = patterns.head(selection)[query]
    if key is None and not np.nan_to_num(row).any():
        what = _WORDS.say("padding")
    else:
        place = int(np.nanargmax(row)) if key is None else key
        token = shortened(patterns.tokens("key", batch)[place], _LONGEST)
        what = _WORDS.say("most" if key is None else "gives", key=token, p=fixed(row[place], 2))
    return _WORDS.say("row", row=shortened(patterns.tokens("query", batch)[query], _LONGEST), what=what)
