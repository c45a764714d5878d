"""Tensors on the wire: a small header and raw bytes. A tensor never travels as JSON text."""

from typing import Any, Literal

import numpy as np

# What is sent at once as float32 (16 MB), so that nothing has to be asked for; above it a view says so.
MOST_NUMBERS = 4_000_000

# The highest code of a quantised type means NaN, so the levels are one fewer than the codes.
_NAN = {"uint8": 255, "uint16": 65535}
_LEAST = 1e-30  # from low to high: codes of less do not fit into single precision


def quantise(
    values: np.ndarray, *, low: float, high: float, dtype: Literal["uint8", "uint16"] = "uint8"
) -> np.ndarray:
    """Round values to the nearest of 255 (or 65,535) even levels from low to high.

    Args:
        values: Floats; what lies outside of [low, high] is clipped, NaN gets a code of its own.
        low: The value of code 0.
        high: The value of the highest level.
        dtype: uint8 for pictures, uint16 where the reader also wants three digits.

    Returns:
        Codes: 0 is `low`, 254 (65,534) is `high`, 255 (65,535) is NaN; a half is rounded up. `levelOf` in `wire.ts`
        says the same of uint8.
    """
    nan = _NAN[dtype]
    scale = np.float32((nan - 1) / max(high - low, _LEAST))
    with np.errstate(over="ignore"):  # what overflows is clipped
        scaled = np.multiply(values, scale, dtype=np.float32)
        scaled += np.float32(0.5 - low * scale)
    # NaN fails both comparisons of clip, so it is still NaN here, and fmin turns it into the code for NaN.
    np.clip(scaled, 0.0, np.float32(nan - 0.5), out=scaled)
    np.copyto(scaled, np.float32(nan), where=np.isnan(scaled))
    return scaled.astype(dtype)


def pack(array: np.ndarray, *, low: float = 0.0, high: float = 1.0) -> dict[str, Any]:
    """A header and the bytes of codes (uint8, uint16, made by `quantise`) or of float32 values.

    ipywidgets lifts the bytes out of the dictionary and sends them as a binary frame.
    """
    if array.dtype.name not in ("uint8", "uint16", "float32"):
        raise TypeError(f"the wire carries uint8, uint16 and float32, not {array.dtype}")
    contiguous = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    return {
        "shape": list(array.shape),
        "dtype": array.dtype.name,
        "min": float(low),
        "max": float(high),
        "data": contiguous.tobytes(),
    }


def pack_whole(numbers: np.ndarray) -> dict[str, Any]:
    """A header and the bytes of whole numbers from 0, such as token ids: two bytes each where they fit.

    Args:
        numbers: Below 16 million; -1 where there is none, which the browser reads as NaN.
    """
    none = numbers < 0
    if numbers.max(initial=0) < _NAN["uint16"]:
        codes = np.where(none, _NAN["uint16"], numbers).astype(np.uint16)
        return pack(codes, low=0, high=_NAN["uint16"] - 1)  # a code is its own number
    return pack(np.where(none, np.nan, numbers).astype(np.float32))
