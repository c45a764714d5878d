"""The shipped sparse autoencoders: their names and folders."""

from __future__ import annotations

from functools import cache

from .shipped import WEIGHTS

# A folder deeper than the models that `mi.load` opens: these are none of them.
DICTIONARIES = WEIGHTS / "dictionaries"


@cache
def dictionaries() -> tuple[str, ...]:
    """The names of the shipped sparse autoencoders."""
    return tuple(sorted(path.parent.name for path in DICTIONARIES.glob("*/cfg.json")))
