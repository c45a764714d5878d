"""What the Fourier view reads from a Result: norms, circles and two-dimensional spectra, at every step."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from mi_widgets.core.errors import ResultError

from .._shared.given import header_of, is_result, kind_of
from .._shared.labelled import pack_dataset
from .._shared.labels import labels_of, with_labels
from .._shared.scale import Scale
from .._shared.selection import Choices
from .._shared.wire import MOST_NUMBERS

_HOW = "mi.fourier_spectrum(model) makes one"
_AXES = {
    "norm": ("frequency",),
    "share": ("frequency",),
    "key": ("frequency",),
    "x": ("frequency", "number"),
    "y": ("frequency", "number"),
    "loss": (),
    "accuracy": (),
}
_PLANE = ("target", "component_a", "component_b")


class Spectrum:
    """The numbers of a Result. Every array begins with the steps; without the axis `step` there is one of them.

    Args:
        result: A Fourier spectrum.
        beside: Another one, whose scales are the least that this one is drawn on.

    Attributes:
        data: All of it, labelled; the axis `step`, if there is one, comes first.
        steps: The labels of the axis `step`, or None.
        frequencies: Their labels, whole numbers.
        p: How many numbers there are, 0 to p − 1.
        norms, shares, keys: (step, frequency).
        circles: (step, 2, frequency, number): along the cosine, along the sine.
        losses, accuracies: (step,).
        targets: What the two-dimensional spectra are of; empty without any.
        components: The labels of the spectra's rows, and of their columns.
        planes: (step, target, row, column), or None.
        title, model_name, unit: What the header says.

    Raises:
        ResultError: Something else than a Fourier spectrum, or a part of one that cannot be drawn.
    """

    def __init__(self, result: Any, beside: "Spectrum | None" = None):
        if not is_result(result):
            raise ResultError(f"FourierView takes a Result, not {kind_of(result)}; {_HOW}.")
        self.data = data = _read(result.dataset)
        self._beside = beside
        self._header = header_of(result)
        self.title, self.model_name, self.unit = str(result.title), str(result.model_name), str(result.unit)
        self.steps = labels_of(data, "step") if "step" in data.dims else None
        self.frequencies = labels_of(data, "frequency")
        self.p = data.sizes["number"]
        self.norms, self.shares, self.keys = self._values("norm"), self._values("share"), self._values("key")
        self.circles = np.stack([self._values("x"), self._values("y")], axis=1)
        self.losses, self.accuracies = self._values("loss"), self._values("accuracy")
        self.planes: np.ndarray | None = None
        self.targets: list[Any] = []
        self.components: tuple[list[Any], list[Any]] = ([], [])
        if "spectrum" in data:
            self.planes = self._values("spectrum")
            self.targets = labels_of(data, "target")
            self.components = labels_of(data, "component_a"), labels_of(data, "component_b")

    def _values(self, name: str) -> np.ndarray:
        """A variable with the steps in front; one that is the same at all steps is repeated."""
        variable = self.data[name]
        if "step" in variable.dims:
            return variable.values
        return np.broadcast_to(variable.values, (len(self.steps or [0]), *variable.shape))

    def step(self, selection: Mapping[str, Any]) -> int:
        """The index of the selected step."""
        return 0 if self.steps is None else self.steps.index(selection["step"])

    def place(self, selection: Mapping[str, Any]) -> tuple[int, int]:
        """The indices of the selected step and frequency."""
        return self.step(selection), self.frequencies.index(selection["frequency"])

    def strongest(self, selection: Mapping[str, Any]) -> int:
        """The frequency that accounts for most of the logits at a step; where none does, that of the largest norm."""
        step = self.step(selection)
        by = self.shares if self.keys[step].any() else self.norms
        return self.frequencies[int(np.nan_to_num(by[step], nan=-1.0).argmax())]

    def ring(self, frequency: int) -> np.ndarray:
        """The numbers in the order of their angles 2πkn/p, as their places on the circle."""
        return np.argsort(frequency * np.arange(self.p) % self.p, kind="stable")

    def reach(self, place: int) -> float:
        """How far from the middle a frequency's numbers lie at most, at any step: one scale, so that circles grow."""
        circles = [self.circles[:, :, place]]
        if self._beside is not None and self.frequencies[place] in self._beside.frequencies:
            circles.append(
                self._beside.circles[:, :, self._beside.frequencies.index(self.frequencies[place])]
            )
        return _largest(*(np.hypot(at[:, 0], at[:, 1]) for at in circles))

    @property
    def highest(self) -> float:
        """The largest norm at any step."""
        return _largest(self.norms, *([] if self._beside is None else [self._beside.norms]))

    def plane_reach(self, target: int) -> float:
        """Where the colours of a target's spectrum end, at all steps.

        The constant, which is the mean and often larger than all waves together, would leave these without colour.
        """
        if self.planes is None:
            return 1.0
        rows, columns = (np.array(labels) == "1" for labels in self.components)
        waves = ~(rows[:, None] & columns)
        return _largest(self.planes[:, target][:, waves]) if waves.any() else _largest(self.planes[:, target])

    def choices(self) -> Choices:
        """Steps and targets, if there are any, and the frequencies."""
        return {
            **({} if self.steps is None else {"step": self.steps}),
            "frequency": self.frequencies,
            **({"target": self.targets} if self.targets else {}),
        }

    def first(self) -> dict[str, Any]:
        """The last step, and the first of everything else; `strongest` knows a better frequency."""
        return {key: labels[-1 if key == "step" else 0] for key, labels in self.choices().items()}

    def header(self) -> dict[str, Any]:
        """What the view's header says, for the browser."""
        return {**self._header, "p": self.p}

    def packed(self) -> dict[str, Any]:
        """Everything at once, for the browser: a step, a frequency or a target is then shown without asking."""
        reach = _largest(np.abs(self.circles))
        circle = Scale("diverging", -reach, reach)
        return pack_dataset(
            self.data,
            scales={"x": circle, "y": circle},
            codes={"x": "uint16", "y": "uint16"},
            highest=self.highest,
            reaches=[self.reach(place) for place in range(len(self.frequencies))],
            plane_reaches=[self.plane_reach(i) for i in range(len(self.targets))],
        )


def _largest(*several: np.ndarray) -> float:
    return max(float(values[np.isfinite(values)].max(initial=0.0)) for values in several) or 1.0


def _read(data: Any) -> xr.Dataset:
    """The variables that are drawn, with the axes in the order of this file; one target that was chosen is an axis."""
    _refuse(data)
    names = [*_AXES, *(["spectrum"] if "spectrum" in data else [])]
    read = data[names].reset_coords(drop=True).assign(key=data["key"] > 0)
    if "spectrum" in data and "target" not in data.dims:
        read["spectrum"] = data["spectrum"].expand_dims("target")
    read = with_labels(read.transpose("step", *_PLANE, "frequency", "number", missing_dims="ignore"))
    if "spectrum" in data and read["spectrum"].size > MOST_NUMBERS:
        raise ResultError(
            f"The spectra have {read['spectrum'].size:,} numbers, and FourierView takes up to {MOST_NUMBERS:,}: "
            "choose some with .sel(target=[…]), or fewer steps."
        )
    return read


def _refuse(data: Any) -> None:
    missing = [name for name in _AXES if name not in data]
    if missing:
        raise ResultError(f"FourierView draws a Fourier spectrum; this Result has no {missing[0]!r}. {_HOW}.")
    wanted = {**_AXES, **({"spectrum": _PLANE[1:]} if "spectrum" in data else {})}
    for name, axes in wanted.items():
        allowed = {*axes, "step", *(["target"] if name == "spectrum" else [])}
        axis = next((axis for axis in axes if axis not in data[name].dims), None)
        if axis is not None or not allowed.issuperset(data[name].dims):
            has = ", ".join(map(str, data[name].dims)) or "none"
            raise ResultError(
                f"FourierView needs {name!r} along {', '.join(axes) or 'nothing'}; its axes are {has}. To look at "
                f"one {axis or 'label'}, leave .sel(…) out and select it in the view."
            )
    whole = np.arange(data.sizes["number"])
    if not len(whole) or not data.sizes["frequency"] or 0 in data["norm"].shape:
        raise ResultError("The spectrum is empty: choose labels that exist with .sel(…).")
    if "number" in data.coords and not np.array_equal(data["number"].values, whole):
        raise ResultError(
            "A circle is drawn through all numbers 0 to p − 1, and some are left out: leave .sel(number=…) out."
        )
