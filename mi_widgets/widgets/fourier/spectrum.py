"""What the Fourier view reads from a Result: norms, circles and two-dimensional spectra, at every step."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from mi_widgets.core.errors import ResultError

from .._shared.given import is_result, kind_of, warnings_of
from .._shared.labels import labels_of
from .._shared.wire import MOST_NUMBERS, pack, quantise

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
        steps: The labels of the axis `step`, or None.
        frequencies: Their labels, whole numbers.
        p: How many numbers there are, 0 to p − 1.
        norms, shares, keys: (step, frequency).
        circles: (step, 2, frequency, number): along the cosine, along the sine.
        losses, accuracies: (step,).
        targets: What the two-dimensional spectra are of; empty without any.
        components: The labels of the spectra's rows, and of their columns.
        planes: (step, target, row, column), or None.
        title, model_name, unit, warnings: What the header says.

    Raises:
        ResultError: Something else than a Fourier spectrum, or a part of one that cannot be drawn.
    """

    def __init__(self, result: Any, beside: "Spectrum | None" = None):
        if not is_result(result):
            raise ResultError(f"FourierView takes a Result, not {kind_of(result)}; {_HOW}.")
        data = result.dataset
        _refuse(data)
        self._beside = beside
        self.title, self.model_name, self.unit = str(result.title), str(result.model_name), str(result.unit)
        self.warnings = warnings_of(result)
        self.steps = labels_of(data, "step") if "step" in data.dims else None
        self.frequencies = labels_of(data, "frequency")
        self.p = data.sizes["number"]
        self.norms, self.shares = self._read(data["norm"]), self._read(data["share"])
        self.keys = self._read(data["key"]) > 0
        self.circles = np.stack([self._read(data["x"]), self._read(data["y"])], axis=1)
        self.losses, self.accuracies = self._read(data["loss"]), self._read(data["accuracy"])
        self.planes: np.ndarray | None = None
        self.targets: list[str] = []
        self.components: tuple[list[str], list[str]] = ([], [])
        if "spectrum" in data:
            self._read_planes(data["spectrum"])

    def _read(self, variable: Any, axes: tuple[str, ...] | None = None) -> np.ndarray:
        """A variable with the steps in front; one that is the same at all steps is repeated."""
        axes = _AXES[str(variable.name)] if axes is None else axes
        stepped = "step" in variable.dims
        values = variable.transpose(*(["step"] if stepped else []), *axes).values.astype(np.float32)
        return values if stepped else np.broadcast_to(values, (len(self.steps or [0]), *values.shape))

    def _read_planes(self, spectrum: Any) -> None:
        if "target" not in spectrum.dims:  # one of them was chosen
            spectrum = spectrum.expand_dims("target")
        self.planes = self._read(spectrum, _PLANE)
        if self.planes.size > MOST_NUMBERS:
            raise ResultError(
                f"The spectra have {self.planes.size:,} numbers, and FourierView takes up to {MOST_NUMBERS:,}: "
                "choose some with .sel(target=[…]), or fewer steps."
            )
        self.targets = [str(target) for target in np.atleast_1d(spectrum["target"].values)]
        rows, columns = ([str(label) for label in labels_of(spectrum, axis)] for axis in _PLANE[1:])
        self.components = rows, columns

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

    def header(self) -> dict[str, Any]:
        """What the view's header says, for the browser."""
        names = "title", "unit", "warnings", "p"
        return {"model": self.model_name, **{name: getattr(self, name) for name in names}}

    def packed(self) -> dict[str, Any]:
        """Everything at once, for the browser: a step, a frequency or a target is then shown without asking."""
        reach = _largest(np.abs(self.circles))
        circles = quantise(self.circles, low=-reach, high=reach, dtype="uint16")
        return {
            "steps": self.steps,
            "frequencies": self.frequencies,
            "highest": self.highest,
            "norms": pack(self.norms),
            "shares": pack(self.shares),
            "keys": pack(self.keys.astype(np.uint8)),
            "losses": pack(self.losses),
            "accuracies": pack(self.accuracies),
            "circles": pack(circles, low=-reach, high=reach),
            "reaches": [self.reach(place) for place in range(len(self.frequencies))],
            "targets": self.targets,
            "rows": self.components[0],
            "columns": self.components[1],
            "planes": None if self.planes is None else pack(self.planes),
            "plane_reaches": [self.plane_reach(i) for i in range(len(self.targets))],
        }


def _largest(*several: np.ndarray) -> float:
    return max(float(values[np.isfinite(values)].max(initial=0.0)) for values in several) or 1.0


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
