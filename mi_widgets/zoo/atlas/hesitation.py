"""People who are not sure: hedges and fillers. Kept out of training: combinations of a beginning with an end."""

from __future__ import annotations

from . import indirect
from .grammar import Draw, Text, fill

BEGINNINGS = (
    "Well, um, I think",
    "Hmm, perhaps",
    "I am not sure, but maybe",
    "Uh, it seems that",
    "Er, I suppose",
    "It might be that",
    "If I remember rightly, er,",
    "Let me see, um, possibly",
    "I could be wrong, but I believe",
    "Oh, I guess",
    "As far as I know, hmm,",
    "Possibly, and I am only guessing,",
    "I think, but do not quote me,",
    "How shall I put it, er, it looks as if",
    "Um, do not ask me why, but",
    "It is hard to say, but I would guess that",
)
MIDDLES = (
    "the {thing} is at the {place}",
    "the {thing} was left near the {place}",
    "somebody took the {thing} to the {place}",
    "the {thing} is somewhere near the {place}",
    "the {thing} will be sent to the {place}",
    "they sold the {thing} at the {place}",
    "we saw the {thing} by the {place}",
    "the {thing} came from the {place}",
    "the {thing} fell down at the {place}",
    "nobody has seen the {thing} at the {place}",
    "my sister forgot the {thing} at the {place}",
    "the {thing} costs less at the {place}",
    "the {place} is where we keep the {thing}",
    "the woman at the {place} has the {thing}",
    "the {thing} was the last one at the {place}",
    "you can find the {thing} at the {place}",
)
ENDS = (
    "or something like that",
    "more or less",
    "um, I cannot say",
    "but who knows",
    "I think, er, yes",
    "if that makes sense",
    "though I may be mistaken",
    "sort of",
    "or perhaps not",
    "you know, roughly",
    "give or take",
    "unless I dreamt it, hmm",
    "but I would not bet on it",
    "well, as it were",
)
THINGS = tuple(thing.split()[1] for thing in indirect.THINGS)
PLACES = tuple(place.removeprefix("the ") for place in indirect.PLACES)


def is_held_out(beginning: int, end: int) -> bool:
    """Whether a beginning (its place in BEGINNINGS) with an end (in ENDS) is kept out of training."""
    return (beginning + end) % 6 == 4


def draw_sentence(draw: Draw, *, held_out: bool) -> Text:
    """One sentence, with the labels `hedge` (twice), `thing` and `place`."""
    i, j = draw.until(
        "hesitation",
        lambda: (draw.number(0, len(BEGINNINGS) - 1), draw.number(0, len(ENDS) - 1)),
        lambda drawn: is_held_out(*drawn) == held_out,
    )
    filled = fill(
        "{hedge1} " + draw.one(MIDDLES) + ", {hedge2}.",
        hedge1=BEGINNINGS[i],
        hedge2=ENDS[j],
        thing=draw.one(THINGS),
        place=draw.one(PLACES),
    )
    return filled.called("register", "hesitation")
