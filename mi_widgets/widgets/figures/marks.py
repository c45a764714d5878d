"""What a figure is made of: bars, lines, and heat maps."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize

from mi_widgets.core.numbers import number_text

from .._shared.scale import scale_of
from .._shared.tokens import cut
from .page import of_attention
from .texts import FAMILY, PLAIN, labels_of, tokens

BLUE = "#2f7fc1"
MOST_LABELS = 48  # more of them cannot be read
_MOST_NUMBERS, _MOST_NAMES, _LONGEST_NAME = 64, 400, 9
_MOST_LEGEND, _MOST_WRITTEN = 12, 12


def colours_of(data: xr.DataArray) -> ScalarMappable:
    """One scale for all heat maps of a figure: from 0 for what is never below it, else alike on both sides of 0."""
    if of_attention(data):
        return ScalarMappable(Normalize(0.0, 1.0), "Blues")
    scale = scale_of(data.values, "")
    return ScalarMappable(Normalize(scale.low, scale.high), "RdBu_r" if scale.low < 0 else "viridis")


def _lengths(values: np.ndarray) -> np.ndarray:
    """Of bars: what has no end has none."""
    return np.where(np.isinf(values), 0.0, values)


def _brief(value: float, form: str) -> str:
    """A number that fits into a cell, and an infinite one as the views write it."""
    text = form.format(float(value))
    return text if np.isfinite(value) and len(text) <= _LONGEST_NAME else number_text(float(value))


def _ink(colours: ScalarMappable, value: float) -> str:
    """Black or white, whichever is read on the colour of a value."""
    red, green, blue, _ = colours.to_rgba(np.array(value))
    return "k" if 0.299 * red + 0.587 * green + 0.114 * blue > 0.5 else "w"


def bars(axes: Axes, values: np.ndarray, labels: list[str], unit: str) -> None:
    """Bars from left to right, one below the other, each with its label."""
    rows = np.arange(len(values))
    drawn = axes.barh(rows, _lengths(values), color=BLUE)
    if len(labels) <= _MOST_WRITTEN:
        numbers = ["" if np.isnan(value) else _brief(value, "{:.3g}") for value in values]
        axes.bar_label(drawn, numbers, padding=3, fontsize=8)
        axes.margins(x=0.15)
    axes.set_yticks(rows, labels, family=FAMILY, fontsize=8 if len(labels) > 12 else 10, **PLAIN)
    axes.invert_yaxis()
    axes.set_xlabel(unit, **PLAIN)


def line_or_bars(axes: Axes, data: xr.DataArray, unit: str) -> None:
    """The numbers of one axis: bars with labels, or a line where there are too many of them."""
    dim = str(data.dims[0])
    labels, values = labels_of(data, dim), data.values
    if len(values) <= MOST_LABELS:
        axes.bar(range(len(values)), _lengths(values), color=BLUE)
        turned = max(map(len, labels), default=0) > 2
        axes.set_xticks(
            range(len(values)), labels, rotation=90 if turned else 0, fontsize=8, family=FAMILY, **PLAIN
        )
    else:
        axes.plot(data[dim].values, values, color=BLUE)
    _name_sides(axes, "" if f"{dim}_token" in data.coords else dim, unit)


def lines(axes: Axes, data: xr.DataArray, unit: str) -> None:
    """One line for every prompt."""
    dim = str(data.dims[1])
    for prompt, row in zip(data["batch"].values, data.values, strict=True):
        axes.plot(data[dim].values, row, linewidth=1, label=f"prompt {prompt}")
    _legend(axes)
    _name_sides(axes, dim, unit)


def curves(axes: Axes, data: xr.DataArray, unit: str) -> None:
    """One line for every element of the other axes, over the steps of training."""
    over = data.transpose("step", ...)
    others = [str(dim) for dim in over.dims[1:]]
    for place in np.ndindex(over.shape[1:]):
        name = " ".join(f"{dim} {over[dim].values[i]}" for dim, i in zip(others, place, strict=True))
        values = over.values[(slice(None), *place)]
        axes.plot(over["step"].values, values, marker=".", linewidth=1, label=name)
    if others:
        _legend(axes)
    _name_sides(axes, "step", unit)


def _name_sides(axes: Axes, across: str, up: str) -> None:
    axes.set_xlabel(across, **PLAIN)
    axes.set_ylabel(up, **PLAIN)


def _legend(axes: Axes) -> None:
    if len(axes.lines) <= _MOST_LEGEND:
        for text in axes.legend(fontsize=7, ncols=2).get_texts():
            text.set(**PLAIN)


def heat(axes: Axes, data: xr.DataArray, colours: ScalarMappable, *, labelled: bool) -> None:
    """Cells in colours, down the first axis and across the second.

    Args:
        axes: where.
        data: two axes.
        colours: the scale.
        labelled: whether the axes are named, and as many elements of them as can be read.
    """
    low, high = colours.get_clim()
    axes.imshow(
        data.values,
        cmap=colours.cmap,
        vmin=low,
        vmax=high,
        aspect="equal" if data.dims == ("query", "key") else "auto",
        interpolation="nearest",
    )
    down, across = map(str, data.dims)
    if not labelled:
        axes.set_xticks([])
        axes.set_yticks([])
        return
    for dim, ticks, name in (
        (across, axes.set_xticks, axes.set_xlabel),
        (down, axes.set_yticks, axes.set_ylabel),
    ):
        labels = labels_of(data, dim)
        if len(labels) <= MOST_LABELS:
            turned = dim == across and max(map(len, labels), default=0) > 2
            ticks(
                range(len(labels)), labels, fontsize=8, family=FAMILY, rotation=90 if turned else 0, **PLAIN
            )
        name(dim, **PLAIN)


def label_cells(axes: Axes, data: xr.DataArray, names: xr.DataArray | None, colours: ScalarMappable) -> None:
    """In every cell what it is of, or else its number, where there are few enough."""
    if data.size > (_MOST_NUMBERS if names is None else _MOST_NAMES):
        return
    texts = None if names is None else np.array(tokens(names.values), dtype=object).reshape(data.shape)
    for (i, j), value in np.ndenumerate(data.values):
        if not np.isnan(value):
            text = _brief(value, "{:.2f}") if texts is None else cut(str(texts[i, j]), _LONGEST_NAME)
            axes.text(
                j, i, text, ha="center", va="center", fontsize=8 if names is None else 7,
                family=FAMILY, color=_ink(colours, value), **PLAIN,
            )  # fmt: skip
