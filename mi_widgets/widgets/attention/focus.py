"""Where to look first: the head and the row that say something at first sight."""

import numpy as np

_ROWS = 64  # enough rows to rank heads by; all of them would make 144 heads of 512 tokens slow


def elsewhere(values: np.ndarray, *, rows: np.ndarray) -> np.ndarray:
    """The largest attention a row pays to a key other than the first, itself and the one before it.

    Heads that only rest on the first token, look at themselves, at the previous token or everywhere at once are
    low; heads that find something in the text are high.

    Args:
        values: Probabilities, shape (..., query, key); NaN where padded.
        rows: The queries to read.

    Returns:
        Shape (..., len(rows)); 0 where a row is padded or has nothing else to look at.
    """
    away = rows[:, None] - np.arange(values.shape[-1])  # 0: itself, 1: the one before
    near = (away == 0) | (away == 1) | (away == rows[:, None] - _first(values))
    return np.where(near, 0, np.nan_to_num(values[..., rows, :], nan=0.0)).max(axis=-1)


def _first(values: np.ndarray) -> int:
    """The column of the first token: padding, which is NaN, may stand before it."""
    head = values[(0,) * (values.ndim - 2)]
    return int((~np.isnan(head).all(axis=-1)).argmax())


def elsewhere_on_average(values: np.ndarray) -> np.ndarray:
    """How far each head looks elsewhere; values: (..., query, key)."""
    n_rows = values.shape[-2]
    rows = np.unique(np.linspace(0, n_rows - 1, min(_ROWS, n_rows)).astype(int))
    return elsewhere(values, rows=rows).mean(axis=-1, dtype=np.float64)


def interesting_query(values: np.ndarray) -> int | None:
    """The row of one head, (query, key), that looks elsewhere most; of equals the later, None without any row."""
    score = elsewhere(values, rows=np.arange(values.shape[0]))
    real = np.flatnonzero(~np.isnan(values).all(axis=-1))
    if not len(real):
        return None
    best = real[score[real] >= score[real].max() - 0.005]
    return int(best[-1])
