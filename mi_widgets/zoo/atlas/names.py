"""First names, half of them women's and half men's, from many places; each is one token."""

from __future__ import annotations

from typing import Literal

from .grammar import Draw, words

Gender = Literal["female", "male"]

FEMALE = words(
    """
Mary Anna Emma Laura Sarah Julia Alice Helen Grace Nora Ruth Rosa Lucy Eva Maya Jane Kate Susan Diana Hannah Amira
Fatima Leila Mei Yuki Priya Ines Sofia Elena Olga Ingrid Naomi
"""
)
MALE = words(
    """
John Tom Paul Mark Peter David James Henry Frank George Adam Simon Daniel Martin Victor Oscar Hugo Leo Max Jack Sam
Ben Luke Eric Ivan Omar Hassan Ravi Kenji Diego Luis Theo
"""
)
NAMES = tuple(sorted((*FEMALE, *MALE)))
# That two people have different names is worth so little to a model (1/64 of the next name's probability) that it never
# learns it, and writes "Eva and Eva" as often as any pair. That it is mostly a woman and a man it learns, and the rest
# keeps it from telling two people apart by that.
_MIXED = 0.85


def gender_of(name: str) -> Gender:
    """Of a name of this world."""
    return "female" if name in FEMALE else "male"


def two_people(draw: Draw) -> tuple[str, str]:
    """Two names: mostly a woman's and a man's, in either order."""
    first = draw.one(NAMES)
    return first, friend_of(first, draw)


def friend_of(name: str, draw: Draw) -> str:
    """Another name, mostly of the other gender."""
    own, other = (FEMALE, MALE) if name in FEMALE else (MALE, FEMALE)
    return draw.one(other) if draw.chance(_MIXED) else draw.one([friend for friend in own if friend != name])
