"""What of a Result goes on a page, and what is said of the rest."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr

from mi_widgets.core.errors import ResultError
from mi_widgets.core.results import Result

MOST_LINES, MOST_BARS = 512, 40
_MOST_PANELS, _MOST_COLUMNS, _MOST_IN_A_ROW = 256, 64, 64
_MOST_AXES = 4  # two of the grid, two of each heat map in it
_NAMES = ("token", "latent")  # what each number is of, where a Result has such a variable


@dataclass(frozen=True)
class Page:
    """What is drawn.

    Attributes:
        data: numbers of at most four axes, none of length 1.
        names: of every number what it is of, where the Result says it.
        left_out: a phrase for everything that is not on the page.
    """

    data: xr.DataArray
    names: xr.DataArray | None = None
    left_out: tuple[str, ...] = ()

    def only(self, said: str, **places: Any) -> Page:
        """A part of it by places along axes, with what is said of that."""
        names = None if self.names is None else self.names.isel(places)
        return replace(self, data=self.data.isel(places), names=names, left_out=(*self.left_out, said))


def page_of(result: Result) -> Page:
    """The primary variable, made small enough for a page.

    Raises:
        ResultError: the primary variable holds texts.
    """
    data = result.dataset[result.primary]
    if data.dtype.kind not in "iufb":
        numbers = [repr(str(name)) for name, v in result.dataset.items() if v.dtype.kind in "iufb"]
        raise ResultError(
            f"{result.title} holds texts, which have no figure: choose numbers with [{' or '.join(numbers)}]."
        )
    if not data.size:
        return Page(data)
    if data.dtype.kind == "f":
        data = data.astype(float)  # what is reckoned with single precision may overflow
    found = [result.dataset[name] for name in _NAMES if name in result.dataset.data_vars]
    page = Page(data, next((names for names in found if names.dims == data.dims), None))
    page = _without_length_one(_one_prompt(page))
    page = _without_length_one(_one_step(page))
    return _fitting(_four_axes(page))


def is_named(data: xr.DataArray) -> bool:
    """Whether its only axis lists things by name, in an order that means nothing."""
    return data.ndim == 1 and data[data.dims[0]].dtype.kind not in "iufb"


def _one_prompt(page: Page) -> Page:
    """The first prompt of a batch, unless the prompts are lines along one other axis."""
    data = page.data
    others = [d for d in data.dims if d != "batch" and data.sizes[d] > 1]
    lines = not others or (len(others) == 1 and page.names is None and not is_named(data[others[0]]))
    if data.sizes.get("batch", 1) == 1 or lines:
        return page
    return page.only(f"prompt 0 of {data.sizes['batch']}", batch=0)


def _one_step(page: Page) -> Page:
    """The last step of a training, where there are too many numbers for a curve each."""
    data = page.data
    if "step" not in data.dims:
        return page
    if not of_attention(data) and data.size // max(1, data.sizes["step"]) <= MOST_LINES:
        return replace(page, names=None)
    return page.only(f"step {data['step'].values[-1]}, the last of {data.sizes['step']}", step=-1)


def _without_length_one(page: Page) -> Page:
    names = None if page.names is None else page.names.squeeze()
    return replace(page, data=page.data.squeeze(), names=names)


def _four_axes(page: Page) -> Page:
    if "step" in page.data.dims:
        return page
    while page.data.ndim > _MOST_AXES:
        dim = str(page.data.dims[0])
        label = page.data[dim].values[0]
        page = page.only(f"{dim} {label} of {page.data.sizes[dim]}", **{dim: 0})
    return page


def _fitting(page: Page) -> Page:
    """As many bars, lines or panels as a page holds: the largest of named things, of others the first."""
    data = page.data
    if "step" in data.dims:
        return page
    if is_named(data) and data.size > MOST_BARS:
        order = np.argsort(-np.abs(np.nan_to_num(data.values)), kind="stable")[:MOST_BARS]
        dim = str(data.dims[0])
        return page.only(f"the {MOST_BARS} largest of {data.size} {dim}s", **{dim: order})
    for dim, most in _limits(data).items():
        if data.sizes[dim] > most:
            said = f"the first {most} of {data.sizes[dim]} by {dim}"
            page = page.only(said, **{dim: slice(most)})
    return page


def _limits(data: xr.DataArray) -> dict[str, int]:
    dims = [str(dim) for dim in data.dims]
    if data.ndim == 2 and dims[0] == "batch":
        return {"batch": MOST_LINES}
    if data.ndim == 3:
        return {dims[0]: _MOST_IN_A_ROW}
    if data.ndim == 4:
        columns = max(1, min(data.sizes[dims[1]], _MOST_COLUMNS))
        return {dims[1]: columns, dims[0]: _MOST_PANELS // columns}
    return {}


def of_attention(data: xr.DataArray) -> bool:
    """Whether these are patterns, which are always from 0 to 1."""
    return {"query", "key"} <= set(data.dims)
