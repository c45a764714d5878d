"""What the superposition view reads from a Result: how the features lie, at every instance of a toy model."""

from collections.abc import Mapping
from fractions import Fraction
from math import isfinite
from typing import Any

import numpy as np
import xarray as xr

from mi_widgets.core.errors import ResultError
from mi_widgets.core.numbers import fixed

from .._shared.drawn import DrawnResult
from .._shared.given import refuse_empty, refuse_other
from .._shared.labelled import pack_dataset
from .._shared.labels import labels_of, with_labels
from .._shared.scale import ColourScale, highest, scale_of
from .._shared.selection import Choices
from .._shared.wire import MOST_NUMBERS

_HOW = 'mi.toys.feature_geometry(mi.toys.load("plane")) makes one'
_EACH = ("instance", "feature")
_AXES = {
    "dimensionality": _EACH,
    "length": _EACH,
    "represented": _EACH,
    "figure": _EACH,
    "group": _EACH,
    "W": ("instance", "hidden", "feature"),
    "interference": ("instance", "feature", "other"),
    "dimensions_per_feature": ("instance",),
    "sparsity": ("instance",),
    "importance": ("feature",),
    "fraction": ("known",),
}
_ROUND = 8  # the largest denominator of a dimensionality in a figure
_MOST_CURVES = 12  # with more features, and all of one importance, which of them has how much is chance


class Instances(DrawnResult):
    """The numbers of a Result; without the axis `instance` there is one of them.

    Args:
        result: The geometry of the features of a toy model.

    Attributes:
        data: All of it, labelled; every variable has its axes in the order of this file.
        instances, features: Their labels, whole numbers.
        hidden: How many dimensions there are.
        sparsities: (instance,).
        dimensionality, lengths, represented, groups: (instance, feature).
        figures: Names, (instance, feature).
        vectors: (instance, 2, feature), or None where there are not two dimensions.
        interference: (instance, feature, other).
        per_feature: Dimensions per feature, (instance,).
        known: The figures there may be, with the dimensionality of a feature in each.

    Raises:
        ResultError: Something else, or a part that cannot be drawn.
    """

    def __init__(self, result: Any):
        refuse_other(result, "SuperpositionView", "a Result, as in mi.toys.feature_geometry(toy)")
        super().__init__(result)
        self.data = data = _read(result)
        self.instances, self.features = labels_of(data, "instance"), labels_of(data, "feature")
        self.hidden = data.sizes["hidden"]
        self.sparsities = data["sparsity"].values.astype(float)
        self.dimensionality, self.lengths = data["dimensionality"].values, data["length"].values
        self.represented, self.groups = data["represented"].values > 0, data["group"].values
        self.figures = data["figure"].values.astype(str)
        self.vectors = data["W"].values if self.hidden == 2 else None
        self.interference = data["interference"].values
        self.per_feature = data["dimensions_per_feature"].values
        self.known = dict(zip(labels_of(data, "known"), data["fraction"].values.tolist(), strict=True))

    def place(self, selection: Mapping[str, Any]) -> tuple[int, int]:
        """The indices of the selected instance and feature."""
        return self.instances.index(selection["instance"]), self.features.index(selection["feature"])

    @property
    def by_sparsity(self) -> bool:
        """Whether the instances differ in their sparsity, so that there is an axis to draw curves over; none has 1."""
        there = np.isfinite(self.sparsities) & (self.sparsities < 1)
        return bool(there.all()) and len(set(self.sparsities.tolist())) == len(self.sparsities)

    @property
    def x(self) -> np.ndarray:
        """Where each instance stands in the curve: at 1/(1 - S), or at its number where it has no such place."""
        return 1 / (1 - self.sparsities) if self.by_sparsity else np.arange(len(self.instances), dtype=float)

    @property
    def sparsity_labels(self) -> list[str]:
        """Sparsities with two digits, or as many more as tell them apart."""
        for digits in (2, 3, 4, 5):
            texts = [fixed(sparsity, digits) for sparsity in self.sparsities]
            if len(set(texts)) == len(texts):
                return texts
        return [f"{fixed(s, 2)} (instance {i})" for s, i in zip(self.sparsities, self.instances, strict=True)]

    @property
    def levels(self) -> dict[str, float]:
        """The dashed lines of the curve: `"1/2 antipodal pair"` -> 0.5."""
        return {
            f"{Fraction(value).limit_denominator(_ROUND)} {name}": value
            for name, value in self.known.items()
            if isfinite(value)
        }

    @property
    def curves(self) -> list[int]:
        """The places of the features whose dimensionality is drawn as a line."""
        return list(range(len(self.features))) if len(self.features) <= _MOST_CURVES else []

    @property
    def scale(self) -> ColourScale:
        """The colours of the interference, the same for all instances."""
        return scale_of(self.interference, "", signed=True)

    @property
    def reach(self) -> float:
        """How far a vector reaches at any instance, and at least 1: one scale, so that they are seen to move."""
        vectors = [] if self.vectors is None else [np.abs(self.vectors)]
        return max(1.0, highest(self.lengths, *vectors))

    def order(self, instance: int) -> list[int]:
        """The places of features in the grid: in a plane as they are, else those of one figure side by side."""
        places = range(len(self.features))
        if self.hidden == 2:
            return list(places)
        group = self.groups[instance]
        sizes = {first: int((group == first).sum()) for first in np.unique(group)}
        return sorted(places, key=lambda i: (group[i] < 0, sizes[group[i]], group[i], i))

    def fellows(self, instance: int, feature: int) -> list[int]:
        """The labels of the other features of a feature's figure."""
        group = self.groups[instance]
        if group[feature] < 0:
            return []
        return [self.features[i] for i in np.flatnonzero(group == group[feature]) if i != feature]

    def choices(self) -> Choices:
        """The instances and the features."""
        return {"instance": self.instances, "feature": self.features}

    def first(self) -> dict[str, Any]:
        """The sparsest instance and the first feature."""
        return {"instance": self.instances[int(self.sparsities.argmax())], "feature": self.features[0]}

    def header(self) -> dict[str, Any]:
        """What the view's header says, with how large the model is."""
        size = f"{len(self.features)} features in {self.hidden} dimensions"
        facts = [self.model_name, size, self.unit]
        return {"title": self.title, "facts": facts, "warnings": super().header()["warnings"]}

    def packed(self) -> dict[str, Any]:
        """Everything at once, for the browser: an instance or a feature is then shown without asking."""
        unseen = ["fraction", "sparsity", *([] if self.hidden == 2 else ["W"])]
        return pack_dataset(
            self.data.drop_vars(unseen),
            scales={"interference": self.scale},
            codes={"interference": "uint16"},
            sparsities=self.sparsity_labels,
            x=self.x.tolist(),
            by_sparsity=self.by_sparsity,
            curves=self.curves,
            levels=[[name, value] for name, value in self.levels.items()],
            reach=self.reach,
            orders=[self.order(i) for i in range(len(self.instances))],
        )


def _read(result: Any) -> xr.Dataset:
    """The variables that are drawn; where one instance was chosen, with that as their axis again."""
    data = result.dataset
    found = {name: data[name] for name in _AXES if name in data.variables}
    if "instance" in data.coords and "instance" not in data.dims:
        for name, axes in _AXES.items():
            if name in found and "instance" in axes:
                found[name] = found[name].expand_dims("instance")
    _refuse(result, found)
    read = {name: found[name].transpose(*axes).reset_coords(drop=True) for name, axes in _AXES.items()}
    return with_labels(xr.Dataset(read))


def _refuse(result: Any, data: dict[str, Any]) -> None:
    for name, axes in _AXES.items():
        if name not in data:
            raise ResultError(
                f"SuperpositionView draws the geometry of features; this Result has no {name!r}. {_HOW}."
            )
        if set(data[name].dims) != set(axes):
            has = ", ".join(map(str, data[name].dims)) or "none"
            missing = next((axis for axis in axes if axis not in data[name].dims), axes[0])
            raise ResultError(
                f"SuperpositionView needs {name!r} along {', '.join(axes)}; its axes are {has}. To look at one "
                f"{missing}, leave .sel(…) out and select it in the view."
            )
    grid = data["interference"]
    refuse_empty(result, grid)
    if not np.array_equal(grid["feature"].values, grid["other"].values):
        raise ResultError(
            "The grid has a row and a column for every feature, and some are left out: leave .sel(feature=…) out."
        )
    if grid.size > MOST_NUMBERS:
        raise ResultError(
            f"The interference has {grid.size:,} numbers, and SuperpositionView takes up to {MOST_NUMBERS:,}: choose "
            "instances with .sel(instance=[…])."
        )
