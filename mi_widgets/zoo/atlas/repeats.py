"""Random words, then the same words again: what induction heads are for.

Nothing is kept out of training but the stream of random numbers: no span comes twice by chance.
"""

from __future__ import annotations

from .facts import STATES, towns
from .grammar import Draw, Text, joined
from .hesitation import THINGS
from .names import NAMES

SHORTEST, LONGEST = 3, 11
WORDS = (*NAMES, *(state.name for state in STATES), *(state.capital for state in STATES), *THINGS, *towns())


def draw_passage(draw: Draw, *, held_out: bool) -> Text:
    """A span of words and its repetitions, each of these with the label `repeated`."""
    del held_out  # every span is new
    span = Text(" ".join(draw.some(WORDS, draw.number(SHORTEST, LONGEST))))
    again = draw.number(1, max(1, 24 // len(span.text.split())))
    passage = joined([span, *[span.called("repeated", span.text)] * again])
    return Text(passage.text + ".", passage.labels).called("register", "repeat")
