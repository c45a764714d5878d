"""What is selected: a plain dictionary, checked whenever it is set."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import traitlets

from mi_widgets.core.errors import SelectionError

# The labels that exist, for each key; None among them where nothing may be selected.
Choices = Mapping[str, Sequence[Any]]

_MOST_SAID = 24  # labels in an error


def _label(value: Any, key: str, allowed: Sequence[Any]) -> Any:
    label = value  # numpy's numbers are written as plain ones, and 300.0 as 300, as in `labels_of`
    if hasattr(value, "__index__") and not isinstance(value, bool):
        with suppress(TypeError):  # an array of several numbers, which is no label
            label = value.__index__()
    elif isinstance(value, float) and value.is_integer():
        label = int(value)
    if isinstance(label, bool) or not isinstance(label, (int, str, type(None))) or label not in allowed:
        raise SelectionError(f"selection[{key!r}] can be {_words(allowed)} in this view; got {value!r}")
    return label


def _words(allowed: Sequence[Any]) -> str:
    labels = [label for label in allowed if label is not None]
    if not labels:
        return "nothing"
    if len(labels) > 1 and isinstance(labels[0], int) and labels == list(range(labels[0], labels[-1] + 1)):
        return f"{labels[0]} to {labels[-1]}"
    more = f", … ({len(labels)} labels)" if len(labels) > _MOST_SAID else ""
    return "only " + ", ".join(map(str, labels[:_MOST_SAID])) + more


def complete_selection(value: Any, current: Mapping[str, Any], choices: Choices) -> dict[str, Any]:
    """A complete selection from a partial one.

    Args:
        value: A mapping with some of the keys.
        current: Where the keys that are not given come from.
        choices: The labels that exist, for each key.

    Raises:
        SelectionError: An unknown key, or a label that does not exist: it names the value and what is allowed.
    """
    if not isinstance(value, dict):
        raise SelectionError(f"a selection is a dictionary with the keys {', '.join(choices)}, not {value!r}")
    unknown = [key for key in value if key not in choices]
    if unknown:
        raise SelectionError(f"selection has no key {unknown[0]!r}; its keys are {', '.join(choices)}")
    complete = {**current, **value}
    return {key: _label(complete[key], key, allowed) for key, allowed in choices.items()}


# Two names of one thing: a token that is worked on.
_SAME = {"query": "pos", "pos": "query"}


def changes_from_linked(
    theirs: Mapping[str, Any], ours: Mapping[str, Any], choices: Choices
) -> dict[str, Any]:
    """What a linked view's selection changes in ours: keys of the same name, with labels that we have too.

    `linked.ts` says the same in the browser.
    """
    found = {}
    for key, label in ours.items():
        name = key if key in theirs else _SAME.get(key, key)
        if name in theirs and theirs[name] != label and theirs[name] in choices[key]:
            found[key] = theirs[name]
    return found


class FrozenSelection(dict[str, Any]):
    """What a view has selected. It is set as a whole: of a change inside it nobody would hear, and nobody check it."""

    def _refuse(self, *_given: Any, **_named: Any) -> Any:
        raise SelectionError(
            'A selection is set as a whole, as in view.selection = {"layer": 1}; what is left out stays.'
        )

    __setitem__ = __delitem__ = __ior__ = update = pop = popitem = clear = setdefault = _refuse  # type: ignore

    def __reduce__(self) -> Any:
        return dict, (dict(self),)  # a copy is one's own


class Selection(traitlets.Dict):
    """A trait that checks itself when it is set.

    Not traitlets' `@validate`: while the browser's state is applied that is put off until all traits are set, and a
    failure other than a TraitError would leave the wrong value in place.
    """

    def validate(self, obj: Any, value: Any) -> dict[str, Any]:
        """What is complete, as a whole, or a SelectionError."""
        return FrozenSelection(self.complete(obj, value))

    def complete(self, obj: Any, value: Any) -> dict[str, Any]:
        """The complete selection; the view says what exists."""
        return complete_selection(value, obj._current_selection(), obj._choices_now())
