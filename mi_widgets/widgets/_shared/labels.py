"""The labels of an axis, as a selection names them."""

from typing import Any

import numpy as np


def labels_of(data: Any, axis: str) -> list[Any]:
    """Whole numbers and texts as they are, other labels as texts; positions where labels are missing or repeat.

    Args:
        data: A DataArray.
        axis: One of its dimensions.
    """
    n = data.sizes[axis]
    if axis not in data.coords:
        return list(range(n))
    labels = [_plain(label) for label in np.asarray(data.coords[axis].values).tolist()]
    return labels if len(set(labels)) == n else list(range(n))


def _plain(label: Any) -> int | str:
    if isinstance(label, float) and label.is_integer():
        return int(label)
    return label if isinstance(label, int) and not isinstance(label, bool) else str(label)
