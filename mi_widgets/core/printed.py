"""A Result as a few lines of text, for a terminal, a log and a screen reader."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from .numbers import scientific, significant

_MOST = 5  # values that are written out
_DIGITS = 3
_LONGEST = 40  # characters of a text


def sizes(data: Any) -> str:
    """The axes and how long they are: "layer 2, head 4"."""
    return ", ".join(f"{axis} {n}" for axis, n in getattr(data, "sizes", {}).items()) or "one number"


def span(labels: np.ndarray) -> str:
    """The first label of an axis and its last."""
    return f"{labels.reshape(-1)[0]} to {labels.reshape(-1)[-1]}" if labels.size else "(empty)"


def largest(dataset: xr.Dataset, primary: str) -> list[str]:
    """The largest values with their labels, a line each; of signed ones the smallest too, and of a single number what
    stands beside it.
    """
    data = dataset[primary]
    if not data.ndim:
        single = {str(name): each for name, each in dataset.data_vars.items() if not each.ndim}
        names = [primary, *(name for name, each in single.items() if name != primary and each.item() != "")]
        return _aligned([(_said(single[name].values), _named(single[name], data)) for name in names])
    if data.dtype.kind not in "fiub":
        return _first_texts(dataset, primary)
    flat = data.values.reshape(-1)
    there = np.flatnonzero(~np.isnan(flat)) if flat.dtype.kind == "f" else np.arange(flat.size)
    if not there.size:
        return ["  no numbers"]
    numbers = flat[there].astype(int) if flat.dtype.kind == "b" else flat[there]
    signed = bool(numbers.min() < 0)
    high = there[_highest(numbers, _MOST - 2 if signed else _MOST)]
    low = there[_highest(-numbers, 2)][::-1] if signed else high[:0]
    low = low[~np.isin(low, high)]
    rows = [(_said(flat[place]), _place(dataset, primary, place)) for place in high]
    if left := there.size - len(high) - len(low):
        rows.append(
            ("…", f"{left:,} between" if signed else f"{left:,} more, down to {_said(numbers.min())}")
        )
    rows += [(_said(flat[place]), _place(dataset, primary, place)) for place in low]
    if flat.size > there.size:
        rows.append(("", f"{flat.size - there.size:,} without a number"))
    return _aligned(rows)


def _named(number: xr.DataArray, primary: xr.DataArray) -> str:
    """What a single number is called, with its unit where that is another than the primary one's."""
    name, unit = str(number.name).replace("_", " "), number.attrs.get("units", "")
    return name if not unit or unit == primary.attrs.get("units") else f"{name} ({unit})"


def _highest(numbers: np.ndarray, most: int) -> np.ndarray:
    """Where the highest numbers stand, in order, the first of equal ones first; without sorting them all."""
    most = min(most, len(numbers))
    least = np.partition(numbers, len(numbers) - most)[len(numbers) - most]
    above = np.flatnonzero(numbers > least)
    places = np.concatenate([above, np.flatnonzero(numbers == least)[: most - len(above)]])
    return places[np.lexsort((places, -numbers[places]))]


def _first_texts(dataset: xr.Dataset, primary: str) -> list[str]:
    flat = dataset[primary].values.reshape(-1)
    rows = [(_said(text), _place(dataset, primary, place)) for place, text in enumerate(flat[:_MOST])]
    if flat.size > _MOST:
        rows.append(("…", f"{flat.size - _MOST:,} more"))
    return _aligned(rows)


def _aligned(rows: list[tuple[str, str]]) -> list[str]:
    width = max((len(value) for value, _ in rows), default=0)
    return [f"  {value:>{width}}  {label}".rstrip() for value, label in rows]


def _said(value: Any) -> str:
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, (str, bytes)):
        text = repr(value)
        return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int):
        return f"{value:,}".replace("-", "−")
    if np.isnan(value):
        return "none"
    usual = not np.isfinite(value) or value == 0 or 1e-4 <= abs(value) < 1e7
    return significant(value, _DIGITS) if usual else scientific(value, _DIGITS - 1)


def _place(dataset: xr.Dataset, primary: str, flat: int) -> str:
    """Where a value stands: "layer 1, head 3, pos 9 ' Austin'". An axis of one place goes without saying."""
    data = dataset[primary]
    places = dict(zip(map(str, data.dims), np.unravel_index(flat, data.shape), strict=True))
    said = []
    for axis, i in places.items():
        if data.sizes[axis] == 1 and data.ndim > 1:
            continue
        label = data.coords[axis].values[i] if axis in data.coords else i
        token = _token(data, axis, places)
        said.append(f"{axis} {label}{token}")
    for name in _beside(dataset, primary):
        value = dataset[name].values.reshape(-1)[flat]
        said += [f"{name} {_said(value)}"] if value != "" else []
    return ", ".join(said)


def _beside(dataset: xr.Dataset, primary: str) -> list[str]:
    """What says of every value which token or latent it is about."""
    data = dataset[primary]
    return [
        str(name)
        for name, each in dataset.data_vars.items()
        if name != primary and each.dims == data.dims and each.dtype.kind in "Ui"
    ]


def _token(data: xr.DataArray, axis: str, places: dict[str, Any]) -> str:
    """The token at a place, where the axis has its tokens beside it."""
    tokens = data.coords.get(f"{axis}_token")
    if tokens is None or not set(tokens.dims) <= set(places):
        return ""
    return f" {_said(str(tokens.values[tuple(places[str(d)] for d in tokens.dims)]))}"
