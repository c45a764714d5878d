"""Labelled numbers in files: safetensors for the numbers, JSON in its header for the rest. No pickle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from .errors import ResultError

FORMAT_VERSION = 2


def write_dataset(dataset: xr.Dataset, about: Mapping[str, Any], path: str | Path) -> None:
    """Write a Dataset, and what there is to say about it, to one file.

    Args:
        dataset: numbers, truth values and texts.
        about: whatever JSON can hold.
        path: the file.

    Raises:
        ResultError: the file cannot be written.
    """
    numbers: dict[str, np.ndarray] = {}
    variables: dict[str, Any] = {}
    for name, variable in dataset.variables.items():
        values = np.asarray(variable.values)
        entry: dict[str, Any] = {
            "dims": list(variable.dims),
            "coord": name in dataset.coords,
            "attributes": {str(key): str(value) for key, value in variable.attrs.items()},
        }
        if values.dtype.kind in "USO":
            entry |= {"texts": values.ravel().tolist(), "shape": values.shape}
        else:
            numbers[str(name)] = np.array(values, order="C")
        variables[str(name)] = entry
    header = {"format": FORMAT_VERSION, **about, "variables": variables}
    try:
        save_file(numbers, str(path), metadata={"mi_widgets": json.dumps(header)})
    except (OSError, SafetensorError) as error:
        raise ResultError(
            f"{path} cannot be written: {error}. Give a path in a folder that exists."
        ) from error


def read_dataset(path: str | Path) -> tuple[xr.Dataset, dict[str, Any]]:
    """What `write_dataset` wrote: the Dataset, and what was said about it.

    Raises:
        ResultError: the file is missing, damaged, not a Result, or of a later format.
    """
    try:
        with safe_open(str(path), framework="numpy") as file:
            header = json.loads((file.metadata() or {}).get("mi_widgets", "null"))
            numbers = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
    except (OSError, SafetensorError, json.JSONDecodeError) as error:
        raise ResultError(
            f"{path} cannot be read: {error}. Give the path that result.save(path) wrote."
        ) from error
    if header is None:
        raise ResultError(f"{path} is a safetensors file, but not a Result: give one that result.save wrote.")
    if header["format"] < FORMAT_VERSION:
        raise ResultError(
            f"{path} was written before the first release of mi_widgets: make the Result again."
        )
    if header["format"] > FORMAT_VERSION:
        raise ResultError(
            f"{path} has format {header['format']}; this mi_widgets reads up to {FORMAT_VERSION}: update it."
        )
    coords, variables = {}, {}
    for name, entry in header["variables"].items():
        values = _texts(entry) if "texts" in entry else numbers[name]
        (coords if entry["coord"] else variables)[name] = (entry["dims"], values, entry["attributes"])
    return xr.Dataset(variables, coords=coords), header


def _texts(entry: Mapping[str, Any]) -> np.ndarray:
    return np.array(entry["texts"], dtype=np.str_).reshape(entry["shape"])
