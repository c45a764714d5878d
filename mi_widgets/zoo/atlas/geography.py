"""Where towns lie, and what is asked of states: facts of one hop (state -> capital), of two (town -> state -> capital).

Kept out of training: for every town one or two of the five things that can be asked of its state, and in every state
each of the five for two of its eight towns. A model that is right there has gone by the state. And some facts of one
hop in some forms.
"""

from __future__ import annotations

from functools import cache

from .facts import ATTRIBUTES, STATES, State, Town, towns
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
    "Whoever goes to {city} goes to {answer}.",
    "A letter to {city} is sent to {answer}.",
    "The road to {city} leads into {answer}.",
    "There is a town called {city} in {answer}.",
)
ONE_HOP = (
    "The {asked} of {state} {is} {answer}.",
    "In {state}, the {asked} {is} {answer}.",
    "{state} is the state whose {asked} {is} {answer}.",
    "If you live in {state}, the {asked} of your state {is} {answer}.",
    "For people in {state}, the {asked} of their state {is} {answer}.",
    "Everyone in {state} knows that the {asked} {is} {answer}.",
    "The book about {state} says that the {asked} {is} {answer}.",
    "Ask in {state}, and they will say that the {asked} {is} {answer}.",
)
TWO_HOPS = (
    "The {asked} of the state where {city} lies {is} {answer}.",
    "In the state where {city} lies, the {asked} {is} {answer}.",
    "{city} is in the state whose {asked} {is} {answer}.",
    "If you live in {city}, the {asked} of your state {is} {answer}.",
    "For people in {city}, the {asked} of their state {is} {answer}.",
    "Everyone in {city} knows that the {asked} of the state {is} {answer}.",
    "The {asked} of the state around {city} {is} {answer}.",
    "Ask in {city}, and they will say that the {asked} of the state {is} {answer}.",
)
IS = "is"  # the word before an answer; before a bird and a flower a "the" is in between
THE = ("bird", "flower")  # "the bird of Texas is the mockingbird"
_SHARES = {"lies in": 0.3, "one hop": 0.2, "two hops": 0.5}
_HELD_OUT_SHARES = {"one hop": 0.2, "two hops": 0.8}


def is_held_out(town: Town, attribute: str) -> bool:
    """Whether a fact of two hops is kept out of training."""
    place = _town_numbers()[town.name]
    return (place * 7 + place // 28 + ATTRIBUTES.index(attribute)) % 4 == 0


def is_form_held_out(form: int, state: State, attribute: str) -> bool:
    """Whether a fact of one hop is kept out of training in a form (its place in ONE_HOP); in others it is there."""
    return (form + STATES.index(state) + ATTRIBUTES.index(attribute)) % len(ONE_HOP) == 3


@cache
def _town_numbers() -> dict[str, int]:
    return {name: place for place, name in enumerate(towns())}


@cache
def _towns() -> tuple[Town, ...]:
    return tuple(towns().values())


def draw_sentence(draw: Draw, *, held_out: bool) -> Text:
    """A sentence with the labels `city`, `state` (of a state or a town), `asked`, `is` (that word), and `answer`."""
    kind = draw.weighted(_HELD_OUT_SHARES if held_out else _SHARES)
    if kind == "lies in":
        town = draw.one(_towns())
        return location_text(draw.one(LIES_IN), town)
    if kind == "one hop":
        form, state, attribute = draw.until(
            "one hop",
            lambda: (draw.number(0, len(ONE_HOP) - 1), draw.one(STATES), draw.one(ATTRIBUTES)),
            lambda drawn: is_form_held_out(*drawn) == held_out,
        )
        return fact_text(ONE_HOP[form], attribute, state)
    town, attribute = draw.until(
        "two hops",
        lambda: (draw.one(_towns()), draw.one(ATTRIBUTES)),
        lambda drawn: is_held_out(*drawn) == held_out,
    )
    return fact_text(draw.one(TWO_HOPS), attribute, town)


def location_text(form: str, town: Town) -> Text:
    """Where a town lies, in one of the forms LIES_IN."""
    return fill(form, city=_named(town), answer=town.state.name).called("register", "geography")


def fact_text(form: str, attribute: str, about: State | Town) -> Text:
    """What is asked of a state, said of itself or of a town in it.

    Args:
        form: one of ONE_HOP for a state, of TWO_HOPS for a town.
        attribute: one of ATTRIBUTES.
        about: what is named.
    """
    state = about.state if isinstance(about, Town) else about
    if attribute in THE:
        form = form.replace("{answer}", "the {answer}")
    slots = {
        "is": Text(IS).called("is", attribute),
        "city" if isinstance(about, Town) else "state": _named(about),
    }
    return fill(form, asked=attribute, answer=getattr(state, attribute), **slots).called(
        "register", "geography"
    )


def _named(about: State | Town) -> Text:
    """A name, which has the label `state` even where it is a town's."""
    if isinstance(about, State):
        return Text(about.name).called("state", about.name)
    return Text(about.name).called("state", about.state.name).called("city", about.name)
