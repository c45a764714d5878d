"""Datasets in which nothing can be written."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import xarray as xr

from .errors import ResultError

_KEPT = {"f": np.float32, "i": np.int64, "u": np.int64}


def frozen(dataset: xr.Dataset) -> xr.Dataset:
    """A deep copy in which numbers are float32 or int64 and nothing can be written."""
    # Of the labels alone, since an index can stand on an array that others write.
    copy = dataset.coords.to_dataset().copy(deep=True)
    copy.attrs = deepcopy(dataset.attrs)
    for name, variable in dataset.variables.items():
        dtype = variable.dtype
        if dtype.kind not in "fiuUSOb":
            raise ResultError(f"{name} holds {dtype}: a Result holds numbers, truth values and texts.")
        if name in copy.indexes:
            continue  # an index is immutable already
        values = np.array(variable.values, _KEPT.get(dtype.kind))
        values.flags.writeable = False
        copy[name] = (variable.dims, values, deepcopy(variable.attrs))
    return copy
