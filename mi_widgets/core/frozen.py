"""Datasets in which nothing can be written."""

from __future__ import annotations

import numpy as np
import xarray as xr

from .errors import ResultError


def frozen(dataset: xr.Dataset) -> xr.Dataset:
    """A deep copy in which numbers are float32 or int64 and nothing can be written."""
    copy = dataset.copy(deep=True)
    for name in copy.variables:
        values = np.asarray(copy[name].values)
        if values.dtype.kind == "f":
            values = values.astype(np.float32)
        elif values.dtype.kind in "iu":
            values = values.astype(np.int64)
        elif values.dtype.kind not in "USOb":
            raise ResultError(f"{name} holds {values.dtype}: a Result holds numbers, truth values and texts.")
        values = values.copy()
        values.flags.writeable = False
        if name in copy.indexes:
            continue  # an index is immutable already
        copy[name] = (copy[name].dims, values, copy[name].attrs)
    return copy
