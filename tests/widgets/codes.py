"""What the browser makes of codes, for the tests."""

import numpy as np


def dequantise(codes: np.ndarray, *, low: float, high: float) -> np.ndarray:
    """The values that codes stand for, NaN included: the inverse of `wire.quantise` up to half a level."""
    nan = np.iinfo(codes.dtype).max
    values = codes.astype(np.float32) * np.float32((high - low) / (nan - 1)) + np.float32(low)
    values[codes == nan] = np.nan
    return values
