"""A labelled Dataset on the wire: its axes and labels once, and each variable as bytes. `labelled.ts` reads it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import xarray as xr

from .labels import Axis, axis_of
from .scale import ColourScale
from .wire import pack, pack_whole, quantise

Code = Literal["uint8", "uint16"]


def pack_dataset(
    dataset: xr.Dataset, *, texts_by: Collection[str] | None = None, **more: Any
) -> dict[str, Any]:
    """Axes, variables and what was derived from them, as one dictionary with binary buffers.

    Args:
        dataset: A variable says its unit in its attribute `units`. An axis's texts are its tokens, from the
            coordinate `<axis>_token`, or its labels.
        texts_by: The axes along which an axis's tokens may differ; all of them where None.
        more: As for `pack_arrays`.
    """
    axes: dict[str, Axis] = {}  # in the order of the first variable that has them
    variables: dict[str, tuple[list[str], Any]] = {}
    units: dict[str, str] = {}
    for name, data in dataset.data_vars.items():
        names = [*map(str, data.dims)]
        axes |= {axis: axis_of(dataset, axis, texts_by) for axis in names if axis not in axes}
        variables[str(name)] = (names, data.values)
        units[str(name)] = str(data.attrs.get("units", ""))
    return pack_arrays(axes.values(), variables, units=units, **more)


def pack_arrays(
    axes: Iterable[Axis],
    variables: Mapping[str, tuple[str | Sequence[str], Any]],
    *,
    units: Mapping[str, str] | None = None,
    scales: Mapping[str, ColourScale] | None = None,
    codes: Mapping[str, Code] | None = None,
    **derived: Any,
) -> dict[str, Any]:
    """The same of arrays that have no Dataset around them, which takes longer to make than to send.

    Numbers travel as float32, or as codes on their scale where `codes` says so; codes that `quantise` has made, as they
    are; whole numbers and texts as whole numbers of two bytes where these are enough, texts as places in a list. NaN
    stays NaN.

    Args:
        axes: All axes of the variables.
        variables: What is sent: the names of the axes, also as in "batch layer pos", and the numbers or texts.
        units: Of the variables that have one.
        scales: What the colours of a variable mean; a variable of unsigned numbers with a scale holds codes on it.
        codes: The type of the codes of a variable that has a scale; a view that needs no more digits is sent less.
        derived: More for the view to read, plain values that JSON knows.
    """
    scales, codes, units = scales or {}, codes or {}, units or {}
    return {
        "axes": [axis.packed() for axis in axes],
        "variables": {
            name: {
                "axes": names.split() if isinstance(names, str) else [*names],
                "unit": units.get(name, ""),
                **_packed(np.asarray(values), scales.get(name), codes.get(name)),
            }
            for name, (names, values) in variables.items()
        },
        "derived": derived,
    }


def _packed(values: np.ndarray, scale: ColourScale | None, code: Code | None) -> dict[str, Any]:
    if values.dtype.kind == "u" and scale is not None:
        return {"values": pack(values, low=scale.low, high=scale.high), "map": scale.map}
    if values.dtype.kind in "iub":
        whole = values.min(initial=0) >= -1  # -1 is where there is none
        return {"values": pack_whole(values) if whole else pack(values.astype(np.float32))}
    if values.dtype.kind != "f":
        every = [*map(str, values.ravel().tolist())]
        place = {text: i for i, text in enumerate(dict.fromkeys(every))}
        places = np.fromiter(map(place.__getitem__, every), int, values.size)
        return {"values": pack_whole(places.reshape(values.shape)), "texts": list(place)}
    if scale is None:
        return {"values": pack(values.astype(np.float32, copy=False))}
    ends = {"low": scale.low, "high": scale.high}
    numbers = values.astype(np.float32, copy=False) if code is None else quantise(values, **ends, dtype=code)
    return {"values": pack(numbers, **ends), "map": scale.map}
