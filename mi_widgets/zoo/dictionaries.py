"""The shipped sparse autoencoders: their names and folders."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent / "weights" / "dictionaries"


@cache
def dictionaries() -> dict[str, Path]:
    """The folder of each shipped autoencoder, by its name."""
    return {path.parent.name: path.parent for path in sorted(_FOLDER.glob("*/cfg.json"))}
