"""A labelled Dataset on the wire: its axes and labels once, and each variable as bytes. `labelled.ts` reads it."""

from collections.abc import Collection, Mapping
from typing import Any, Literal

import numpy as np
import xarray as xr

from .labels import axis_of
from .scale import Scale
from .wire import pack, pack_whole, quantise


def pack_dataset(
    dataset: xr.Dataset,
    *,
    scales: Mapping[str, Scale] | None = None,
    codes: Mapping[str, Literal["uint8", "uint16"]] | None = None,
    texts_by: Collection[str] | None = None,
    **derived: Any,
) -> dict[str, Any]:
    """Axes, variables and what was derived from them, as one dictionary with binary buffers.

    Numbers travel as float32, or as codes on their scale where `codes` says so; codes that `quantise` has made, as they
    are; whole numbers and texts as whole numbers of two bytes where these are enough, texts as places in a list. NaN
    stays NaN.

    Args:
        dataset: A variable says its unit in its attribute `units`. An axis's texts are its tokens, from the
            coordinate `<axis>_token`, or its labels.
        scales: What the colours of a variable mean; a variable of unsigned numbers with a scale holds codes on it.
        codes: The type of the codes of a variable that has a scale; a view that needs no more digits is sent less.
        texts_by: The axes along which an axis's tokens may differ; all of them where None.
        derived: More for the view to read, plain values that JSON knows.
    """
    scales, codes = scales or {}, codes or {}
    # In the order of the first variable that has them; a Dataset keeps that of its coordinates.
    axes = dict.fromkeys(str(axis) for data in dataset.data_vars.values() for axis in data.dims)
    return {
        "axes": [axis_of(dataset, name, texts_by).packed() for name in axes],
        "variables": {
            str(name): {
                "axes": list(map(str, data.dims)),
                "unit": str(data.attrs.get("units", "")),
                **_packed(data.values, scales.get(str(name)), codes.get(str(name))),
            }
            for name, data in dataset.data_vars.items()
        },
        "derived": derived,
    }


def _packed(
    values: np.ndarray, scale: Scale | None, code: Literal["uint8", "uint16"] | None
) -> dict[str, Any]:
    if values.dtype.kind == "u" and scale is not None:
        return {"values": pack(values, low=scale.low, high=scale.high), "map": scale.map}
    if values.dtype.kind in "iub":
        whole = values.min(initial=0) >= -1  # -1 is where there is none
        return {"values": pack_whole(values) if whole else pack(values.astype(np.float32))}
    if values.dtype.kind != "f":
        texts: dict[str, int] = {}
        places = [texts.setdefault(str(text), len(texts)) for text in values.ravel().tolist()]
        return {"values": pack_whole(np.array(places, int).reshape(values.shape)), "texts": list(texts)}
    if scale is None:
        return {"values": pack(values.astype(np.float32, copy=False))}
    ends = {"low": scale.low, "high": scale.high}
    numbers = values.astype(np.float32, copy=False) if code is None else quantise(values, **ends, dtype=code)
    return {"values": pack(numbers, **ends), "map": scale.map}
