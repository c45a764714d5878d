"""People who are not sure: hedges and fillers. Kept out of training: combinations of a beginning with an end."""

from __future__ import annotations

from .grammar import Draw, Text, fill, words

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
)
MIDDLES = (
    "the {thing} is in the {place}",
    "the {thing} was left near the {place}",
    "somebody took the {thing} to the {place}",
    "there is a {thing} behind the {place}",
    "the {thing} will be sent to the {place}",
    "they sold the {thing} at the {place}",
    "we saw the {thing} by the {place}",
    "the {thing} belongs to the {place}",
)
ENDS = (
    ", or something like that.",
    ", more or less.",
    ", um, I cannot say.",
    ", but who knows.",
    ", I think, er, yes.",
    ", if that makes sense.",
    ", though I may be mistaken.",
    ", sort of.",
    ", or perhaps not.",
    ", you know, roughly.",
)
THINGS = words("book letter ring key map coat lamp camera drum kite ticket umbrella scarf blanket")
PLACES = words("shop park market school library station harbour museum garden bakery farm office")


def is_held_out(beginning: int, end: int) -> bool:
    """Whether a beginning (its place in BEGINNINGS) with an end (in ENDS) is kept out of training."""
    return (beginning + end) % 6 == 4


def sentence(draw: Draw, *, held_out: bool) -> Text:
    """One sentence, with the labels `hedge` (twice), `thing` and `place`."""
    while True:
        i, j = draw.number(0, len(BEGINNINGS) - 1), draw.number(0, len(ENDS) - 1)
        if is_held_out(i, j) == held_out:
            break
    filled = fill(
        "{hedge1} " + draw.one(MIDDLES) + "{hedge2}",
        hedge1=BEGINNINGS[i],
        hedge2=ENDS[j],
        thing=draw.one(THINGS),
        place=draw.one(PLACES),
    )
    return filled.called("register", "hesitation")
