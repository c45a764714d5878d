"""Which part of the model each term of an attribution belongs to, and the sums over these parts."""

from collections.abc import Sequence
from dataclasses import dataclass

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

    @property
    def alone(self) -> np.ndarray:
        """Whether a term is the only one of its cell, (term,)."""
        places, inside = self._places
        found = np.zeros(len(self.cells), bool)
        found[inside] = np.bincount(places)[places] == 1
        return found

    def grid(self, values: np.ndarray) -> np.ndarray:
        """The sums of the terms of each cell, (batch, row, column); NaN where there is no term."""
        places, inside = self._places
        n = len(self.layers) * len(self.columns)
        sums = _sums(values[:, inside], places, n)
        sums[:, np.bincount(places, minlength=n) == 0] = np.nan
        return sums.reshape(len(values), len(self.layers), len(self.columns)).astype(np.float32)

    def running(self, values: np.ndarray) -> np.ndarray:
        """The sum of all terms up to and including each stage, (batch, stage)."""
        return _sums(values, self.stage, len(self.stages)).cumsum(1).astype(np.float32)

    @property
    def _places(self) -> tuple[np.ndarray, np.ndarray]:
        """The cells, counted row by row, of the terms that are in one; and which terms these are."""
        inside = self.cells[:, 0] >= 0
        rows, columns = self.cells[inside].T
        return rows * len(self.columns) + columns, inside


def _sums(values: np.ndarray, places: np.ndarray, n: int) -> np.ndarray:
    """Sums of the numbers with the same place, in double precision: (batch, n)."""
    rows = [np.bincount(places, weights=row, minlength=n) for row in values]
    return np.array(rows, np.float64).reshape(len(values), n)


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
    rows = sorted({int(layer) for layer in layers if layer >= 0})
    numbers = sorted({int(head) for head in heads if head >= 0})
    columns = [*(f"H{head}" for head in numbers), *(name for name in _LAST if name in found)]
    row_of, column_of = ({label: i for i, label in enumerate(labels)} for labels in (rows, columns))
    cells = [
        (row_of[int(layer)], column_of[part]) if part else (-1, -1)
        for layer, part in zip(layers, found, strict=True)
    ]
    staged = [_stage(name, int(layer), part) for name, layer, part in zip(names, layers, found, strict=True)]
    stages = list(dict.fromkeys(staged))
    stage_of = {stage: i for i, stage in enumerate(stages)}
    return Parts(
        rows,
        numbers,
        columns,
        np.array(cells, np.int64).reshape(-1, 2),
        stages,
        np.array([stage_of[stage] for stage in staged], np.int64),
    )


def _column(name: str) -> str:
    return _COLUMNS.get(name.partition(".")[2], "rest")


def _stage(name: str, layer: int, part: str) -> str:
    """The bias of an attention and all its heads are one stage: the stream is whole again behind them."""
    if not part:
        return name
    return f"L{layer} {part if part in ('MLP', 'rest') else 'attn'}"
