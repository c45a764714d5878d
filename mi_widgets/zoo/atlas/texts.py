"""Texts of the atlas world, by register and mixed, from their own streams of random numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from mi_widgets.core.errors import MIError
from mi_widgets.zoo import streams

from . import arithmetic, code, decisions, french, geography, hesitation, indirect, repeats, stories
from .grammar import Draw, Text, joined

REGISTERS: Mapping[str, tuple[float, Callable[..., Text]]] = {
    "indirect": (0.16, indirect.sentence),
    "geography": (0.30, geography.sentence),
    "story": (0.14, stories.story),
    "french": (0.08, french.sentence),
    "code": (0.08, code.snippet),
    "arithmetic": (0.06, arithmetic.sentence),
    "hesitation": (0.05, hesitation.sentence),
    "repeat": (0.06, repeats.passage),
    "decision": (0.07, decisions.sentence),
}
"""The share of each among documents, and what makes one of its texts."""
MIXED = 1 / 3  # of documents change their register at every sentence
LETTERS = 400  # that a document has at least


def atlas_texts(
    split: Literal["train", "test"], *, n: int, seed: int, register: str | None
) -> tuple[Text, ...]:
    """See `mi.data`.

    Raises:
        MIError: there is no such register.
    """
    if register is not None and register not in REGISTERS:
        raise MIError(f"data('atlas', register={register!r}): the registers are {', '.join(REGISTERS)}.")
    held_out, found = split == "test", []
    for row in range(n):
        draw = stream(f"{split} {register or ''}", seed, row)
        if register is None:
            found.append(document(draw, held_out=held_out, letters=LETTERS))
        else:
            found.append(REGISTERS[register][1](draw, held_out=held_out))
    return tuple(found)


def document(draw: Draw, *, held_out: bool, letters: int) -> Text:
    """Sentences of one register, or of several, until there are enough letters."""
    mixed, register = draw.chance(MIXED), _register(draw)
    parts: list[Text] = []
    while sum(len(part.text) for part in parts) < letters:
        parts.append(REGISTERS[_register(draw) if mixed else register][1](draw, held_out=held_out))
    return joined(parts)


def _register(draw: Draw) -> str:
    place = draw.number(0, 99_999) / 100_000
    for name, (share, _) in REGISTERS.items():
        place -= share
        if place < 0:
            return name
    return list(REGISTERS)[-1]  # the shares add up to 1, but for rounding


def stream(split: str, seed: int, row: int) -> Draw:
    """The random numbers of one row of one split."""
    return Draw(streams.stream(f"atlas {split}", seed, row))
