"""The picture in words: a sentence on the selected head, and one on what its selected row looks at."""

from typing import Any

import numpy as np

from .._shared.numbers import fixed
from .._shared.tokens import shortened
from .._shared.words import Words
from .patterns import Patterns
from .scores import Score, at_step

_LONGEST = 24  # signs of a token in running text
_WORDS = Words(__file__)


def head_sentence(patterns: Patterns, selection: dict[str, Any], scores: list[Score], *, off: bool) -> str:
    """ "Head L1.H3 · step 300 · induction 0.91 (untrained: 0.04)"."""
    layer, head = selection["layer"], selection["head"]
    place = patterns.layers.index(layer), patterns.heads.index(head)
    step = patterns.step_index(selection)
    every = [
        {
            "name": score.name,
            "value": fixed(score.at(step)[place], 2),
            "control": score.control and score.control.name,
            "baseline": score.control and fixed(at_step(score.control.values, step)[place], 2),
        }
        for score in scores
    ]
    said = _WORDS.each("score", every)
    return _WORDS.say("head", layer=layer, head=head, step=selection.get("step"), off=off, scores=said)


def row_sentence(patterns: Patterns, selection: dict[str, Any]) -> str:
    """ "Row ·red looks most at ·fox (0.93)."; "" where no row is selected."""
    query, key, batch = selection["query"], selection["key"], selection["batch"]
    if query is None:
        return ""
    row, keys = patterns.head(selection)[query], patterns.key_tokens(batch)
    place = key
    if key is None:
        place = None if not np.nansum(row) else int(np.nanargmax(row))
    if place is None:
        what = _WORDS.say("padding")
    else:
        facts = {"key": shortened(keys[place], _LONGEST), "p": fixed(row[place], 2)}
        what = _WORDS.say("most" if key is None else "gives", **facts)
    return _WORDS.say("row", row=shortened(patterns.query_tokens(batch)[query], _LONGEST), what=what)
