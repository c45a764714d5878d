"""What the heat map reads from a Result: its numbers, its axes with their labels, and one scale for all pages."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mi_widgets.core.errors import ResultError

from .._shared.control import Control, read_control
from .._shared.given import warnings_of
from .._shared.labels import labels_of
from .._shared.scale import scale_of
from .._shared.wire import MOST_NUMBERS, pack

_LETTERS = {"layer": "L", "head": "H"}


@dataclass(frozen=True)
class Axis:
    """One axis of the numbers.

    Attributes:
        name: As the Result calls it.
        labels: As a selection names them.
        texts: As they are written, one a label; one list for each label of the axis `by` if they depend on it.
        by: The name of that axis, one of the pages, as in tokens that are those of a prompt; or None.
        tokens: Whether the texts are tokens of a model, whose whitespace is to be made visible.
    """

    name: str
    labels: list[Any]
    texts: list[Any]
    by: str | None = None
    tokens: bool = False

    def packed(self) -> dict[str, Any]:
        """For the browser."""
        return {key: getattr(self, key) for key in ("name", "labels", "texts", "by", "tokens")}


class Cells:
    """The numbers of a Result as pages of rows and columns.

    Rows and columns without a number on any page are left out, such as senders of the last layer in compositions.

    Attributes:
        values: Float32; the last two axes are rows and columns, those before them are pages.
        axes: One for each axis of the values.
        control: The same numbers on a baseline, or None.
        scale: What the colours mean, on all pages and for the control.
        title, model_name, unit, warnings: What the header says.

    Raises:
        ResultError: Fewer than two axes, no cells or too many, or a control of another shape.
    """

    def __init__(self, result: Any, control: Any = None, *, signed: bool = False):
        data = result.dataset[result.primary]
        self.title, self.model_name, self.unit = str(result.title), str(result.model_name), str(result.unit)
        self.warnings = warnings_of(result, control)
        _refuse(self.title, {str(axis): n for axis, n in data.sizes.items()})
        values = np.asarray(data.values, dtype=np.float32)
        self.control: Control | None = read_control(control, "control", values.shape)
        used = _used(values)
        self.values = _part(values, used)
        if self.control is not None:
            self.control = replace(self.control, values=_part(self.control.values, used))
        pages = [np.arange(n) for n in values.shape[:-2]]
        self.axes = [
            _axis(result.dataset, data, str(axis), kept)
            for axis, kept in zip(data.dims, [*pages, *used], strict=True)
        ]
        everything = self.values if self.control is None else np.stack([self.values, self.control.values])
        self.scale = scale_of(everything, self.unit, signed=signed)

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
        return self.values[self._page_index(selection)]

    def control_page(self, selection: Mapping[str, Any]) -> np.ndarray | None:
        """The control's numbers on the selected page."""
        return None if self.control is None else self.control.values[self._page_index(selection)]

    def texts(self, axis: Axis, selection: Mapping[str, Any]) -> list[str]:
        """How an axis's labels are written on the selected page."""
        if axis.by is None:
            return axis.texts
        by = next(other for other in self.axes if other.name == axis.by)
        return axis.texts[by.labels.index(selection[axis.by])]

    def header(self) -> dict[str, Any]:
        """What the view's header says, for the browser."""
        names = "title", "unit", "warnings"
        return {"model": self.model_name, **{name: getattr(self, name) for name in names}}

    def packed(self) -> dict[str, Any]:
        """All pages, for the browser."""
        ends = {"low": self.scale.low, "high": self.scale.high}
        control = self.control
        return {
            "axes": [axis.packed() for axis in self.axes],
            "map": self.scale.map,
            "values": pack(self.values, **ends),
            "control": None if control is None else pack(control.values, **ends),
            "control_name": "" if control is None else control.name,
        }

    def _page_index(self, selection: Mapping[str, Any]) -> tuple[int, ...]:
        return tuple(axis.labels.index(selection[axis.name]) for axis in self.pages)


def _used(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The places of the rows and of the columns that have a number; all of them where none has."""
    known = np.asarray(~np.isnan(values).all(axis=tuple(range(values.ndim - 2))))
    if not known.any():
        known = np.ones_like(known)
    return np.flatnonzero(known.any(axis=1)), np.flatnonzero(known.any(axis=0))


def _part(values: np.ndarray, used: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    return values[..., used[0], :][..., used[1]]


def _axis(dataset: Any, data: Any, name: str, kept: np.ndarray) -> Axis:
    every = labels_of(data, name)
    labels = [every[i] for i in kept]
    tokens = dataset.coords.get(f"{name}_token")
    if tokens is not None and tokens.dims == (name,):
        return Axis(name, labels, [str(token) for token in tokens.values[kept]], tokens=True)
    # Tokens that differ from row to row can label no column.
    if tokens is not None and tokens.dims in [(page, name) for page in data.dims[:-2]]:
        texts = [[str(token) for token in row[kept]] for row in tokens.values]
        return Axis(name, labels, texts, by=str(tokens.dims[0]), tokens=True)
    letter = _LETTERS.get(name, "")
    return Axis(name, labels, [f"{letter}{i}" if isinstance(i, int) else i for i in labels])


def _refuse(title: str, sizes: dict[str, int]) -> None:
    said = ", ".join(f"{name} {n}" for name, n in sizes.items()) or "none"
    if len(sizes) < 2:
        raise ResultError(
            f"A heat map has rows and columns, but {title} has {len(sizes)} of the 2 axes it takes ({said}): "
            "use .plot(), or do not choose so much with .sel(…)."
        )
    count = int(np.prod(list(sizes.values())))
    if count == 0:
        raise ResultError(f"{title} has no cells to draw ({said}): choose labels that exist with .sel(…).")
    if count > MOST_NUMBERS:
        longest = max(sizes, key=lambda name: sizes[name])
        raise ResultError(
            f"{title} has {count:,} cells ({said}), and a heat map takes up to {MOST_NUMBERS:,}: "
            f"choose with .sel({longest}=[…]) what to look at."
        )
