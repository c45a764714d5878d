"""First names, half of them women's and half men's, from many places; each is one token."""

from __future__ import annotations

from typing import Literal

from .grammar import words

Gender = Literal["female", "male"]

FEMALE = words(
    """
Mary Anna Emma Laura Sarah Julia Alice Clara Helen Grace Nora Ruth Rosa Lucy Eva Ella Nina Maya Lena Amy Jane
Kate Susan Diana Martha Olive Hannah Amira Fatima Leila Mei Yuki Priya Ines Marta Sofia Elena Carla Bianca
Olga Ingrid Freya Zoe Naomi Esther Miriam Tara Judith
"""
)
MALE = words(
    """
John Tom Paul Mark Peter David James Henry Frank George Adam Simon Daniel Martin Victor Oscar Felix Hugo Leo
Max Jack Sam Ben Luke Carl Eric Ivan Omar Hassan Karim Ravi Arjun Kenji Wei Diego Pablo Luis Marco Andre Jonas
Nils Lars Theo Noah Isaac Samuel Walter Robert
"""
)
NAMES = tuple(sorted((*FEMALE, *MALE)))


def gender_of(name: str) -> Gender:
    """Of a name of this world."""
    return "female" if name in FEMALE else "male"
