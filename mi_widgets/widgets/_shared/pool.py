"""Max-pooling for thumbnails: a bright cell must never be lost by making a picture small."""

import numpy as np


def max_pool(codes: np.ndarray, *, side: int) -> np.ndarray:
    """Shrink the last two axes to at most `side` by taking maxima; smaller axes are left as they are.

    Args:
        codes: Unsigned codes whose highest value means NaN (see `wire.quantise`), shape (..., rows, columns).
        side: The largest number of rows and of columns in the answer.

    Returns:
        Codes of the same type. A cell is NaN only where everything it covers is NaN.
    """
    nan = np.iinfo(codes.dtype).max
    # NaN is the highest code, and would win every maximum: one up, with wrap-around, it is 0 and loses.
    pooled = codes + codes.dtype.type(1) if (codes == nan).any() else None
    working = codes if pooled is None else pooled
    for axis in (-2, -1):
        working = _pool_axis(working, axis, side)
    return working if pooled is None else working - codes.dtype.type(1)


def _pool_axis(codes: np.ndarray, axis: int, side: int) -> np.ndarray:
    length = codes.shape[axis]
    if length <= side:
        return codes
    starts = np.arange(side) * length // side
    return np.maximum.reduceat(codes, starts, axis=axis)
