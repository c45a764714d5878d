"""What the training view reads from Results: curves over the steps of a training run, and what they compare with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise, product
from typing import Any

import numpy as np
import xarray as xr

from mi_widgets.core.errors import ResultError

from .._shared.given import is_result, kind_of, refuse_other, warnings_of
from .._shared.labelled import pack_dataset
from .._shared.labels import labels_of
from .._shared.selection import Choices

_MOST_LINES = 512
_HOW = 'mi.over_checkpoints("induction-2l", mi.repeat_accuracy) makes one'


@dataclass(frozen=True)
class Curves:
    """The lines of one Result, one for each element of its axes other than `step`.

    Attributes:
        steps: Rising; empty where the Result has no axis `step` and is the same everywhere.
        values: Float32, shape (line, step), or (line, 1) without steps.
        names: What each line is: "L0.H3", "repeat", or "" for the only one.
        places: The labels of each line, as in `{"layer": 0, "head": 3}`.
    """

    steps: list[int]
    values: np.ndarray
    names: list[str]
    places: list[dict[str, Any]]

    def at(self, step: int) -> tuple[np.ndarray, int | None]:
        """The values of all lines at a step, or at the nearest one there is; and that step."""
        if not self.steps:
            return self.values[:, 0], None
        nearest = min(range(len(self.steps)), key=lambda i: abs(self.steps[i] - step))
        return self.values[:, nearest], self.steps[nearest]


@dataclass(frozen=True)
class Control:
    """What a measure is compared with, and what the user gave."""

    name: str
    curves: Curves
    given: Any


@dataclass(frozen=True)
class Measure:
    """One chart: the curves of a measure and of its controls.

    Attributes:
        name: As the user calls it.
        unit: Of the values.
        result: What the user gave as the measure itself.
        named_controls: Whether the user named the controls.
    """

    name: str
    unit: str
    curves: Curves
    result: Any
    controls: list[Control] = field(default_factory=list)
    named_controls: bool = False


class Measures:
    """All measures of a view.

    Attributes:
        all: As the user gave them.

    Raises:
        ResultError: Nothing was given, or something that is no curve over training.
    """

    def __init__(self, given: Any):
        self.all = read_measures(given)

    @property
    def steps(self) -> list[int]:
        """Every step that a measure has; a control may have others."""
        return sorted({step for measure in self.all for step in measure.curves.steps})

    def choices(self) -> Choices:
        """Every step that a measure has."""
        return {"step": self.steps}

    def first(self) -> dict[str, Any]:
        """The last step."""
        return {"step": self.steps[-1]}

    def header(self) -> dict[str, Any]:
        """What the view's header says."""
        results = [measure.result for measure in self.all]
        controls = [control.given for measure in self.all for control in measure.controls]
        return {
            "title": "Training",
            "models": list(dict.fromkeys(str(result.model_name) for result in results)),
            "warnings": warnings_of(*results, *controls),
        }

    def packed(self) -> dict[str, Any]:
        """For the wire: each Result has axes of its own, since what was not measured at a step is no gap there."""
        variables: dict[str, xr.DataArray] = {}

        def add(curves: Curves) -> dict[str, Any]:
            name = f"curves {len(variables)}"
            line, step = f"{name}: line", f"{name}: step"
            of = xr.DataArray(curves.values, {step: curves.steps or [0]}, [line, step])
            variables[name] = of if curves.steps else of.isel({step: 0}, drop=True)
            return {"values": name, "names": curves.names, "places": curves.places}

        measures = [
            {
                "name": measure.name,
                "unit": measure.unit,
                "curves": add(measure.curves),
                "controls": [
                    {"name": control.name, "curves": add(control.curves)} for control in measure.controls
                ],
            }
            for measure in self.all
        ]
        return pack_dataset(xr.Dataset(variables), measures=measures)


def read_measures(measures: Any) -> list[Measure]:
    """Check and normalise the `measures` of a view.

    Args:
        measures: A Result with the axis `step`; or name -> such a Result, or -> a pair of it and its control. A
            control is a Result, or says what it is: `(curve, {"one layer": other, "untrained": third})`.

    Raises:
        ResultError: Nothing was given, or something that is no curve over training.
    """
    if is_result(measures):
        return [_read(str(measures.title), measures)]
    if not isinstance(measures, Mapping):
        wanted = (
            "a Result with the axis step, as in mi.over_checkpoints(name, analysis), or such Results by name"
        )
        refuse_other(measures, "TrainingView", wanted, "measures")
    if not measures:
        raise ResultError(f"TrainingView needs a measure at least; got an empty mapping. {_HOW}.")
    return [_read(str(name), given) for name, given in measures.items()]


def _read(name: str, given: Any) -> Measure:
    result: Any = given
    control: Any = None
    if isinstance(given, tuple) and len(given) == 2:
        result, control = given
    where = f"measures[{name!r}]"
    if not is_result(result):
        raise ResultError(
            f"{where} is {kind_of(given)}; a measure is a Result with the axis step, or a pair of one and its "
            f"control. {_HOW}."
        )
    curves = _curves(result, where)
    if not curves.steps:
        axes = ", ".join(map(str, result.dims)) or "none"
        raise ResultError(
            f"{where} has no axis step (its axes: {axes}), so there is nothing to draw; {_HOW}."
        )
    named = isinstance(control, Mapping)
    controls = control if named else {} if control is None else {_called(control, result): control}
    read = []
    for label, other in controls.items():
        if not is_result(other):
            raise ResultError(f"the control {label!r} of {where} is {kind_of(other)}; a control is a Result.")
        read.append(Control(str(label), _curves(other, f"the control {label!r} of {where}"), other))
    return Measure(name, str(result.unit), curves, result, read, named)


def _called(control: Any, result: Any) -> str:
    """What a control is, if the user does not say: another model by its name, else the untrained one."""
    theirs, ours = (str(getattr(part, "model_name", "")) for part in (control, result))
    return "untrained" if theirs in ("", ours, f"{ours} (untrained)") else theirs


def _curves(result: Any, where: str) -> Curves:
    data = result.dataset[result.primary]
    axes = [axis for axis in data.dims if axis != "step"]
    n_lines = int(np.prod([data.sizes[axis] for axis in axes])) if axes else 1
    if n_lines > _MOST_LINES or n_lines == 0:
        sizes = ", ".join(f"{axis} {data.sizes[axis]}" for axis in axes)
        raise ResultError(
            f"{where} has {n_lines} numbers a step ({sizes}); up to {_MOST_LINES} lines can be drawn: choose with "
            f".sel({axes[-1]}=…), or average."
        )
    steps, order = _steps(data, where)
    values = data.transpose(*axes, *(["step"] if "step" in data.dims else [])).values
    values = np.asarray(values, dtype=np.float32).reshape(n_lines, -1)
    labels = [labels_of(data, axis) for axis in axes]
    grid = [dict(zip(axes, place, strict=True)) for place in product(*labels)]
    several = [axis for axis in axes if data.sizes[axis] > 1 or axis in ("layer", "head")]
    return Curves(steps, values[:, order], [_name(place, several) for place in grid], grid)


def _steps(data: Any, where: str) -> tuple[list[int], list[int]]:
    if "step" not in data.dims:
        return [], [0]
    given = np.asarray(data.coords["step"].values if "step" in data.coords else range(data.sizes["step"]))
    if given.dtype.kind not in "iuf" or not np.array_equal(given, np.round(given)) or len(given) == 0:
        raise ResultError(f"{where} has the steps {given.tolist()!r}; steps are whole numbers, one at least.")
    order = np.argsort(given, kind="stable")
    steps = [int(step) for step in given[order]]
    twice = next((a for a, b in pairwise(steps) if a == b), None)
    if twice is not None:
        raise ResultError(f"{where} has the step {twice} twice; each step may occur once.")
    return steps, order.tolist()


def _name(place: dict[str, Any], axes: list[str]) -> str:
    """L0.H3, L0, H3; other axes by their name and number, or by their label if it is a text."""
    parts = [f"{axis[0].upper()}{place[axis]}" for axis in ("layer", "head") if axis in axes]
    words = [
        place[axis] if isinstance(place[axis], str) else f"{axis} {place[axis]}"
        for axis in axes
        if axis not in ("layer", "head")
    ]
    return " ".join([*filter(None, [".".join(parts)]), *words])
