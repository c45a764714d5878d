"""What is selected: a plain dictionary, checked whenever it is set."""

from typing import Any

import traitlets

from mi_widgets.core.errors import SelectionError

KEYS = ("batch", "layer", "head", "query", "key")


def _place(value: Any, name: str, allowed: list[int]) -> int:
    number = value.__index__() if hasattr(value, "__index__") and not isinstance(value, bool) else None
    if number not in allowed:
        raise SelectionError(f"selection[{name!r}] can be {_words(allowed)} in this view; got {value!r}")
    return number


def _words(allowed: list[int]) -> str:
    if not allowed:
        return "nothing"
    if len(allowed) > 1 and allowed == list(range(allowed[0], allowed[-1] + 1)):
        return f"{allowed[0]} to {allowed[-1]}"
    return "only " + ", ".join(map(str, allowed))


def checked(value: Any, current: dict[str, Any], allowed: dict[str, list[int]]) -> dict[str, Any]:
    """A complete selection from a partial one.

    Args:
        value: A mapping with some of the keys batch, layer, head, query, key; query and key may be None.
        current: Where the keys that are not given come from.
        allowed: The numbers that exist, for each key.

    Raises:
        SelectionError: An unknown key, or a number that does not exist: it names the value and what is allowed.
    """
    if not isinstance(value, dict):
        raise SelectionError(f"a selection is a dictionary with the keys {', '.join(KEYS)}, not {value!r}")
    unknown = [key for key in value if key not in KEYS]
    if unknown:
        raise SelectionError(f"selection has no key {unknown[0]!r}; its keys are {', '.join(KEYS)}")
    complete = {**current, **value}
    nothing = [key for key in ("query", "key") if complete[key] is None]
    return {key: None if key in nothing else _place(complete[key], key, allowed[key]) for key in KEYS}


class Selection(traitlets.Dict):
    """A trait that checks itself when it is set.

    Not traitlets' `@validate`: while the browser's state is applied that is put off until all traits are set, and a
    failure other than a TraitError would leave the wrong value in place.
    """

    def validate(self, obj: Any, value: Any) -> dict[str, Any]:
        """The complete selection, or a SelectionError; the view says what exists."""
        return checked(value, obj._current_selection(), obj._allowed())
