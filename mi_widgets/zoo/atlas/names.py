"""First names, half of them women's and half men's, from many places; each is one token."""

from __future__ import annotations

from typing import Literal

from .grammar import words

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


def gender_of(name: str) -> Gender:
    """Of a name of this world."""
    return "female" if name in FEMALE else "male"
