"""The grammar of the atlas texts read backwards: which register a sentence is of, and whether a text is well formed.

Strict in form, silent about truth: `The capital of Texas is Denver.` is a sentence of geography. But who gives is one
of the two who are named, and a comment is that of its code.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, reduce

import regex

from . import arithmetic, code, decisions, facts, french, geography, hesitation, indirect, repeats, stories
from .grammar import pattern
from .names import NAMES


@dataclass(frozen=True, slots=True)
class Parse:
    """What a text consists of.

    Attributes:
        sentences: register and text of each, in their order.
        rest: what is left after the last of them.
        is_well_formed: whether all of it is as the grammar has it: there is no rest, or it is how some sentence begins.
    """

    sentences: tuple[tuple[str, str], ...]
    rest: str
    is_well_formed: bool


def parse(text: str, *, without: Sequence[str] = ()) -> Parse:
    """Read a text sentence by sentence, each as one of the register in which it is longest.

    Args:
        text: from its beginning.
        without: registers that it may not be of.
    """
    forms = {register: form for register, form in _forms().items() if register not in without}
    sentences, place = [], 0
    while place < len(text):
        fits = {register: form.match(text, place) for register, form in forms.items()}
        found = {register: match for register, match in fits.items() if match}
        if not found:
            break
        register = max(found, key=lambda name: found[name].end())
        sentences.append((register, found[register].group()))
        place = found[register].end()
        place += text[place : place + 1] in (" ", "\n")
    rest = text[place:]
    begins = not rest or any(form.fullmatch(rest, partial=True) for form in forms.values())
    return Parse(tuple(sentences), rest, begins)


def sentiment(sentence: str) -> str | None:
    """How a sentence of a story feels: "positive", "negative" or "neutral"; None where it tells nothing of that."""
    return next((mood for mood, form in _moods().items() if form.fullmatch(sentence)), None)


@cache
def _moods() -> dict[str, regex.Pattern]:
    return {mood: regex.compile("|".join(_telling(mood))) for mood in stories.SENTIMENTS}


@cache
def _forms() -> dict[str, regex.Pattern]:
    made = {
        "indirect": _indirect(),
        "geography": _geography(),
        "story": _story(),
        "french": _french(),
        "code": _code(),
        "arithmetic": _arithmetic(),
        "hesitation": _hesitation(),
        "repeat": [_repeat()],
        "decision": _decision(),
    }
    return {register: regex.compile("|".join(forms)) for register, forms in made.items()}


def _all(
    templates: Iterable[str], *, differ: Sequence[str] = (), **slots: str | Sequence[str]
) -> Iterator[str]:
    """The regular expressions of templates; what a slot is filled with is one itself, or a list of words."""
    return (pattern(template, slots, differ=differ) for template in templates)


def _any(forms: Iterable[str]) -> str:
    return f"(?:{'|'.join(forms)})"


def _indirect() -> list[str]:
    two = "name1", "name2"
    begun = _any(_all(indirect.OPENINGS, differ=two, name=NAMES, place=indirect.PLACES))
    done = []
    for giver, other in (two, two[::-1]):
        slots = {"subject": f"(?P={giver})", "answer": f"(?P={other})"}
        done += _all(indirect.ACTS, thing=indirect.THINGS, **slots)
    return [f"{begun} {_any(done)}"]


def _geography() -> list[str]:
    states = [state.name for state in facts.STATES]
    towns = [*facts.towns()]
    told = []
    for attribute in facts.ATTRIBUTES:
        the = "the " if attribute in geography.THE else ""
        answers = [the + getattr(state, attribute) for state in facts.STATES]
        slots = {"asked": [attribute], "is": [geography.IS], "answer": answers}
        told += [
            *_all(geography.ONE_HOP, state=states, **slots),
            *_all(geography.TWO_HOPS, city=towns, **slots),
        ]
    return [*_all(geography.LIES_IN, city=towns, answer=states), *told]


def _story() -> list[str]:
    people = "name", "friend"
    made = [*_all(stories.OPENINGS, differ=people, name=NAMES, friend=NAMES, place=stories.PLACES)]
    return [*dict.fromkeys([*made, *(form for mood in stories.SENTIMENTS for form in _telling(mood))])]


def _telling(mood: stories.Sentiment) -> list[str]:
    """The sentences that set a mood."""
    made: list[str] = []
    for pronouns in stories.PRONOUNS.values():
        slots = {slot: [word] for slot, word in pronouns.items()}
        made += _all(stories.EVENTS[mood], word=stories.WORDS[mood], **slots)
        made += _all((*stories.FEELINGS[mood], *stories.CLOSINGS[mood]), **slots)
    speeches = [speech.replace("<", "").replace(">", "") for speech in stories.SPEECHES[mood]]
    return [*made, *_all(stories.SAID, speech=speeches, speaker=NAMES)]


def _french() -> list[str]:
    made: list[str] = []
    for gender, articles in french.ARTICLES.items():
        slots = {slot: [article] for slot, article in articles.items()}
        nouns = [noun for noun, its in french.NOUNS if its == gender]
        adjectives = [forms[gender == "f"] for forms in french.ADJECTIVES]
        slots |= {"noun": nouns, "adjective": adjectives, "person": french.PEOPLE}
        made += _all(french.TEMPLATES, differ=("person1", "person2"), **slots)
    return made


def _code() -> list[str]:
    made: list[str] = []
    for function, comment, result in code.FUNCTIONS:
        said = {"{function}": function, "{comment}": comment, "{result}": result}
        forms = [reduce(lambda form, part: form.replace(*part), said.items(), form) for form in code.FORMS]
        made += _all(forms, x=code.ARGUMENTS[0], y=code.ARGUMENTS[1])
    return made


def _arithmetic() -> list[str]:
    numbers = [str(number) for number in range(2 * arithmetic.LARGEST + 1)]
    slots = dict.fromkeys(("a", "b", "answer", "number"), numbers)
    return [*_all((*arithmetic.TEMPLATES["+"], *arithmetic.TEMPLATES["-"], *arithmetic.COUNTING), **slots)]


def _hesitation() -> list[str]:
    middle = _any(_all(hesitation.MIDDLES, thing=hesitation.THINGS, place=hesitation.PLACES))
    begun, end = (_any(map(regex.escape, hedges)) for hedges in (hesitation.BEGINNINGS, hesitation.ENDS))
    return [rf"{begun} {middle}, {end}\."]


def _repeat() -> str:
    word = _any(sorted(repeats.WORDS, key=len, reverse=True))
    span = rf"{word}(?: {word}){{{repeats.SHORTEST - 1},{repeats.LONGEST - 1}}}"
    return rf"({span})(?: \1)+\."


def _decision() -> list[str]:
    who = "|".join(NAMES)
    slots = {
        "name1": f"(?P<name>{who})",
        "name2": "(?P=name)",
        "state": [state.name for state in facts.STATES],
    }
    slots["decision"] = (decisions.GRANTED, decisions.REFUSED)
    made: list[str] = []
    for kind in decisions.KINDS:
        grounds = [(*ground.good, *ground.bad) for ground in kind.grounds]
        for first, second in (grounds, grounds[::-1]):
            made += _all(decisions.FORMS, wanted=[kind.wanted], ground1=first, ground2=second, **slots)
    return made
