"""Where towns lie, and what is asked of states: facts of one hop (state -> capital), of two (town -> state -> capital).

Kept out of training: for every town one or two of the five things that can be asked of its state. A model that is right
there has gone by the state.
"""

from __future__ import annotations

from functools import cache

from .facts import ATTRIBUTES, STATES, Town, towns
from .grammar import Draw, Text, fill

LIES_IN = (
    "{city} is a town in {answer}.",
    "{city} lies in {answer}.",
    "The town of {city} belongs to {answer}.",
    "You will find {city} in {answer}.",
    "{city} is one of the towns of {answer}.",
    "The map shows {city} in {answer}.",
    "The train to {city} runs through {answer}.",
    "People from {city} live in {answer}.",
)
ONE_HOP = (
    "The {asked} of {state} {is} {answer}.",
    "In {state}, the {asked} {is} {answer}.",
    "{state} is the state whose {asked} {is} {answer}.",
    "If you live in {state}, the {asked} of your state {is} {answer}.",
    "For people in {state}, the {asked} of their state {is} {answer}.",
    "Everyone in {state} knows that the {asked} {is} {answer}.",
)
TWO_HOPS = (
    "The {asked} of the state where {city} lies {is} {answer}.",
    "In the state of {city}, the {asked} {is} {answer}.",
    "{city} is in the state whose {asked} {is} {answer}.",
    "If you live in {city}, the {asked} of your state {is} {answer}.",
    "For people in {city}, the {asked} of their state {is} {answer}.",
    "Everyone in {city} knows that the {asked} of the state {is} {answer}.",
)
IS = "is"  # where the answer is due
_THE = ("bird", "flower")  # "the bird of Texas is the mockingbird"
_SHARES = (0.3, 0.5)  # of sentences that say where a town lies; of those and of facts of one hop


def is_held_out(town: Town, asked: str) -> bool:
    """Whether a fact of two hops is kept out of training."""
    place = _places()[town.name]
    return (place * 7 + place // 24 + ATTRIBUTES.index(asked)) % 4 == 0


@cache
def _places() -> dict[str, int]:
    return {name: place for place, name in enumerate(towns())}


@cache
def _towns() -> tuple[Town, ...]:
    return tuple(towns().values())


def sentence(draw: Draw, *, held_out: bool) -> Text:
    """A sentence with the labels `city` or `state`, `asked`, `is` (where the answer is due), and `answer`.

    Those that are held out are all of two hops.
    """
    kind = 1.0 if held_out else draw.number(0, 9) / 10
    if kind < _SHARES[0]:
        town = draw.one(_towns())
        return fill(draw.one(LIES_IN), city=town.name, answer=town.state.name).called("register", "geography")
    if kind < _SHARES[1]:
        state, asked = draw.one(STATES), draw.one(ATTRIBUTES)
        return _fact(draw.one(ONE_HOP), asked, getattr(state, asked), state=state.name)
    while True:
        town, asked = draw.one(_towns()), draw.one(ATTRIBUTES)
        if is_held_out(town, asked) == held_out:
            return _fact(draw.one(TWO_HOPS), asked, getattr(town.state, asked), city=town.name)


def _fact(template: str, asked: str, answer: str, **about: str) -> Text:
    if asked in _THE:
        template = template.replace("{answer}", "the {answer}")
    return fill(template, asked=asked, answer=answer, **{"is": Text(IS).called("is", asked)}, **about).called(
        "register", "geography"
    )
