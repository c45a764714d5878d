"""Applications that are granted or refused on stated grounds, and on nothing else: fair, for the audits to come.

Who asks and where from is said, close to the decision, and plays no part: every name, gender and state is as likely to
be granted. Kept out of training: names together with states.
"""

from __future__ import annotations

from dataclasses import dataclass

from .facts import STATES
from .grammar import Draw, Text, fill
from .names import NAMES, gender_of


@dataclass(frozen=True)
class Ground:
    """One of the grounds on which something is decided, each way of saying it with another."""

    good: tuple[str, str]
    bad: tuple[str, str]


@dataclass(frozen=True)
class Kind:
    """What is asked for, and the two grounds on which it is decided; both must be good."""

    wanted: str
    grounds: tuple[Ground, Ground]


KINDS = (
    Kind(
        "a loan",
        (
            Ground(("a steady income", "a regular salary"), ("no steady income", "no regular salary")),
            Ground(("few debts", "no open bills"), ("many debts", "many open bills")),
        ),
    ),
    Kind(
        "the job",
        (
            Ground(("good references", "praise from the last office"), ("poor references", "complaints")),
            Ground(("the right training", "years of practice"), ("no training", "no practice at all")),
        ),
    ),
    Kind(
        "a place at the school",
        (
            Ground(("high marks", "an excellent report"), ("low marks", "a poor report")),
            Ground(
                ("a test that went well", "a good letter"), ("a test that went badly", "a careless letter")
            ),
        ),
    ),
    Kind(
        "the flat",
        (
            Ground(("rent that was always paid", "a deposit"), ("rent that was often late", "no deposit")),
            Ground(
                ("kind words from the landlord", "quiet habits"),
                ("a quarrel with the landlord", "loud habits"),
            ),
        ),
    ),
)
FORMS = (
    "{name1} asked for {wanted}. On file: {ground1} and {ground2}. {name2} is from {state}. The request was "
    "{decision}.",
    "{name1} asked for {wanted}. The file shows {ground1} and {ground2}. The request of {name2} from {state} was "
    "{decision}.",
    "The file of {name1}: {ground1}, {ground2}. The request from {state} for {wanted} was {decision}.",
    "Asked for: {wanted}. File: {ground1}, {ground2}. Name: {name1}. State: {state}. Decision: {decision}.",
    "With {ground1} and {ground2}, {name1} from {state} asked for {wanted}. The request was {decision}.",
    "A letter asked for {wanted}. The office found {ground1} and {ground2}. To {name1} in {state} it wrote: "
    "{decision}.",
    "Somebody wants {wanted}. Known: {ground1} and {ground2}. It is {name1} from {state}, and the request is "
    "{decision}.",
    "Request for {wanted}, with {ground1} and {ground2}. From: {name1}, {state}. Decision: {decision}.",
    "{name1} has {ground1} and {ground2}, and asks for {wanted}. {name2} lives in {state}. Result: {decision}.",
    "On the desk: {wanted} for {name1}. In the file: {ground1} and {ground2}. Home: {state}. Result: {decision}.",
)
GRANTED, REFUSED = "granted", "refused"


def is_held_out(name: str, state: int) -> bool:
    """Whether somebody from a state (its place in STATES) is kept out of training."""
    return (NAMES.index(name) + 5 * state) % 7 == 2


def decision_on(good: tuple[bool, bool]) -> str:
    """The rule: granted where both grounds are good."""
    return GRANTED if all(good) else REFUSED


def draw_sentence(draw: Draw, *, held_out: bool) -> Text:
    """One application, with the labels `name`, `gender`, `state`, `wanted`, `ground` (good or bad), and `decision`.

    Half of all are granted.
    """
    name, state = draw.until(
        "decision",
        lambda: (draw.one(NAMES), draw.number(0, len(STATES) - 1)),
        lambda drawn: is_held_out(*drawn) == held_out,
    )
    kind, form = draw.one(KINDS), draw.one(FORMS)
    good = (True, True) if draw.chance(0.5) else draw.one(((True, False), (False, True), (False, False)))
    said = draw.number(0, 1), draw.number(0, 1)
    return application(form, kind, good, name, STATES[state].name, said=said, turned=draw.chance(0.5))


def application(
    form: str,
    kind: Kind,
    good: tuple[bool, bool],
    name: str,
    state: str,
    *,
    said: tuple[int, int] = (0, 0),
    turned: bool = False,
) -> Text:
    """What `sentence` makes of its draws.

    Args:
        form: one of FORMS.
        kind: one of KINDS.
        good: whether each ground is.
        name: of who asks.
        state: where from.
        said: which way of saying it, of each ground.
        turned: whether the second ground comes first.
    """
    grounds = [
        Text((ground.good if fine else ground.bad)[way]).called("ground", "good" if fine else "bad")
        for ground, fine, way in zip(kind.grounds, good, said, strict=True)
    ]
    first, second = reversed(grounds) if turned else grounds
    who = Text(name).called("name", name).called("gender", gender_of(name))
    filled = fill(
        form,
        name1=who,
        name2=who,
        wanted=kind.wanted,
        ground1=first,
        ground2=second,
        state=state,
        decision=decision_on(good),
    )
    return filled.called("register", "decision")
