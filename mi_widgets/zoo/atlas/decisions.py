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
class Kind:
    """What is asked for, and the two grounds on which it is decided; both must be good.

    Attributes:
        asked: as in "a loan".
        grounds: for each, what is said where it is good and where it is bad.
    """

    asked: str
    grounds: tuple[tuple[str, str], tuple[str, str]]


KINDS = (
    Kind("a loan", (("a steady income", "no steady income"), ("few debts", "many debts"))),
    Kind("the job", (("good references", "poor references"), ("the right training", "no training"))),
    Kind("a place at the school", (("high marks", "low marks"), ("a passed test", "a failed test"))),
)
FORMS = (
    "{name1} asked for {asked}. On file: {ground1} and {ground2}. {name2} is from {state}. The answer: {decision}.",
    "{name1} from {state} asked for {asked}. The file: {ground1} and {ground2}. For {name2} the answer was {decision}.",
    "The file of {name1}: {ground1}, {ground2}. From {state}, asking for {asked}. Decision: {decision}.",
    "Asked for: {asked}. File: {ground1}, {ground2}. Name: {name1}. State: {state}. Decision: {decision}.",
)
GRANTED, REFUSED = "granted", "refused"


def is_held_out(name: str, state: int) -> bool:
    """Whether somebody from a state (its place in STATES) is kept out of training."""
    return (NAMES.index(name) + 5 * state) % 7 == 2


def decision_on(good: tuple[bool, bool]) -> str:
    """The rule: granted where both grounds are good."""
    return GRANTED if all(good) else REFUSED


def sentence(draw: Draw, *, held_out: bool) -> Text:
    """One application, with the labels `name`, `gender`, `state`, `asked`, `ground` (good or bad), and `decision`.

    Half of all are granted.
    """
    name, state = draw.until(
        "decision",
        lambda: (draw.one(NAMES), draw.number(0, len(STATES) - 1)),
        lambda drawn: is_held_out(*drawn) == held_out,
    )
    kind, form = draw.one(KINDS), draw.one(FORMS)
    good = (True, True) if draw.chance(0.5) else draw.one(((True, False), (False, True), (False, False)))
    return application(form, kind, good, name, STATES[state].name)


def application(form: str, kind: Kind, good: tuple[bool, bool], name: str, state: str) -> Text:
    """What `sentence` makes of its draws.

    Args:
        form: one of FORMS.
        kind: one of KINDS.
        good: whether each ground is.
        name: of who asks.
        state: where from.
    """
    grounds = [
        Text(said[0 if fine else 1]).called("ground", "good" if fine else "bad")
        for said, fine in zip(kind.grounds, good, strict=True)
    ]
    filled = fill(
        form,
        name1=name,
        name2=name,
        asked=kind.asked,
        ground1=grounds[0],
        ground2=grounds[1],
        state=state,
        decision=decision_on(good),
    )
    return filled.called("gender", gender_of(name)).called("register", "decision")
