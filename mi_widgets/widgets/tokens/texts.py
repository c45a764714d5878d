"""What the tokens view reads from Results: one number a token, and the same numbers under other conditions."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from mi_widgets.core.errors import ResultError

from .._shared.drawn import DrawnResult
from .._shared.given import by_name, is_result, refuse_empty, refuse_other
from .._shared.labelled import pack_dataset
from .._shared.labels import labels_of
from .._shared.scale import scale_of
from .._shared.selection import Choices
from .._shared.wire import MOST_NUMBERS

_AXES = ("step", "batch", "pos")


class Texts(DrawnResult):
    """The numbers of a Result and of its controls, on the same tokens.

    Attributes:
        values: Float32, shape (line, step, batch, pos): the Result's, then each control's; NaN where there is none.
        controls: What the user gave as controls, by its names as texts.
        names: What each line is: the model's name, then those of the controls.
        steps: The steps of a training, or nothing.
        batch: The labels of the prompts.
        pos: The labels of the positions.
        tokens: The texts, shape (batch, pos); "" where a prompt is padded.
        scale: The colours and what they mean: one for all lines, steps and prompts.
    """

    def __init__(self, result: Any, control: Any):
        data = _numbers_of_tokens(result, "This Result")
        self.controls = {"untrained": control} if is_result(control) else by_name(control, "control")
        super().__init__(result, self.controls)
        self.names = [self.model_name, *self.controls]
        self.steps = [int(step) for step in labels_of(data, "step")] if "step" in data.dims else []
        self.batch = labels_of(data, "batch") if "batch" in data.dims else [0]
        self.pos = labels_of(data, "pos")
        self.tokens = self._texts(data)
        shape = (max(1, len(self.steps)), len(self.batch), len(self.pos))
        controlled = [self._control(name, control, shape) for name, control in self.controls.items()]
        lines = [np.broadcast_to(_values(data), shape), *controlled]
        if len(lines) * lines[0].size > MOST_NUMBERS:
            raise ResultError(
                f"TokensView would have to send {len(lines) * lines[0].size:,} numbers (up to {MOST_NUMBERS:,}): "
                "choose with .sel(batch=[…]) or .sel(step=[…])."
            )
        self.values = np.stack(lines).astype(np.float32)
        self.scale = scale_of(self.values, self.unit)

    def _texts(self, data: Any) -> np.ndarray:
        tokens = np.asarray(data.coords["pos_token"].values)
        return np.broadcast_to(tokens, (len(self.batch), len(self.pos)))

    def _control(self, name: str, control: Any, shape: tuple[int, ...]) -> np.ndarray:
        data = _numbers_of_tokens(control, f"control[{name!r}]")
        ours = (self.steps, self.batch, self.pos)
        for axis, labels in zip(_AXES, ours, strict=True):
            theirs = labels_of(data, axis) if axis in data.dims else None
            # What has no such axis is the same along it; one prompt has no label that must agree.
            if theirs is None or theirs == labels or (axis == "batch" and len(theirs) == len(labels) == 1):
                continue
            raise ResultError(
                f"control[{name!r}] has {_span(axis, theirs)}, but this view has {_span(axis, labels)}; "
                "a control is the same measure of the same tokens."
            )
        if not np.array_equal(self._texts(data), self.tokens):
            raise ResultError(
                f"control[{name!r}] is on another text; a control is the same measure of the same tokens."
            )
        return np.broadcast_to(_values(data), shape)

    def at(self, selection: Mapping[str, Any]) -> np.ndarray:
        """The numbers of one prompt at one step; shape (line, pos)."""
        step = self.steps.index(selection["step"]) if self.steps else 0
        return self.values[:, step, self.batch.index(selection["batch"])]

    def choices(self) -> Choices:
        """Prompts, positions, and steps if there are any."""
        found = {"batch": self.batch, "pos": [*self.pos, None]}
        return {**found, "step": self.steps} if self.steps else found

    def packed(self) -> dict[str, Any]:
        """For the wire: all prompts and all steps, so that going through them asks nothing of the kernel."""
        labels = {"batch": self.batch, "pos": self.pos, "pos_token": (("batch", "pos"), self.tokens)}
        values = xr.DataArray(self.values, dims=("line", *_AXES), attrs={"units": self.unit})
        data = values.assign_coords(step=self.steps) if self.steps else values.squeeze("step")
        dataset = xr.Dataset({"values": data}, coords=labels)
        return pack_dataset(dataset, scales={"values": self.scale}, names=self.names)


def _numbers_of_tokens(result: Any, what: str) -> Any:
    """The numbers of a Result, without axes of one element that the view does not know."""
    refuse_other(result, "TokensView", "a Result, as in mi.loss_per_token(run)", what)
    data = result.dataset[result.primary]
    data = data.squeeze(
        [axis for axis in data.dims if axis not in _AXES and data.sizes[axis] == 1], drop=True
    )
    axes = ", ".join(map(str, data.dims)) or "none"
    if "pos" not in data.dims:
        raise ResultError(
            f"{what} has no axis pos (its axes: {axes}), so it has no number a token; mi.loss_per_token(run) has."
        )
    more = [str(axis) for axis in data.dims if axis not in _AXES]
    if more:
        raise ResultError(
            f"{what} has several numbers a token (its axes: {axes}): choose with .sel({more[0]}=…)."
        )
    if "pos_token" not in data.coords:
        raise ResultError(
            f"{what} has no texts: its axis pos needs the labels pos_token, (batch, pos) or (pos)."
        )
    refuse_empty(result, data)
    return data


def _values(data: Any) -> np.ndarray:
    known = [axis for axis in _AXES if axis in data.dims]
    values = np.asarray(data.transpose(*known).values)
    missing = tuple(i for i, axis in enumerate(_AXES) if axis not in data.dims)
    return np.expand_dims(values, missing)


def _span(axis: str, labels: list[Any]) -> str:
    if not labels:
        return f"no axis {axis}"
    return f"{len(labels)} labels of {axis}, {labels[0]} to {labels[-1]}"
