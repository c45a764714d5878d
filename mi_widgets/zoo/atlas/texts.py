"""Texts of the atlas world, by register and mixed, from their own streams of random numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice
from typing import Literal

from mi_widgets.core.errors import MIError
from mi_widgets.zoo.random_streams import random_stream

from . import arithmetic, code, decisions, french, geography, hesitation, indirect, repeats, stories
from .grammar import Draw, Text, fill, joined

REGISTERS: Mapping[str, tuple[float, Callable[..., Text]]] = {
    "indirect": (0.24, indirect.draw_sentence),
    "geography": (0.25, geography.draw_sentence),
    "story": (0.13, stories.draw_story),
    "french": (0.07, french.draw_sentence),
    "code": (0.07, code.draw_snippet),
    "arithmetic": (0.11, arithmetic.draw_sentence),
    "hesitation": (0.05, hesitation.draw_sentence),
    "repeat": (0.03, repeats.draw_passage),
    "decision": (0.05, decisions.draw_sentence),
}
"""The share of each among documents, and what makes one of its texts."""
MIXED = 1 / 3  # of documents change their register at every sentence
LETTERS = 400  # that a document has at least


def atlas_texts(
    split: Literal["train", "test"], *, n: int, seed: int, register: str | None
) -> tuple[Text, ...]:
    """See `mi.shipped.sample_texts`.

    Raises:
        MIError: there is no such register.
    """
    if register is not None and register not in REGISTERS:
        raise MIError(
            f"mi.shipped.sample_texts('atlas', register={register!r}): the registers are {', '.join(REGISTERS)}."
        )
    held_out, found = split == "test", []
    for row in range(n):
        if register is None:
            found.append(draw_document(draw_of(split, seed, row), held_out=held_out, letters=LETTERS))
        else:
            found.append(REGISTERS[register][1](draw_of(f"{split} {register}", seed, row), held_out=held_out))
    return tuple(found)


def draw_document(draw: Draw, *, held_out: bool, letters: int) -> Text:
    """Sentences of one register, or of several, until there are enough letters.

    Where registers are mixed, stories break off, and code is followed by code.
    """
    register = None if draw.chance(MIXED) else _register(draw)
    parts: list[Text] = []
    while sum(len(part.text) for part in parts) < letters:
        parts.append(_part(draw, register, held_out=held_out))
        if _is_code(parts[-1]):
            # No prose begins a line: without a space before it, its first word would be spelt in letters.
            register = "code"
    # Code begins on a line of its own.
    lines = [fill("\n{part}", part=part) if _is_code(part) else part for part in parts[1:]]
    return joined([parts[0], *lines])


def _is_code(part: Text) -> bool:
    return bool(part.of("comment"))


def _part(draw: Draw, register: str | None, *, held_out: bool) -> Text:
    """A text of a register; without one, of any in which one speaks."""
    if register is not None:
        return REGISTERS[register][1](draw, held_out=held_out)
    register = _register(draw, without="repeat")
    if register != "story":
        return REGISTERS[register][1](draw, held_out=held_out)
    some = draw.number(1, stories.SHORTEST)
    return joined(islice(stories.draw_sentences(draw, held_out=held_out), some)).called("register", register)


def _register(draw: Draw, *, without: str = "") -> str:
    return draw.weighted({name: share for name, (share, _) in REGISTERS.items() if name != without})


def draw_of(split: str, seed: int, row: int) -> Draw:
    """The random numbers of one row of one split."""
    return Draw(random_stream(f"atlas {split}", seed, row))
