"""How well single numbers tell one thing from all others: F1 at the best threshold, and the area under the ROC."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

_AT_A_TIME = 64


def blocks(columns: int) -> Iterator[slice]:
    """Some columns at a time: their order takes many times the room of the values."""
    yield from (slice(first, first + _AT_A_TIME) for first in range(0, columns, _AT_A_TIME))


@dataclass(frozen=True)
class Columns:
    """Numbers of some examples, sorted once for many questions.

    Attributes:
        values: (example, column).
        order: of each column, from the greatest.
        ends: whether the next in this order is smaller, so that a threshold can lie between the two.
        ranks: of each example in its column, from 1; equal ones share the mean of theirs.
    """

    values: Float[np.ndarray, "n column"]
    order: np.ndarray
    ends: np.ndarray
    ranks: Float[np.ndarray, "n column"]

    @classmethod
    def of(cls, values: Float[np.ndarray, "n column"]) -> Columns:
        """Sort."""
        order = np.argsort(-values, axis=0, kind="stable")
        ordered = np.take_along_axis(values, order, 0)
        ends = np.ones(values.shape, bool)
        ends[:-1] = ordered[:-1] > ordered[1:]
        ranks = np.empty(values.shape)
        for j, column in enumerate(np.sort(values, axis=0).T):
            low, high = (np.searchsorted(column, values[:, j], side) for side in ("left", "right"))
            ranks[:, j] = (low + high + 1) / 2
        return cls(values, order, ends, ranks)

    def best_f1(
        self, is_it: Bool[np.ndarray, " n"]
    ) -> tuple[Float[np.ndarray, " column"], Float[np.ndarray, " column"]]:
        """The greatest F1 of each column, and the threshold for it: what is not below counts as found.

        Args:
            is_it: which examples are to be found.
        """
        found = np.cumsum(is_it[self.order], axis=0)
        taken = np.arange(1, len(is_it) + 1)[:, None]
        f1 = np.where(self.ends, 2 * found / (taken + is_it.sum()), 0.0)
        best = f1.argmax(0)
        columns = np.arange(f1.shape[1])
        return f1[best, columns], self.values[self.order[best, columns], columns]

    def auc(self, is_it: Bool[np.ndarray, " n"]) -> Float[np.ndarray, " column"]:
        """How often one that is to be found has the greater number; 0.5 by guessing. NaN where there is none."""
        n = int(is_it.sum())
        pairs = n * (len(is_it) - n)
        over = self.ranks[is_it].sum(0) - n * (n + 1) / 2
        return over / pairs if pairs else np.full(self.values.shape[1], np.nan)


def f1_of(found: Bool[np.ndarray, "n ..."], is_it: Bool[np.ndarray, " n"]) -> Float[np.ndarray, ...]:
    """2 · both / (found + to be found), of one column or of each; 0 where there is neither."""
    both = np.tensordot(is_it.astype(int), found.astype(int), 1)
    total = found.sum(0) + is_it.sum()
    return np.where(total, 2 * both / np.maximum(total, 1), 0.0)
