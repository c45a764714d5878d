"""What a user gave in a Result's place."""

from typing import Any


def is_result(given: Any) -> bool:
    """Whether something is a Result."""
    # Not isinstance: core.results needs torch, which takes a second to import.
    return all(hasattr(given, name) for name in ("dataset", "primary", "unit"))


def kind_of(given: Any) -> str:
    """What it is instead, for a message: "a list", "None"."""
    return f"a {type(given).__name__}" if given is not None else "None"
