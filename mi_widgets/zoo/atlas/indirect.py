"""Two people, of whom one gives something to the other: the sentences in which a model must say who receives it.

Kept out of training: pairs of names, names, and combinations of an opening with an act. Held-out texts have at least
one of them.
"""

from __future__ import annotations

from .grammar import Draw, Text, fill, joined, words
from .names import NAMES, two_people

OPENINGS = (
    "When {name1} and {name2} went to {place},",
    "After {name1} and {name2} had been to {place},",
    "While {name1} and {name2} were waiting at {place},",
    "When {name1} and {name2} met at {place},",
    "Before {name1} and {name2} left {place},",
    "As {name1} and {name2} walked past {place},",
    "The day {name1} and {name2} came to {place},",
    "Once {name1} and {name2} had found {place},",
    "Because {name1} and {name2} had an hour to spend at {place},",
    "Whenever {name1} and {name2} stopped at {place},",
    "{name1} and {name2} were at {place}, and",
    "{name1} and {name2} had lunch near {place}, and then",
    "{name1} was late, but {name2} waited at {place}. Then",
    "{name1} met {name2} near {place}. Later",
    "Then {name1} and {name2} sat down near {place}, and",
    "Yesterday {name1} and {name2} cleaned {place}. Afterwards",
    "Although {name1} and {name2} were tired after a day at {place},",
    "On the way to {place} {name1} and {name2} stopped, and",
    "{name1} and {name2} knew the way to {place}. On Friday",
    "While {name1} looked for {name2} at {place}, it rained. In the end",
)
ACTS = (
    "{subject} gave {thing} to {answer}.",
    "{subject} handed {thing} to {answer}.",
    "{subject} passed {thing} to {answer}.",
    "{subject} offered {thing} to {answer}.",
    "{subject} showed {thing} to {answer}.",
    "{subject} lent {thing} to {answer}.",
    "{subject} sold {thing} to {answer}.",
    "{subject} brought {thing} to {answer}.",
    "{subject} promised {thing} to {answer}.",
    "{subject} returned {thing} to {answer}.",
    "{subject} decided to give {thing} to {answer}.",
    "{subject} wanted to give {thing} to {answer}.",
    "{subject} sent {thing} to {answer}.",
    "{subject} carried {thing} to {answer}.",
    "{subject} threw {thing} to {answer}.",
    "{subject} forgot to give {thing} to {answer}.",
)
PLACES = tuple(
    f"the {noun}"
    for noun in words(
        """
    shop park market school library station harbour museum zoo theatre bakery lake farm office hospital
    cinema church castle bank bridge hotel square river beach
    """
    )
)
THINGS = tuple(
    ("an " if noun[0] in "aeiou" else "a ") + noun
    for noun in words(
        """
    book letter ring key map coat lamp apple cup basket stamp camera drum flute kite ticket watch umbrella
    pencil hat scarf blanket ball bag
    """
    )
)
HELD_OUT_NAMES = NAMES[5::16]


def is_held_out(name: str, other: str, opening: int, act: int) -> bool:
    """Whether a sentence is kept out of training.

    Args:
        name: one of the two.
        other: the other.
        opening: its place in OPENINGS.
        act: its place in ACTS.
    """
    pair = (NAMES.index(name) + NAMES.index(other)) % 8 == 3
    return pair or name in HELD_OUT_NAMES or other in HELD_OUT_NAMES or (opening + act) % 8 == 5


def draw_sentence(draw: Draw, *, held_out: bool) -> Text:
    """One sentence or two, with the labels `name`, `place`, `subject`, `thing`, and `answer` for who receives."""
    (first, second), opening, act = draw.until(
        "indirect",
        lambda: (two_people(draw), draw.number(0, len(OPENINGS) - 1), draw.number(0, len(ACTS) - 1)),
        lambda drawn: is_held_out(drawn[0][0], drawn[0][1], *drawn[1:]) == held_out,
    )
    subject, answer = draw.some((first, second), 2)
    begun = fill(OPENINGS[opening], name1=first, name2=second, place=draw.one(PLACES))
    done = fill(ACTS[act], subject=subject, thing=draw.one(THINGS), answer=answer)
    return joined([begun, done]).called("register", "indirect")
