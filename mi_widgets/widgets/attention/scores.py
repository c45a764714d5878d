"""Scores of heads, as labels on the thumbnails: whatever mapping a user gives, as plain arrays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mi_widgets.core.errors import ResultError
from mi_widgets.core.script import Script

from .._shared.control import Control, numbers, quoted, read_control

_SHORT = {"induction": "ind", "previous token": "prev", "duplicate token": "dup"}


@dataclass(frozen=True)
class Score:
    """One named score of every head, and the same score on a control.

    Attributes:
        name: As the user calls it.
        values: Float32, shape (layer, head), or (step, layer, head) if it was measured at every step.
        control: The same on a baseline, or None.
        given: What the user gave, for `code()`.
    """

    name: str
    values: np.ndarray
    control: Control | None
    given: Any

    @property
    def short(self) -> str:
        """A few letters that fit on a thumbnail."""
        return _SHORT.get(self.name.lower(), self.name.strip().partition(" ")[0][:4])

    def at(self, step: int) -> np.ndarray:
        """The scores of one step, by its place: shape (layer, head)."""
        return at_step(self.values, step)

    def code(self, script: Script) -> str:
        """The entry in `scores={…}`; what it needs computed goes into the script."""
        if self.control is None:
            return f"{quoted(self.name)}: {script.expression(self.given, f'{self.name} scores')}"
        said = self.control.code(script, f"{self.name} control")
        return f"{quoted(self.name)}: ({script.expression(self.given[0], f'{self.name} scores')}, {said})"

    def variables(self, i: int) -> dict[str, Any]:
        """The labelled numbers of the i-th score and of its control, for the browser."""
        axes = ("step", "layer", "head")[-self.values.ndim :]
        control = {f"control {i}": (axes, self.control.values)} if self.control else {}
        return {f"score {i}": (axes, self.values), **control}

    def said(self, i: int) -> dict[str, str]:
        """What the i-th score and its control are called, for the reader and among the variables."""
        control = {"control": f"control {i}", "control_name": self.control.name} if self.control else {}
        return {"name": self.name, "short": self.short, "values": f"score {i}", **control}


def at_step(values: np.ndarray, step: int) -> np.ndarray:
    """One number a head; what was measured once is the same at all steps."""
    return values[step] if values.ndim == 3 else values


def read_scores(
    scores: Mapping[str, Any] | None, shape: tuple[int, int], steps: Sequence[Any] | None = None
) -> list[Score]:
    """Check and normalise the `scores` of a view.

    Args:
        scores: Name -> a Result or array of shape (layer, head), or a pair of them: the score and its control. A
            control is that of an untrained model, or says what it is: `(scores, {"shuffled": control})`.
        shape: The numbers of layers and heads of the view.
        steps: The view's steps, if it has any: a score may then have one number for each of them, in front.

    Raises:
        ResultError: A score that is not of the view's heads, or of other steps.
    """
    return [_read(str(name), given, shape, steps) for name, given in (scores or {}).items()]


def _read(name: str, given: Any, shape: tuple[int, int], steps: Sequence[Any] | None) -> Score:
    if not (isinstance(given, tuple) and len(given) == 2):
        return Score(name, _array(name, given, shape, steps), None, given)
    score, control = given
    values = _array(name, score, shape, steps)
    read = read_control(control, f"the control of scores[{name!r}]", values.shape)
    return Score(name, values, read, given)


def _array(name: str, given: Any, shape: tuple[int, int], steps: Sequence[Any] | None) -> np.ndarray:
    array = numbers(given)
    allowed = [shape] if steps is None else [shape, (len(steps), *shape)]
    if array.shape not in allowed:
        raise ResultError(
            f"scores[{name!r}] has shape {array.shape}, but this view has {shape[0]} layers x {shape[1]} heads; "
            f"give one number a head, shape {' or '.join(map(str, allowed))}"
        )
    measured = getattr(getattr(given, "dataset", None), "coords", {}).get("step")
    if array.ndim == 3 and measured is not None and measured.values.tolist() != list(steps or ()):
        raise ResultError(
            f"scores[{name!r}] was measured at the steps {_few(measured.values.tolist())}, but this view shows "
            f"{_few(list(steps or ()))}; measure both at the same steps, or choose with .sel(step=[…])"
        )
    return array


def _few(steps: list[Any]) -> str:
    said = ", ".join(map(str, steps[:6]))
    return said if len(steps) <= 6 else f"{said}, … ({len(steps)} steps)"
