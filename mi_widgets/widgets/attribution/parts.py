"""Which part of the model each term of an attribution belongs to, and the sums over these parts."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

# What a term of a layer is called behind "L3.", and in which column of the grid it is summed up.
_COLUMNS = {"attn": "attn", "attn bias": "bias", "mlp": "MLP", "mlp bias": "MLP"}
_LAST = ("attn", "MLP", "bias", "rest")  # the order of the columns behind the heads


@dataclass(frozen=True)
class Parts:
    """Where in the model each term stands: in a cell of the grid (layer by part), and in a stage of the forward pass.

    Attributes:
        layers: The model's numbers of the grid's rows.
        heads: The model's numbers of the heads, the grid's first columns; none if the terms have no heads.
        columns: How all columns are written: H0, H1, …, attn, MLP, bias.
        cells: Row and column of each term, (term, 2); -1 for what is in no layer.
        stages: What the residual stream passes, in order: "embed", "L0 attn", "L0 MLP", …, "bias".
        stage: The stage of each term, (term,).
    """

    layers: list[int]
    heads: list[int]
    columns: list[str]
    cells: np.ndarray
    stages: list[str]
    stage: np.ndarray

    @cached_property
    def counts(self) -> np.ndarray:
        """How many terms each cell has, (row, column)."""
        return self._cells_of(np.bincount(self._places, minlength=self._outside + 1))

    def grid(self, values: np.ndarray) -> np.ndarray:
        """The sums of the terms of each cell, (…, row, column); NaN where there is no term."""
        sums = self._cells_of(_sums(values, self._places, self._outside + 1))
        return np.where(self.counts == 0, np.nan, sums).astype(np.float32)

    def running(self, values: np.ndarray) -> np.ndarray:
        """The sum of all terms up to and including each stage, (…, stage)."""
        return _sums(values, self.stage, len(self.stages)).cumsum(-1).astype(np.float32)

    def picked(self, order: np.ndarray) -> np.ndarray:
        """The term that each cell stands for: its largest; -1 where there is none, or several of one head.

        Args:
            order: The places of the terms, the largest first, (batch, term).
        """
        found = np.full((len(order), self._outside + 1), -1)
        for cells, terms in zip(found, order[:, ::-1], strict=True):
            cells[self._places[terms]] = terms  # the largest is written last
        picked = self._cells_of(found)
        several = self.counts[:, : len(self.heads)] > 1
        picked[..., : len(self.heads)][:, several] = -1
        return picked

    def head_of(self, term: int) -> tuple[int, int] | None:
        """The layer and the head of a term, as the model numbers them; None if it is not a head's."""
        row, column = self.cells[term]
        return (self.layers[row], self.heads[column]) if 0 <= column < len(self.heads) else None

    @property
    def _outside(self) -> int:
        """The number of cells, which is where terms are counted that are in none."""
        return len(self.layers) * len(self.columns)

    @property
    def _places(self) -> np.ndarray:
        """The cell of each term, counted row by row."""
        rows, columns = self.cells.T
        return np.where(rows < 0, self._outside, rows * len(self.columns) + columns)

    def _cells_of(self, flat: np.ndarray) -> np.ndarray:
        return flat[..., :-1].reshape(*flat.shape[:-1], len(self.layers), len(self.columns))


def _sums(values: np.ndarray, places: np.ndarray, n: int) -> np.ndarray:
    """Sums along the last axis of the numbers with the same place, in double precision: (…, n)."""
    return np.apply_along_axis(lambda row: np.bincount(places, row, n), -1, values)


def read_parts(names: Sequence[str], layers: np.ndarray, heads: np.ndarray, neurons: np.ndarray) -> Parts:
    """Find the part of each term, in the order of the forward pass, in which terms are given.

    Args:
        names: Such as "embed", "L3.H1 from 5", "L2.mlp", "L0.N17".
        layers: -1 for a term that is in no layer.
        heads: -1 for a term that is not a head's.
        neurons: -1 for a term that is not a neuron's.
    """
    found = [
        "" if layer < 0 else f"H{head}" if head >= 0 else "MLP" if neuron >= 0 else _column(name)
        for name, layer, head, neuron in zip(names, layers, heads, neurons, strict=True)
    ]
    rows, numbers = (np.unique(labels[labels >= 0]).tolist() for labels in (layers, heads))
    columns = [*(f"H{head}" for head in numbers), *(name for name in _LAST if name in found)]
    staged = [_stage(name, int(layer), part) for name, layer, part in zip(names, layers, found, strict=True)]
    stages = list(dict.fromkeys(staged))
    cells = np.stack([_places(layers.tolist(), rows), _places(found, columns)], axis=1)
    return Parts(rows, numbers, columns, cells, stages, _places(staged, stages))


def _places(labels: Sequence[Any], axis: list[Any]) -> np.ndarray:
    """Where labels are on an axis; -1 for those that are not on it."""
    place = {label: i for i, label in enumerate(axis)}
    return np.array([place.get(label, -1) for label in labels], np.int64)


def _column(name: str) -> str:
    return _COLUMNS.get(name.partition(".")[2], "rest")


def _stage(name: str, layer: int, part: str) -> str:
    """The bias of an attention and all its heads are one stage: the stream is whole again behind them."""
    if not part:
        return name
    return f"L{layer} {part if part in ('MLP', 'rest') else 'attn'}"
