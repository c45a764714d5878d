"""The regular figures that features in superposition form, and how they are recognised."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int

TOUCHING = 0.2  # of a cosine: features that are further from a right angle belong to one figure
FURTHEST = 10.0  # degrees that each angle may be from the figure's
_NEAR = 0.05  # dimensions that each feature may have more or less than in the figure


@dataclass(frozen=True)
class Figure:
    """A figure whose corners are all alike.

    Args:
        name: of it.
        corners: directions, a row a feature.
    """

    name: str
    corners: tuple[tuple[float, ...], ...]

    @property
    def dimensionality(self) -> float:
        """What each feature has: dimensions over features."""
        return len(self.corners[0]) / len(self.corners)

    @cached_property
    def angles(self) -> np.ndarray:
        """Degrees between a corner and the others, from small to large."""
        return _angles(np.array(self.corners).T)[0]


def _circle(n: int, *, turned: float = 0.0, height: float | None = None) -> tuple[tuple[float, ...], ...]:
    """Corners of a polygon, at a height between −1 and 1 if there is one."""
    radius, rest = (1.0, ()) if height is None else (float(np.sqrt(1 - height**2)), (height,))
    turns = 2 * np.pi * (np.arange(n) + turned) / n
    return tuple((radius * float(np.cos(t)), radius * float(np.sin(t)), *rest) for t in turns)


_THIRD = 1 / np.sqrt(3)  # the heights at which an antiprism lies evenly in all three dimensions

FIGURES = (
    Figure("own dimension", ((1.0,),)),
    Figure("tetrahedron", ((1.0, 1.0, 1.0), (1.0, -1.0, -1.0), (-1.0, 1.0, -1.0), (-1.0, -1.0, 1.0))),
    Figure("triangle", _circle(3)),
    Figure("antipodal pair", ((1.0,), (-1.0,))),
    Figure("pentagon", _circle(5)),
    Figure("square antiprism", (*_circle(4, height=_THIRD), *_circle(4, turned=0.5, height=-_THIRD))),
)
NOT_REPRESENTED, OTHER = "not represented", "other"


def grouped(
    W: Float[np.ndarray, "hidden feature"], there: Bool[np.ndarray, " feature"]
) -> Int[np.ndarray, " feature"]:
    """Which figure each feature is part of: the number of its first feature, and −1 for those that are not there.

    Two features belong together where their directions are not at right angles, or where a third belongs to both.
    """
    touching = np.abs(_cosines(W)) > TOUCHING
    touching = (touching & there[:, None] & there[None, :]) | np.eye(len(there), dtype=bool)
    group = np.arange(len(there))
    while True:
        least = np.where(touching, group[None, :], len(there)).min(1)
        if np.array_equal(least, group):
            return np.where(there, group, -1)
        group = least


def recognised(
    W: Float[np.ndarray, "hidden feature"],
    group: Int[np.ndarray, " feature"],
    dimensionality: Float[np.ndarray, " feature"],
) -> list[str]:
    """The name of the figure that each feature is a corner of."""
    names = [NOT_REPRESENTED if first < 0 else OTHER for first in group]
    for first in np.unique(group[group >= 0]):
        members = np.flatnonzero(group == first)
        angles = _angles(W[:, members])
        for figure in FIGURES:
            if len(figure.corners) != len(members):
                continue
            alike = np.abs(angles - figure.angles).max(initial=0.0) <= FURTHEST
            if alike and np.abs(dimensionality[members] - figure.dimensionality).max() <= _NEAR:
                for i in members:
                    names[i] = figure.name
    return names


def _cosines(W: Float[np.ndarray, "hidden feature"]) -> np.ndarray:
    lengths = np.linalg.norm(W, axis=0)
    directions = np.divide(W, lengths, out=np.zeros_like(W), where=lengths > 0)
    return np.clip(directions.T @ directions, -1, 1)


def _angles(W: Float[np.ndarray, "hidden feature"]) -> np.ndarray:
    """Degrees between each feature and the others, from small to large: a row a feature."""
    n = W.shape[1]
    others = ~np.eye(n, dtype=bool)
    return np.sort(np.degrees(np.arccos(_cosines(W)))[others].reshape(n, n - 1), axis=1)
