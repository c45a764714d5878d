"""Scores of heads, as labels on the thumbnails: whatever mapping a user gives, as labelled numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import xarray as xr

from mi_widgets.core.errors import ResultError
from mi_widgets.core.script import Script

from .._shared.control import Control, numbers, quoted, read_control
from .._shared.given import by_name

_SHORT = {"induction": "ind", "previous token": "prev", "duplicate token": "dup"}

# The labels of the view's axes.
Labels = Mapping[str, Sequence[Any]]


@dataclass(frozen=True)
class Score:
    """One named score of every head, and the same score on a control.

    Attributes:
        name: As the user calls it.
        values: Float32 with the axes layer and head, and step in front if it was measured at every step.
        control: What it is compared with, or None.
        baseline: Its numbers, with the same axes.
        given: What the user gave, for `code()`.
    """

    name: str
    values: xr.DataArray
    control: Control | None
    baseline: xr.DataArray | None
    given: Any

    @property
    def short(self) -> str:
        """A few letters that fit on a thumbnail."""
        return _SHORT.get(self.name.lower(), self.name.strip().partition(" ")[0][:4])

    def code(self, script: Script) -> str:
        """The entry in `scores={…}`; what it needs computed goes into the script."""
        if self.control is None:
            return f"{quoted(self.name)}: {script.expression(self.given, f'{self.name} scores')}"
        said = self.control.code(script, f"{self.name} control")
        return f"{quoted(self.name)}: ({script.expression(self.given[0], f'{self.name} scores')}, {said})"

    def variables(self, i: int) -> dict[str, Any]:
        """The labelled numbers of the i-th score and of its control, for the browser."""
        control = {} if self.baseline is None else {f"control {i}": self.baseline}
        return {f"score {i}": self.values, **control}

    def said(self, i: int) -> dict[str, str]:
        """What the i-th score and its control are called, for the reader and among the variables."""
        control = {"control": f"control {i}", "control_name": self.control.name} if self.control else {}
        return {"name": self.name, "short": self.short, "values": f"score {i}", **control}


def read_scores(scores: Mapping[str, Any] | None, labels: Labels) -> list[Score]:
    """Check and normalise the `scores` of a view.

    Args:
        scores: Name -> a Result or array of shape (layer, head), or a pair of them: the score and its control. A
            control is that of an untrained model, or says what it is: `(scores, {"shuffled": control})`.
        labels: Of the view's layers and heads; where it has steps, a score may have one number for each of them, in
            front.

    Raises:
        ResultError: A score that is not of the view's heads, or of other steps.
    """
    return [_read(name, given, labels) for name, given in by_name(scores, "scores").items()]


def _read(name: str, given: Any, labels: Labels) -> Score:
    score, control = given if isinstance(given, tuple) and len(given) == 2 else (given, None)
    values = _labelled(name, score, labels)
    read = read_control(control, f"the control of scores[{name!r}]", values.shape)
    return Score(name, values, read, read and values.copy(data=read.values), given)


def _labelled(name: str, given: Any, labels: Labels) -> xr.DataArray:
    array = numbers(given)
    steps = list(labels.get("step", ()))
    shape = len(labels["layer"]), len(labels["head"])
    allowed = [shape, (len(steps), *shape)] if steps else [shape]
    if array.shape not in allowed:
        raise ResultError(
            f"scores[{name!r}] has shape {array.shape}, but this view has {shape[0]} layers x {shape[1]} heads; "
            f"give one number a head, shape {' or '.join(map(str, allowed))}"
        )
    measured = getattr(getattr(given, "dataset", None), "coords", {}).get("step")
    if array.ndim == 3 and measured is not None and measured.values.tolist() != steps:
        raise ResultError(
            f"scores[{name!r}] was measured at the steps {_few(measured.values.tolist())}, but this view shows "
            f"{_few(steps)}; measure both at the same steps, or choose with .sel(step=[…])"
        )
    axes = ("step", "layer", "head")[-array.ndim :]
    return xr.DataArray(array, {axis: list(labels[axis]) for axis in axes}, axes)


def _few(steps: list[Any]) -> str:
    said = ", ".join(map(str, steps[:6]))
    return said if len(steps) <= 6 else f"{said}, … ({len(steps)} steps)"
