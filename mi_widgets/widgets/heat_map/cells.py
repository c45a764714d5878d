"""What the heat map reads from a Result: its numbers, its axes with their labels, and one scale for all pages."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from mi_widgets.core.errors import ResultError

from .._shared.control import read_control
from .._shared.drawn import DrawnResult
from .._shared.given import refuse_empty, refuse_other
from .._shared.labelled import pack_dataset
from .._shared.labels import Axis, axis_of, with_labels
from .._shared.scale import scale_of
from .._shared.selection import Choices
from .._shared.wire import MOST_NUMBERS


class Cells(DrawnResult):
    """The numbers of a Result as pages of rows and columns.

    Rows and columns without a number on any page are left out, such as senders of the last layer in compositions.

    Attributes:
        data: The variables `values`, perhaps `control`, and `score` and `its_control` where the values are the
            difference of these; the last two axes are rows and columns, those before them
            are pages.
        axes: One for each axis of the values.
        control: The same numbers on a baseline, or None.
        scale: What the colours mean, on all pages and for the control.

    Raises:
        ResultError: Fewer than two axes, no cells or too many, or a control of another shape.
    """

    def __init__(self, result: Any, control: Any = None, *, signed: bool = False):
        view, call = (
            ("PatchingView", "mi.activation_patching(model, pairs, site)")
            if signed
            else ("HeatmapView", 'mi.head_scores(model, "induction")')
        )
        refuse_other(result, view, f"a Result with two axes or more, as in {call}")
        super().__init__(result, control)
        data = with_labels(result.dataset[result.primary])
        # Of numbers that are still being measured, how many there are; the picture keeps its shape while they come.
        self._progress = str(data.attrs.get("progress", ""))
        _refuse(self.title, {str(axis): n for axis, n in data.sizes.items()})
        refuse_empty(result, data)
        self.control = read_control(control, "control", data.shape)
        variables = {"values": (data.dims, np.asarray(data.values, dtype=np.float32), {"units": self.unit})}
        if self.control is not None:
            variables["control"] = (data.dims, self.control.values, {"units": self.unit})
        coloured = list(variables)
        if _is_excess(result):
            for name, part in {"score": "score", "its_control": "control"}.items():
                variables[name] = (data.dims, result.dataset[part].values, {"units": self.unit})
        everything = xr.Dataset(variables, coords=data.coords)
        self.data = everything if self._progress else everything.isel(_used(everything["values"]))
        self.axes = [axis_of(self.data, str(axis), self._pages) for axis in self.data["values"].dims]
        numbers = np.stack([self.data[name].values for name in coloured])
        self.scale = scale_of(numbers, self.unit, signed=signed)

    @property
    def rows(self) -> Axis:
        """The axis that runs down."""
        return self.axes[-2]

    @property
    def columns(self) -> Axis:
        """The axis that runs across."""
        return self.axes[-1]

    @property
    def pages(self) -> list[Axis]:
        """The axes of which one label is shown at a time."""
        return self.axes[:-2]

    @property
    def of_heads(self) -> bool:
        """Whether a cell is a head."""
        return {self.rows.name, self.columns.name} == {"layer", "head"}

    def page(self, selection: Mapping[str, Any]) -> np.ndarray:
        """The numbers on the selected page: (rows, columns)."""
        return self._page("values", selection)

    def control_page(self, selection: Mapping[str, Any]) -> np.ndarray | None:
        """The control's numbers on the selected page."""
        return None if self.control is None else self._page("control", selection)

    def parts_page(self, selection: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray] | None:
        """The score and its own control on the selected page, where the numbers are what the score has above it."""
        if "score" not in self.data:
            return None
        return self._page("score", selection), self._page("its_control", selection)

    def texts(self, axis: Axis, selection: Mapping[str, Any]) -> list[str]:
        """How an axis's labels are written on the selected page."""
        if axis.by is None:
            return axis.texts
        by = next(other for other in self.axes if other.name == axis.by)
        return axis.texts[by.labels.index(selection[axis.by])]

    def choices(self) -> Choices:
        """The labels of every axis; of rows and columns none may be selected."""
        pages = {axis.name: axis.labels for axis in self.pages}
        return {**pages, **{axis.name: [*axis.labels, None] for axis in (self.rows, self.columns)}}

    def header(self) -> dict[str, Any]:
        """What the view's header says, with how far the measuring is."""
        return {**super().header(), "progress": self._progress}

    def packed(self) -> dict[str, Any]:
        """All pages, for the browser."""
        name = "" if self.control is None else self.control.name
        scales = {"values": self.scale, "control": self.scale}
        return pack_dataset(self.data, scales=scales, texts_by=self._pages, control_name=name)

    @property
    def _pages(self) -> list[str]:
        # Tokens that differ from row to row can label no column.
        return list(map(str, self.data["values"].dims[:-2]))

    def _page(self, variable: str, selection: Mapping[str, Any]) -> np.ndarray:
        places = tuple(axis.labels.index(selection[axis.name]) for axis in self.pages)
        return self.data[variable].values[places]


def _is_excess(result: Any) -> bool:
    """Whether the numbers in front are a score less its own control, and both are there too."""
    data, primary = result.dataset, result.primary
    return primary == "excess" and all(
        name in data and data[name].dims == data[primary].dims for name in ("score", "control")
    )


def _used(values: Any) -> dict[str, np.ndarray]:
    """The places of the rows and of the columns that have a number; all of them where none has."""
    known = np.asarray(~np.isnan(values.values).all(axis=tuple(range(values.ndim - 2))))
    if not known.any():
        known = np.ones_like(known)
    rows, columns = map(str, values.dims[-2:])
    return {rows: np.flatnonzero(known.any(axis=1)), columns: np.flatnonzero(known.any(axis=0))}


def _refuse(title: str, sizes: dict[str, int]) -> None:
    said = ", ".join(f"{name} {n}" for name, n in sizes.items()) or "none"
    if len(sizes) < 2:
        raise ResultError(
            f"A heat map has rows and columns, but {title} has {len(sizes)} of the 2 axes it takes ({said}): "
            "use .plot(), or do not choose so much with .sel(…)."
        )
    count = int(np.prod(list(sizes.values())))
    if count > MOST_NUMBERS:
        longest = max(sizes, key=lambda name: sizes[name])
        raise ResultError(
            f"{title} has {count:,} cells ({said}), and a heat map takes up to {MOST_NUMBERS:,}: "
            f"choose with .sel({longest}=[…]) what to look at."
        )
