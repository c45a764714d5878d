"""Positions in a prompt: numbers, or the texts of tokens, as " Mary", which "Mary" means too where nothing reads so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .errors import SiteError
from .texts import plain_text
from .whole_numbers import whole

Position = int | str  # a number, or the text of a token
Positions = Position | tuple[Position, ...] | None


def read_positions(given: object) -> Positions:
    """One position, or several; None where something else was given."""
    one = _position(given)
    if one is not None:
        return one
    listed = given if isinstance(given, Iterable) and not isinstance(given, str | bytes) else ()
    numbers = tuple(_position(p) for p in listed)
    known = tuple(n for n in numbers if n is not None)
    return known if known and len(known) == len(numbers) and "new" not in known else None


def _position(value: object) -> Position | None:
    return plain_text(value) if isinstance(value, str) and value else whole(value)


def bare(token: str) -> str:
    """A token without the spaces around it, if there is anything else."""
    return token.strip() or token


def place_of(text: str, tokens: Sequence[str], where: str) -> int:
    """The place of the one token that reads as a text: exactly so, else but for the spaces around it.

    Args:
        text: what it reads.
        tokens: of a prompt.
        where: that is, for the message.

    Raises:
        SiteError: there is none, or there are several.
    """
    exact = [i for i, token in enumerate(tokens) if token == text]
    places = exact or [i for i, token in enumerate(tokens) if bare(token) == bare(text)]
    if len(places) != 1:
        numbers = ", ".join(map(str, places))
        seen = f"stands at {numbers}: give one of these numbers" if places else "is not in it"
        raise SiteError(f"{where} the token {text!r} {seen}. Its tokens: {list(tokens)}.")
    return places[0]
