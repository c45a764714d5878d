"""What the Fourier view reads from a Result: norms, circles and two-dimensional spectra, at every step."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from mi_widgets.core.errors import ResultError

from .._shared.drawn import DrawnResult
from .._shared.given import refuse_empty, refuse_other
from .._shared.labelled import pack_dataset
from .._shared.labels import labels_of, with_labels
from .._shared.scale import ColourScale, highest
from .._shared.selection import Choices
from .._shared.wire import MOST_NUMBERS

_HOW = "mi.fourier.spectrum(model) makes one"
_AXES = {
    "norm": ("frequency",),
    "share": ("frequency",),
    "key": ("frequency",),
    "x": ("frequency", "number"),
    "y": ("frequency", "number"),
    "loss": (),
    "accuracy": (),
    "chance": (),
}
_GUESSED = 2.0  # times as often right as a guess: up to there a network is at chance, as for its warning
_PLANE = ("target", "component_a", "component_b")


class Spectrum(DrawnResult):
    """The numbers of a Result, at one step or at several.

    Args:
        result: A Fourier spectrum.
        beside: Another one, whose scales are the least that this one is drawn on.

    Attributes:
        data: All of it, labelled; the axis `step`, if there is one, comes first. A variable may lack it that is the
            same at all steps.
        steps: The labels of the axis `step`, or None.
        frequencies: Their labels, whole numbers.
        p: How many numbers there are, 0 to p − 1.
        targets: What the two-dimensional spectra are of; empty without any.
        highest: The largest norm at any step.
        reaches: How far each frequency's numbers lie from the middle at most, at any step: one scale, so that circles
            grow.
        plane_reaches: Where the colours of each target's spectrum end, at all steps.

    Raises:
        ResultError: Something else than a Fourier spectrum, or a part of one that cannot be drawn.
    """

    def __init__(self, result: Any, beside: "Spectrum | None" = None):
        refuse_other(result, "FourierView", "a Result, as in mi.fourier.spectrum(model)")
        super().__init__(result)
        self.data = data = _read(result)
        self.steps = labels_of(data, "step") if "step" in data.dims else None
        self.frequencies = labels_of(data, "frequency")
        self.p = data.sizes["number"]
        self.targets: list[Any] = labels_of(data, "target") if "spectrum" in data else []
        theirs = [] if beside is None else [beside.data["norm"].values]
        self.highest = highest(data["norm"].values, *theirs) or 1.0
        others = {} if beside is None else dict(zip(beside.frequencies, _radii(beside.data), strict=True))
        reaches = zip(self.frequencies, _radii(data), strict=True)
        self.reaches = [max(reach, others.get(k, 0.0)) or 1.0 for k, reach in reaches]
        self.plane_reaches = [_waves_reach(data["spectrum"].sel(target=target)) for target in self.targets]

    def moment(self, selection: Mapping[str, Any]) -> xr.Dataset:
        """All of it at the selected step."""
        return self.data if self.steps is None else self.data.sel(step=selection["step"])

    def guesses(self, selection: Mapping[str, Any]) -> bool:
        """Whether the network is right no oftener than a guess at a step."""
        now = self.moment(selection)
        return bool(now["accuracy"] <= _GUESSED * now["chance"])

    def place(self, selection: Mapping[str, Any]) -> int:
        """The index of the selected frequency."""
        return self.frequencies.index(selection["frequency"])

    def strongest(self, selection: Mapping[str, Any]) -> int:
        """The frequency that accounts for most of the logits at a step; where none does, that of the largest norm."""
        now = self.moment(selection)
        by = now["share"] if now["key"].any() else now["norm"]
        return self.frequencies[int(np.nan_to_num(by.values, nan=-1.0).argmax())]

    def ring(self, frequency: int) -> np.ndarray:
        """The numbers in the order of their angles 2πkn/p, as their places on the circle."""
        return np.argsort(frequency * np.arange(self.p) % self.p, kind="stable")

    def choices(self) -> Choices:
        """Steps and targets, if there are any, and the frequencies."""
        return {
            **({} if self.steps is None else {"step": self.steps}),
            "frequency": self.frequencies,
            **({"target": self.targets} if self.targets else {}),
        }

    def header(self) -> dict[str, Any]:
        """What the view's header says, with how many numbers there are."""
        return {**super().header(), "p": self.p}

    def packed(self) -> dict[str, Any]:
        """Everything at once, for the browser: a step, a frequency or a target is then shown without asking."""
        reach = highest(*(np.abs(self.data[along].values) for along in "xy")) or 1.0
        circle = ColourScale("diverging", -reach, reach)
        return pack_dataset(
            self.data,
            scales={"x": circle, "y": circle},
            codes={"x": "uint16", "y": "uint16"},
            highest=self.highest,
            reaches=self.reaches,
            plane_reaches=self.plane_reaches,
        )


def _radii(data: xr.Dataset) -> list[float]:
    """How far each frequency's numbers lie from the middle at most."""
    away = xr.apply_ufunc(np.hypot, data["x"].astype(float), data["y"].astype(float))
    return (
        away.where(np.isfinite(away), 0.0)
        .max([axis for axis in away.dims if axis != "frequency"])
        .values.tolist()
    )


def _waves_reach(spectrum: xr.DataArray) -> float:
    """The largest component without the constant.

    This is the mean and often larger than all waves together, which it would leave without colour.
    """
    waves = (spectrum["component_a"] != "1") | (spectrum["component_b"] != "1")
    return highest((spectrum.where(waves) if waves.any() else spectrum).values) or 1.0


def _read(result: Any) -> xr.Dataset:
    """The variables that are drawn, with the axes in the order of this file; one target that was chosen is an axis."""
    _refuse(result)
    data = result.dataset
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


def _refuse(result: Any) -> None:
    data = result.dataset
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
    for name in ("norm", "x", *(["spectrum"] if "spectrum" in data else [])):
        refuse_empty(result, data[name])
    if "number" in data.coords and not np.array_equal(data["number"].values, whole):
        raise ResultError(
            "A circle is drawn through all numbers 0 to p − 1, and some are left out: leave .sel(number=…) out."
        )
