"""Any Result as a matplotlib figure, for print and for kinds that have no view yet.

Figures are made without pyplot: nothing is shown twice in a notebook, and no backend is chosen for the user.
"""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from textwrap import shorten

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mi_widgets.core.errors import ResultError
from mi_widgets.core.results import Result

_MAX_LABELS = 48  # more of them cannot be read
_MAX_HEADS = 256
_MAX_LEGEND, _MAX_LINES = 12, 512


class ResultFigure(Figure):
    """A matplotlib Figure that shows itself in a notebook, whichever backend is on."""

    def _repr_png_(self) -> bytes:
        buffer = BytesIO()
        self.savefig(buffer, format="png", dpi=110)
        return buffer.getvalue()


def plot(result: Result) -> ResultFigure:
    """The primary variable: bars, lines (over training steps too), a heat map, or a grid of attention heads.

    Raises:
        ResultError: the Result has more axes than a page.
    """
    data = result.dataset[result.primary]
    heads = {"layer", "head", "query", "key"} <= set(data.dims)
    if heads and "step" in data.dims:
        raise ResultError(f"{result.title} has patterns of several steps: choose one with .sel(step=…).")
    if "step" not in data.dims and "token" in result.dataset and result.dataset["token"].dims == data.dims:
        first = result.dataset.isel(batch=0) if "batch" in data.dims else result.dataset
        values, labels = np.atleast_1d(first[result.primary].values), _texts(first["token"])
        return _framed(result, lambda ax: _bars(ax, values, labels, result.unit))
    squeezed = data.squeeze(drop=False)
    if heads:
        return _heads(result, data if "batch" not in data.dims else data.isel(batch=0))
    if "step" in squeezed.dims:
        return _framed(result, lambda ax: _curves(ax, result, squeezed), wide=True)
    if squeezed.ndim <= 1:
        return _framed(result, lambda ax: _one_axis(ax, result, squeezed), wide=squeezed.size > 16)
    if squeezed.ndim == 2:
        if squeezed.dims[0] == "batch":
            return _framed(result, lambda ax: _rows(ax, result, squeezed), wide=True)
        return _framed(result, lambda ax: _heat(ax, result, squeezed))
    raise ResultError(
        f"{result.title} has the axes {', '.join(map(str, data.dims))}: choose with .sel(…) until two are left."
    )


def _framed(result: Result, draw: Callable[[Axes], None], *, wide: bool = False) -> ResultFigure:
    figure = ResultFigure(figsize=(9 if wide else 5, 3), layout="constrained")
    axes = figure.add_subplot()
    draw(axes)
    axes.set_title(_caption(result), fontsize=10, loc="left")
    return figure


def _caption(result: Result) -> str:
    stack, drawn = result.provenance.interventions, result.dataset[result.primary]
    parts = [result.title, result.model_name, result.unit]
    if drawn.sizes.get("batch", 1) > 1 and drawn.dims != ("batch", "pos"):
        parts.append(f"prompt 0 of {drawn.sizes['batch']}")
    # In a loaded Result the stack is its code, numbers and all.
    changed = f" under {shorten(str(stack), 100, placeholder='…')}" if stack else ""
    # A dollar sign in a token would start matplotlib's formulas.
    return (" · ".join(parts) + changed).replace("$", r"\$")


def _texts(labels: xr.DataArray) -> list[str]:
    return [repr(str(text))[1:-1].replace(" ", "·").replace("$", r"\$") for text in labels.values.reshape(-1)]


def _labels(result: Result, data: xr.DataArray, dim: str) -> list[str]:
    """The text labels of an axis where the Result has them, else its numbers."""
    named = f"{dim}_token"
    if named in data.coords and data[named].ndim == 1:
        return _texts(data[named])
    return (
        [str(v) for v in data[dim].values] if dim in data.coords else [str(i) for i in range(data.sizes[dim])]
    )


def _bars(axes: Axes, values: np.ndarray, labels: list[str], unit: str) -> None:
    rows = np.arange(len(values))
    axes.barh(rows, values, color="#2f7fc1")
    axes.set_yticks(rows, labels, family="monospace")
    axes.invert_yaxis()
    axes.set_xlabel(unit)


def _one_axis(axes: Axes, result: Result, data: xr.DataArray) -> None:
    values = np.atleast_1d(data.values)
    if data.ndim == 0:
        _bars(axes, values, [result.title], result.unit)
        return
    dim = str(data.dims[0])
    labels = _labels(result, data, dim)
    if len(values) <= _MAX_LABELS:
        axes.bar(range(len(values)), values, color="#2f7fc1")
        turned = max(map(len, labels)) > 2
        axes.set_xticks(
            range(len(values)), labels, rotation=90 if turned else 0, fontsize=8, family="monospace"
        )
    else:
        axes.plot(values, color="#2f7fc1")
        axes.set_xlabel(dim)
    axes.set_ylabel(result.unit)


def _rows(axes: Axes, result: Result, data: xr.DataArray) -> None:
    for row in data.values:
        axes.plot(row, linewidth=1)
    axes.set_xlabel(str(data.dims[1]))
    axes.set_ylabel(result.unit)


def _curves(axes: Axes, result: Result, data: xr.DataArray) -> None:
    """One line for every element of the other axes, over the steps of training."""
    lines = data.transpose("step", ...)
    if lines[0].size > _MAX_LINES:
        raise ResultError(f"{lines[0].size} curves are too many for a page: choose with .sel(…).")
    others = [str(dim) for dim in lines.dims[1:]]
    for place in np.ndindex(lines.shape[1:]):
        name = " ".join(f"{dim} {lines[dim].values[i]}" for dim, i in zip(others, place, strict=True))
        axes.plot(
            data["step"].values, lines.values[(slice(None), *place)], marker=".", linewidth=1, label=name
        )
    if 0 < np.prod(lines.shape[1:]) <= _MAX_LEGEND and others:
        axes.legend(fontsize=7, ncols=2)
    axes.set_xlabel("step")
    axes.set_ylabel(result.unit)


def _heat(axes: Axes, result: Result, data: xr.DataArray) -> None:
    signed = bool((data.values < 0).any())
    reach = float(np.nanmax(np.abs(data.values))) if data.size else 1.0
    image = axes.imshow(
        data.values,
        cmap="RdBu_r" if signed else "viridis",
        vmin=-reach if signed else 0.0,
        vmax=reach or 1.0,
        aspect="auto",
        interpolation="nearest",
    )
    axes.figure.colorbar(image, ax=axes, label=result.unit)
    for dim, ticks, name in ((1, axes.set_xticks, axes.set_xlabel), (0, axes.set_yticks, axes.set_ylabel)):
        labels = _labels(result, data, str(data.dims[dim]))
        if len(labels) <= _MAX_LABELS:
            ticks(range(len(labels)), labels, fontsize=8)
        name(str(data.dims[dim]))
    if data.size <= 64:
        for (i, j), value in np.ndenumerate(data.values):
            dark = (value if not signed else abs(value)) > 0.5 * reach
            light_text = dark if signed else not dark
            axes.text(
                j, i, f"{value:.2f}", ha="center", va="center", fontsize=8, color="w" if light_text else "k"
            )


def _heads(result: Result, data: xr.DataArray) -> ResultFigure:
    layers, heads = data.sizes["layer"], data.sizes["head"]
    if layers * heads > _MAX_HEADS:
        raise ResultError(
            f"{layers * heads} heads are too many for a page: choose layers with .sel(layer=[…])."
        )
    figure = ResultFigure(figsize=(1 + 1.3 * heads, 0.8 + 1.4 * layers), layout="constrained")
    grid = figure.subplots(layers, heads, squeeze=False)
    for (i, j), axes in np.ndenumerate(grid):
        axes.imshow(data.values[i, j], cmap="Blues", vmin=0, vmax=1, interpolation="nearest")
        axes.set_xticks([])
        axes.set_yticks([])
        axes.set_title(f"L{int(data['layer'][i])}.H{int(data['head'][j])}", fontsize=8)
    figure.suptitle(_caption(result), fontsize=10, x=0.01, ha="left")
    return figure
