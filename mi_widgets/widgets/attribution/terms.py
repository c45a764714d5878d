"""The terms that the view draws: which are the largest, what they add up to, and what the browser is sent."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from mi_widgets.core.errors import ResultError
from mi_widgets.core.numbers import number_text

from .._shared.drawn import DrawnResult
from .._shared.labelled import pack_arrays
from .._shared.labels import labels_of, plain_axis
from .._shared.scale import ColourScale, highest
from .._shared.selection import Choices
from .._shared.wire import MOST_NUMBERS
from .dataset import attribution_dataset, control_of, names_of, rows_of
from .parts import read_parts

_MOST = 200  # terms a prompt that are sent …
_MOST_NAMES = 4000  # … and of all prompts together, whose names travel as text
_LEAST = 40  # a prompt, whatever the number of prompts

# A sum may be beyond single precision, or of what has no end: it has none then, or is no number.
_ENDLESS = np.errstate(over="ignore", invalid="ignore")


class Terms(DrawnResult):
    """The terms of a direct logit attribution, one row a prompt.

    Attributes:
        names: Of the terms, in the order of the forward pass.
        values: What each adds, and if there is a control what it adds there, float32, (of, batch, term).
        grid: The sums of the terms of each cell, (of, batch, layer, part).
        running: The sums of all terms up to each stage, (of, batch, stage).
        order: The places of the terms, the largest first, (batch, term).
        picked: The place of the term that a cell stands for, -1 where there is none, (batch, layer, part).
        kept: The places of the terms that are sent, in the order of the forward pass.
        differences: The logit differences, float32, (batch,).
        parts: Where in the model each term stands.
        positions: Of the token that a term moves, -1 for none, (term,).
        tokens: The text of the token that each term moves, "" where it moves none, (batch, term).
        batch: The labels of the prompts.
        right, wrong: The texts of the answers, one a prompt.
        control: What the control is, or None.
        scale, cells_scale: What the colours of terms and of cells mean, for all prompts and the control.
        title, model_name, unit: Of the Result.

    Raises:
        ResultError: Something else than an attribution, one that has lost its terms, a control of other terms, or so
            many prompts that even the largest terms are too many.
    """

    @_ENDLESS
    def __init__(self, result: Any, control: Any = None):
        data = attribution_dataset(result, "AttributionView")
        super().__init__(result, control)
        self.names, self.batch = names_of(data), labels_of(data, "batch")
        values = rows_of(data, "contribution").astype(np.float32)
        self.control = control_of(control, self.names, values.shape)
        self.values = np.stack([values] if self.control is None else [values, self.control.values])
        self.differences = np.atleast_1d(data.variables["logit_diff"].values).astype(np.float32)
        self.right, self.wrong = (
            [str(text) for text in np.atleast_1d(data.variables[name].values)] for name in ("right", "wrong")
        )
        layers, heads, self.positions, neurons = (
            data.variables[name].values for name in ("layer", "head", "pos", "neuron")
        )
        moved = rows_of(data, "source_token") if "source_token" in data else ""
        self.tokens = np.broadcast_to(np.where(self.positions >= 0, moved, ""), values.shape)
        self.parts = read_parts(self.names, layers, heads, neurons)
        self.grid, self.running = self.parts.grid(self.values), self.parts.running(self.values)
        self.order = np.argsort(-np.nan_to_num(np.abs(values)), axis=1, kind="stable")
        self.picked = self.parts.picked(self.order)
        self.kept = self._largest()
        self.scale, self.cells_scale = _around_0(self.values), _around_0(self.grid)
        self._header["warnings"] += self._unexplained()

    def row(self, selection: Mapping[str, Any]) -> int:
        """The index of the selected prompt."""
        return self.batch.index(selection["batch"])

    @property
    def summed(self) -> str:
        """What is summed up in the cells of the grid: "positions", "neurons", or nothing."""
        if self.parts.counts.max(initial=0) <= 1:
            return ""
        return "positions" if self.parts.heads else "neurons"

    def choices(self) -> Choices:
        """Prompts, the terms that are sent, and the model's numbers of layers and heads where terms are heads'."""
        found = {"batch": self.batch, "term": [*(self.names[i] for i in self.kept), None]}
        if not self.parts.heads:
            return found
        return {**found, "layer": [*self.parts.layers, None], "head": [*self.parts.heads, None]}

    @_ENDLESS
    def packed(self) -> dict[str, Any]:
        """For the wire: the largest terms with their names, and the exact sums of all, of all prompts."""
        parts, kept = self.parts, self.kept
        labels = {
            "of": list(range(len(self.values))),
            "batch": self.batch,
            "term": [self.names[i] for i in kept],
            "layer": parts.layers,
            "part": parts.columns,
            "stage": parts.stages,
            "place": list(range(len(kept))),
        }
        place = np.full(len(self.names) + 1, -1)  # among those that are sent; of none too
        place[kept] = np.arange(len(kept))
        variables = {
            "values": ("of batch term", self.values[..., kept]),
            "unsent": ("of batch", np.delete(self.values, kept, axis=2).sum(axis=2, dtype=np.float64)),
            "grid": ("of batch layer part", self.grid),
            "running": ("of batch stage", self.running),
            "difference": ("batch", self.differences),
            "right": ("batch", np.array(self.right, object)),
            "wrong": ("batch", np.array(self.wrong, object)),
            "token": ("batch term", self.tokens[:, kept]),
            "row": ("term", parts.cells[kept, 0]),
            "column": ("term", parts.cells[kept, 1]),
            "stage": ("term", parts.stage[kept]),
            "pos": ("term", self.positions[kept]),
            "order": ("batch place", place[self.order[place[self.order] >= 0]].reshape(-1, len(kept))),
            "picked": ("batch layer part", place[self.picked]),
        }
        return pack_arrays(
            [plain_axis(name, found) for name, found in labels.items()],
            variables,
            units={"values": self.unit},
            scales={"values": self.scale, "grid": self.cells_scale},
            n_terms=len(self.names),
            heads=parts.heads,
            summed=self.summed,
            control_name="" if self.control is None else self.control.name,
        )

    def _largest(self) -> np.ndarray:
        """The largest terms of every prompt, and those that can be selected in the grid."""
        n_batch, n_terms = self.order.shape
        n = max(_LEAST, min(_MOST, _MOST_NAMES // n_batch))
        several = np.union1d(self.order[:, :n], self.picked[self.picked >= 0])
        kept = np.arange(n_terms) if n_terms <= n else several
        if len(kept) * n_batch > MOST_NUMBERS:
            raise ResultError(
                f"AttributionView would have to send {len(kept) * n_batch:,} numbers (up to {MOST_NUMBERS:,}): "
                "choose prompts with .sel(batch=[…])."
            )
        return kept

    def _unexplained(self) -> list[str]:
        """A warning if terms were left out of the Result, so that what is drawn is not the whole."""
        sums = self.values[0].sum(axis=1, dtype=np.float64)
        near = 1e-3 * np.maximum(1.0, np.abs(self.values[0]).max(axis=1))
        wrong = np.flatnonzero(np.abs(sums - self.differences) > near)
        return [
            f"The terms of prompt {self.batch[row]} add up to {number_text(float(sums[row]))}, not to the logit "
            f"difference {number_text(float(self.differences[row]))}: some were left out of the Result."
            for row in wrong[:1]
        ]


def _around_0(values: np.ndarray) -> ColourScale:
    """Up to the largest size; up to 1 where all is nothing."""
    reach = highest(np.abs(values)) or 1.0
    return ColourScale("diverging", -reach, reach)
