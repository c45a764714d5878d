"""The labels of an axis: as a selection names them, and as they are written."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np

_LETTERS = {"layer": "L", "head": "H"}


@dataclass(frozen=True)
class Axis:
    """One axis of the numbers.

    Attributes:
        name: As the Result calls it.
        labels: As a selection names them.
        texts: As they are written, one a label; one list for each label of the axis `by` if they depend on it.
        by: The name of that axis, as in tokens that are those of a prompt; or None.
        tokens: Whether the texts are tokens of a model, whose whitespace is to be made visible.
    """

    name: str
    labels: list[Any]
    texts: list[Any]
    by: str | None = None
    tokens: bool = False

    def packed(self) -> dict[str, Any]:
        """For the browser."""
        return dict(vars(self))


def axis_of(dataset: Any, name: str, by: Collection[str] | None = None) -> Axis:
    """An axis with its labels, and with the tokens of the coordinate `<name>_token` if there is one.

    Args:
        dataset: A Dataset or a DataArray.
        name: One of its dimensions.
        by: The axes that the tokens may differ along; all of them where None.
    """
    labels = labels_of(dataset, name)
    tokens = dataset.coords.get(f"{name}_token")
    if tokens is not None and tokens.dims == (name,):
        return Axis(name, labels, [str(token) for token in tokens.values], tokens=True)
    if tokens is not None and tokens.dims in [
        (str(other), name) for other in (dataset.dims if by is None else by)
    ]:
        texts = [[str(token) for token in row] for row in tokens.values]
        return Axis(name, labels, texts, by=str(tokens.dims[0]), tokens=True)
    return plain_axis(name, labels)


def plain_axis(name: str, labels: list[Any]) -> Axis:
    """An axis without tokens."""
    letter = _LETTERS.get(name, "")
    return Axis(name, labels, [f"{letter}{label}" for label in labels])


def labels_of(data: Any, axis: str) -> list[Any]:
    """Whole numbers and texts as they are, other labels as texts; positions where labels are missing or repeat.

    Args:
        data: A Dataset or a DataArray.
        axis: One of its dimensions, or one of which `.sel(…)` has chosen a label.
    """
    n = data.sizes.get(axis, 1)
    if axis not in data.coords:
        return list(range(n))
    labels = [_plain(label) for label in np.atleast_1d(data.coords[axis].values).tolist()]
    return labels if len(set(labels)) == n else list(range(n))


def with_labels(data: Any) -> Any:
    """The same data with every axis labelled as a selection names it, so that a part of it keeps its labels."""
    labels = {}
    for axis in map(str, data.dims):
        # An array of objects: numpy would turn whole numbers beside texts into texts.
        labels[axis] = np.empty(data.sizes[axis], object)
        labels[axis][:] = labels_of(data, axis)
    return data.assign_coords(labels)


def _plain(label: Any) -> int | str:
    if isinstance(label, float) and label.is_integer():
        return int(label)
    return label if isinstance(label, int) and not isinstance(label, bool) else str(label)
