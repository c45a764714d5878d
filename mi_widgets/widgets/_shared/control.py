"""A control: the same numbers on a baseline, such as an untrained model, and what the baseline is called."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mi_widgets.core.errors import ResultError
from mi_widgets.core.script import Script

from .given import kind_of


@dataclass(frozen=True)
class Control:
    """Numbers to compare with.

    Attributes:
        name: What the baseline is: "untrained" unless the user says otherwise.
        values: Float32, of the shape of what they are compared with.
        given: What the user gave, for `code()`.
    """

    name: str
    values: np.ndarray
    given: Any

    def argument(self, script: Script) -> str:
        """The argument `control=` of a view, as Python."""
        return f"control={self.code(script, 'control')}"

    def code(self, script: Script, name: str) -> str:
        """What the user gave, as Python; a Result is computed in the script and called after `name`."""
        if isinstance(self.given, Mapping):
            [part] = self.given.values()
            return f"{{{quoted(self.name)}: {script.expression(part, name)}}}"
        return script.expression(self.given, name)


def read_control(given: Any, what: str, shape: tuple[int, ...]) -> Control | None:
    """Check and normalise a control.

    Args:
        given: None, a Result or an array, or `{"shuffled": one of them}`, which says what it is.
        what: How it is named in an error.
        shape: Of the numbers that it is a control of. A control without the first axes, such as one untrained
            model for all steps, is the same for all of them.

    Raises:
        ResultError: More than one control, or another shape.
    """
    if given is None:
        return None
    name, part = named(given, what)
    values = numbers(part)
    if values.ndim < 2 or values.shape != shape[len(shape) - values.ndim :]:
        raise ResultError(
            f"{what} has shape {values.shape}, but what it is compared with has {shape}; measure the same on both"
        )
    return Control(name, np.broadcast_to(values, shape), given)


def named(given: Any, what: str) -> tuple[str, Any]:
    """What a control is called, and the control itself.

    Args:
        given: The control, or `{"shuffled": control}`, which says what it is.
        what: How it is named in an error.

    Raises:
        ResultError: More than one control.
    """
    if not isinstance(given, Mapping):
        return "untrained", given
    if len(given) != 1:
        raise ResultError(
            f"{what} is one control, as in {{'untrained': result}}; got {len(given)}: {', '.join(given)}"
        )
    [(name, part)] = given.items()
    return str(name), part


def numbers(given: Any) -> np.ndarray:
    """Float32 numbers of a Result, a DataArray, an array or nested lists.

    Raises:
        ResultError: Something else.
    """
    try:
        # A Result has its numbers in `.values`; so has a DataArray.
        return np.asarray(getattr(given, "values", given), dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise ResultError(
            f"Numbers are a Result, an array, or lists of one length; this is {kind_of(given)}: {error}."
        ) from error


def quoted(text: Any) -> str:
    """A text as Python writes it, in double quotation marks."""
    return json.dumps(str(text), ensure_ascii=False)
