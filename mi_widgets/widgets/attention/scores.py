"""Scores of heads, as labels on the thumbnails: whatever mapping a user gives, as plain arrays."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mi_widgets.core.errors import ResultError

from .._shared.code import Script, variable
from .._shared.wire import pack

_SHORT = {"induction": "ind", "previous token": "prev", "duplicate token": "dup"}


@dataclass(frozen=True)
class Score:
    """One named score of every head, and the same score on a control.

    Attributes:
        name: As the user calls it.
        values: Float32, shape (layer, head).
        control: The same on a baseline, or None.
        control_name: What the baseline is: "untrained" unless the user says otherwise.
        given: What the user gave, for `code()`.
    """

    name: str
    values: np.ndarray
    control: np.ndarray | None
    control_name: str
    given: Any

    @property
    def short(self) -> str:
        """A few letters that fit on a thumbnail."""
        return _SHORT.get(self.name.lower(), self.name.split()[0][:4] if self.name.strip() else self.name)

    def code(self, script: Script) -> str:
        """The entry in `scores={…}`; what it needs computed goes into the script."""
        name = variable(self.name)
        if self.control is None:
            return f"{_quoted(self.name)}: {script.expression(self.given, f'{name}_scores')}"
        value, control = self.given
        if isinstance(control, Mapping):
            [(label, control)] = control.items()
            said = f"{{{_quoted(label)}: {script.expression(control, f'{name}_control')}}}"
        else:
            said = script.expression(control, f"{name}_control")
        return f"{_quoted(self.name)}: ({script.expression(value, f'{name}_scores')}, {said})"

    def packed(self) -> dict[str, Any]:
        """For the wire."""
        control = None if self.control is None else pack(self.control)
        return {
            "name": self.name,
            "short": self.short,
            "values": pack(self.values),
            "control": control,
            "control_name": self.control_name,
        }


def _quoted(text: Any) -> str:
    return json.dumps(str(text), ensure_ascii=False)


def read_scores(scores: Mapping[str, Any] | None, shape: tuple[int, int]) -> list[Score]:
    """Check and normalise the `scores` of a view.

    Args:
        scores: Name -> a Result or array of shape (layer, head), or a pair of them: the score and its control. A
            control is that of an untrained model, or says what it is: `(scores, {"shuffled": control})`.
        shape: The numbers of layers and heads of the view.

    Raises:
        ResultError: A score whose shape is not that of the view's heads.
    """
    return [_read(str(name), given, shape) for name, given in (scores or {}).items()]


def _read(name: str, given: Any, shape: tuple[int, int]) -> Score:
    if not (isinstance(given, tuple) and len(given) == 2):
        return Score(name, _array(name, given, shape), None, "", given)
    score, control = given
    control_name = "untrained"
    if isinstance(control, Mapping) and len(control) == 1:
        [(control_name, control)] = control.items()
    return Score(name, _array(name, score, shape), _array(name, control, shape), str(control_name), given)


def _array(name: str, given: Any, shape: tuple[int, int]) -> np.ndarray:
    # A Result has its numbers in `.values`; so has a DataArray. An array or a nested list is its own numbers.
    array = np.asarray(getattr(given, "values", given), dtype=np.float32)
    if array.shape != shape:
        raise ResultError(
            f"scores[{name!r}] has shape {array.shape}, but this view has {shape[0]} layers x {shape[1]} heads; "
            f"give one number a head, shape {shape}"
        )
    return array
