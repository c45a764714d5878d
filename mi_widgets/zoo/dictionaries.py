"""The shipped sparse autoencoders: their names and folders."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from .models import WEIGHTS

# A folder deeper than the models that `mi.load` opens: these are none of them.
DICTIONARIES = WEIGHTS / "dictionaries"


@cache
def dictionaries() -> dict[str, Path]:
    """The folder of each shipped autoencoder, by its name."""
    return {path.parent.name: path.parent for path in sorted(DICTIONARIES.glob("*/cfg.json"))}
