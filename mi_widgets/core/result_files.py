"""Results in files: safetensors for the numbers, JSON in its header for the rest. No pickle."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from .errors import InterventionError, ResultError
from .interventions import Stack
from .record_files import frozen_record, thawed_record
from .results import Provenance, Result

FORMAT_VERSION = 2


def write_result(result: Result, path: str | Path) -> None:
    """Write a Result to one file, which holds all of it.

    Raises:
        ResultError: the file cannot be written.
    """
    numbers: dict[str, np.ndarray] = {}
    variables: dict[str, Any] = {}
    for name, variable in result.dataset.variables.items():
        values = np.asarray(variable.values)
        entry: dict[str, Any] = {
            "dims": list(variable.dims),
            "coord": name in result.dataset.coords,
            "units": variable.attrs.get("units"),
        }
        if values.dtype.kind in "USO":
            entry["texts"] = values.tolist()
        else:
            numbers[str(name)] = np.array(values, order="C")
        variables[str(name)] = entry
    header = {"format": FORMAT_VERSION, **_described(result), "variables": variables}
    try:
        save_file(numbers, str(path), metadata={"mi_widgets": json.dumps(header)})
    except (OSError, SafetensorError) as error:
        raise ResultError(
            f"{path} cannot be written: {error}. Give a path in a folder that exists."
        ) from error


def load_result(path: str | Path) -> Result:
    """The Result that `result.save(path)` wrote.

    Raises:
        ResultError: the file is missing, damaged, not a Result, or of a later format.
    """
    try:
        with safe_open(str(path), framework="numpy") as file:
            header = json.loads((file.metadata() or {}).get("mi_widgets", "null"))
            numbers = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
    except (OSError, SafetensorError) as error:
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
        values = np.array(entry["texts"]) if "texts" in entry else numbers[name]
        (coords if entry["coord"] else variables)[name] = (entry["dims"], values, _attributes(entry))
    made = header["provenance"]
    return Result(
        kind=header["kind"],
        title=header["title"],
        dataset=xr.Dataset(variables, coords=coords),
        primary=header["primary"],
        unit=header["unit"],
        source=header["source"],
        provenance=Provenance(
            made["model"],
            thawed_record(made["record"]),
            made["interventions"],
            tuple(made["warnings"]),
            made["seed"],
        ),
    )


def _attributes(entry: dict[str, Any]) -> dict[str, str]:
    return {} if entry["units"] is None else {"units": entry["units"]}


def _as_code(interventions: Stack) -> str:
    try:
        return interventions.code(inline=True) if interventions else ""
    except InterventionError:  # a function of the user's: its name is all that can be kept
        return repr(interventions)


def _described(result: Result) -> dict[str, Any]:
    """Everything but the numbers, as JSON can hold it."""
    made, active = result.provenance, result.provenance.interventions
    return {
        "kind": result.kind,
        "title": result.title,
        "primary": result.primary,
        "unit": result.unit,
        "source": result.source,
        "provenance": {
            "model": made.model,
            "record": frozen_record(made.record),
            "interventions": _as_code(active) if isinstance(active, Stack) else active,
            "warnings": made.warnings,
            "seed": made.seed,
        },
    }
