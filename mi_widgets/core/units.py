"""The units of a Dataset's variables, which each says in its attribute `units`."""

import xarray as xr

from .errors import ResultError


def check_units(kind: str, dataset: xr.Dataset, primary: str) -> None:
    """Raise `ResultError` unless every variable of floats says its unit; the Result says the primary one's."""
    for name, data in dataset.data_vars.items():
        if name != primary and data.dtype.kind == "f" and "units" not in data.attrs:
            raise ResultError(
                f"Result {kind!r}: the unit of the variable {name!r} is missing. Write it as the attribute `units`, as "
                f'in xr.Dataset({{"{name}": ({data.dims!r}, numbers, {{"units": "nats"}})}}); "" where it has none.'
            )
