"""Which figure a Result becomes.

Figures are made without pyplot: nothing is shown twice in a notebook, and no backend is chosen for the user.
"""

from __future__ import annotations

from io import BytesIO
from math import ceil

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure

from mi_widgets.core.results import Result

from .marks import bars, colours_of, curves, heat, label_cells, line_or_bars, lines
from .page import Page, is_named, of_attention, page_of
from .texts import LONGEST, PLAIN, caption, labels_of, tokens

_IN_A_ROW = 6  # panels
_LABELLED_PANELS, _LABELLED_CELLS = 12, 16  # more panels, or more cells along one, have no room for labels


class ResultFigure(Figure):
    """A matplotlib Figure that shows itself in a notebook, whichever backend is on."""

    def _repr_png_(self) -> bytes:
        buffer = BytesIO()
        self.savefig(buffer, format="png", dpi=110)
        return buffer.getvalue()


def plot(result: Result) -> ResultFigure:
    """The primary variable: bars, lines (over training steps too), a heat map, or a page of them.

    What a page cannot hold is left out, and the caption says so: of a batch the first prompt is drawn, of patterns
    over a training the last step, of many panels the first. `.sel(…)` chooses others.

    Raises:
        ResultError: the primary variable holds texts.
    """
    page = page_of(result)
    data = page.data
    if not data.size:
        figure = _nothing()
    elif "step" in data.dims:
        figure, axes = _one((9, 3))
        curves(axes, data, result.unit)
    elif data.ndim == 0 or (data.ndim == 1 and (page.names is not None or is_named(data))):
        figure = _bars(result, page)
    elif data.ndim == 1:
        figure, axes = _one((9 if data.size > 16 else 5, 3))
        line_or_bars(axes, data, result.unit)
    elif data.ndim == 2 and data.dims[0] == "batch":
        figure, axes = _one((9, 3))
        lines(axes, data, result.unit)
    elif data.ndim == 2:
        figure = _heat(result, page)
    else:
        figure = _panels(result, data)
    text = caption(result, page.left_out, figure.get_figwidth())
    figure.suptitle(text, fontsize=10, x=0.01, ha="left", **PLAIN)
    return figure


def _one(inches: tuple[float, float]) -> tuple[ResultFigure, Axes]:
    figure = ResultFigure(figsize=inches, layout="constrained")
    return figure, figure.add_subplot()


def _nothing() -> ResultFigure:
    figure, axes = _one((5, 3))
    axes.set_axis_off()
    axes.text(0.5, 0.5, "no numbers", ha="center", va="center")
    return figure


def _bars(result: Result, page: Page) -> ResultFigure:
    """Named numbers; a single one stands beside all others that the Result has in its unit."""
    values = np.atleast_1d(page.data.values)
    if page.names is not None:
        labels = tokens(np.atleast_1d(page.names.values))
    elif page.data.ndim:
        labels = labels_of(page.data, str(page.data.dims[0]))
    else:
        single = _scalars(result)
        values, labels = np.array(list(single.values())), [name.replace("_", " ") for name in single]
    wide = max(map(len, labels)) > LONGEST / 2
    figure, axes = _one((7 if wide else 5, max(3.0, 1 + 0.22 * len(labels))))
    bars(axes, values, labels, result.unit)
    return figure


def _scalars(result: Result) -> dict[str, float]:
    """The primary variable, and where it has no axes all others of its unit that have none."""
    primary = result.dataset[result.primary]
    found = {result.primary: float(primary.values.reshape(()))}
    for name, data in result.dataset.items():
        alike = data.dtype.kind == "f" and data.attrs.get("units") == result.unit
        if alike and data.ndim == primary.ndim == 0:
            found.setdefault(str(name), float(data.values))
    return found


def _heat(result: Result, page: Page) -> ResultFigure:
    rows, columns = page.data.shape
    inches = 0.6 if page.names is not None else 0.35
    figure, axes = _one((min(14.0, max(5.0, 1.8 + inches * columns)), min(12.0, max(3.0, 1.2 + 0.25 * rows))))
    colours = colours_of(page.data)
    heat(axes, page.data, colours, labelled=True)
    label_cells(axes, page.data, page.names, colours)
    _colour_bar(figure, colours, result.unit)
    return figure


def _panels(result: Result, data: xr.DataArray) -> ResultFigure:
    """A heat map of the last two axes for every element of the others, all in one scale of colours."""
    above, (down, across) = list(map(str, data.dims[:-2])), data.shape[-2:]
    columns = data.shape[1] if len(above) == 2 else min(data.shape[0], _IN_A_ROW)
    count = int(np.prod(data.shape[:-2]))
    rows = ceil(count / columns)
    labelled = count <= _LABELLED_PANELS and max(down, across) <= _LABELLED_CELLS
    side = 2.4 if labelled else 1.3
    figure = ResultFigure(
        figsize=(max(5.0, 1 + side * columns), 0.8 + (side + 0.1) * rows), layout="constrained"
    )
    grid = figure.subplots(rows, columns, squeeze=False).flat
    colours = colours_of(data)
    for axes, place in zip(grid, np.ndindex(data.shape[:-2]), strict=False):
        heat(axes, data[place], colours, labelled=labelled)
        at = {dim: labels_of(data, dim)[i] for dim, i in zip(above, place, strict=True)}
        title = (
            f"L{at['layer']}.H{at['head']}"
            if above == ["layer", "head"]
            else ", ".join(map(" ".join, at.items()))
        )
        axes.set_title(title, fontsize=8, **PLAIN)
    for axes in figure.axes[count:]:
        axes.remove()
    if not of_attention(data):
        _colour_bar(figure, colours, result.unit)
    return figure


def _colour_bar(figure: ResultFigure, colours: ScalarMappable, unit: str) -> None:
    figure.colorbar(colours, ax=figure.axes).set_label(unit, **PLAIN)
