"""What the attention view reads from a Result: the one place that knows a Result's attributes."""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import xarray as xr

from .._shared.given import header_of
from .._shared.labelled import pack_dataset
from .._shared.labels import labels_of
from .._shared.pool import max_pool
from .._shared.scale import Scale
from .._shared.selection import Choices
from .._shared.wire import pack, quantise
from .scores import read_scores

AXES = ("step", "batch", "layer", "head", "query", "key")
THUMBNAIL_SIDE = 48
# Bytes below which all full heads are sent at once (12 heads of 512 tokens are 3.1 MB), and those of all steps …
ALL_HEADS_LIMIT = 3_500_000
# … and below which they are sent with 16 bits, so that three digits can be read off.
FINE_LIMIT = 500_000

# A selection, or the part of one that says which pattern: step (if there are steps), batch, layer, head.
Place = Mapping[str, Any]


class Patterns:
    """The patterns of a Result as arrays and labels, and the scores of their heads.

    Attributes:
        values: Float32 probabilities, shape (step, batch, layer, head, query, key); padded positions are NaN.
        steps: The labels of the steps of a training, or None where the Result has no such axis.
        layers: The model's numbers of the layers at hand (a run may have kept only some).
        heads: The model's numbers of the heads at hand.
        cells: The row and the column of each layer and head.
        scores: Those that the user gave.

    Raises:
        ResultError: Scores that are not of these heads, or of other steps.
    """

    def __init__(self, result: Any, scores: Mapping[str, Any] | None = None):
        pattern = result.dataset["pattern"]
        self.steps = labels_of(pattern, "step") if "step" in pattern.dims else None
        if self.steps is None:
            pattern = pattern.drop_vars("step", errors="ignore")
        # result.sel(layer=3) has dropped an axis; the view draws one layer then.
        pattern = pattern.expand_dims([axis for axis in AXES if axis not in pattern.dims]).transpose(*AXES)
        self.values = np.asarray(pattern.values, dtype=np.float32)
        self.layers, self.heads = labels_of(pattern, "layer"), labels_of(pattern, "head")
        self.cells = {
            (layer, head): (row, column)
            for row, layer in enumerate(self.layers)
            for column, head in enumerate(self.heads)
        }
        self.scores = read_scores(scores, self.values.shape[2:4], self.steps)
        # Whether all heads of one step and prompt may be sent at once, and whether all steps of one prompt may,
        # thumbnails included: moving the step then asks nobody.
        n_steps, *_, n_query, n_key = self.values.shape
        small = min(n_query, THUMBNAIL_SIDE) * min(n_key, THUMBNAIL_SIDE)
        self._all_fit = len(self.cells) * n_query * n_key <= ALL_HEADS_LIMIT
        self._steps_fit = n_steps * len(self.cells) * (n_query * n_key + small) <= ALL_HEADS_LIMIT
        self._tokens = {axis: result.dataset.coords[f"{axis}_token"].values for axis in ("query", "key")}
        self._thumbnails: dict[Any, np.ndarray] = {}  # of the prompt that was sent last
        self._place: Place = {}  # what `packed` sends
        self._header = header_of(result, *(score.given for score in self.scores))

    def tokens(self, axis: str, batch: int) -> list[str]:
        """The labels of the rows ("query") or the columns ("key") for one prompt; "" where it is padded."""
        tokens = self._tokens[axis]
        return [str(token) for token in (tokens[batch] if tokens.ndim == 2 else tokens)]

    def n_tokens(self, batch: int) -> int:
        """How long one prompt is, without its padding."""
        return sum(token != "" for token in self.tokens("key", batch))

    def step_index(self, place: Place) -> int:
        """Where the place's step is among the steps; 0 where there are none."""
        return 0 if self.steps is None else self.steps.index(place["step"])

    def all_heads(self, place: Place) -> np.ndarray:
        """Every head's pattern at the place's step and prompt; float32, shape (layer, head, query, key)."""
        return self.values[self.step_index(place), place["batch"]]

    def head(self, place: Place) -> np.ndarray:
        """One head's pattern; float32, shape (query, key)."""
        return self.all_heads(place)[self.cells[place["layer"], place["head"]]]

    def thumbnail_codes(self, place: Place) -> np.ndarray:
        """All heads, max-pooled; uint8 codes of probabilities, shape (layer, head, <= 48, <= 48)."""
        key = (self.step_index(place), place["batch"])
        if key not in self._thumbnails:
            self._thumbnails = {key: _small(self.all_heads(place))}
        return self._thumbnails[key]

    def choices(self) -> Choices:
        """Steps, if there are any, prompts, the model's numbers of layers and heads, and positions."""
        _, n_batch, *_, n_query, n_key = self.values.shape
        cells = {"query": [*range(n_query), None], "key": [*range(n_key), None]}
        every = {"batch": range(n_batch), "layer": self.layers, "head": self.heads, **cells}
        return {"step": self.steps, **every} if self.steps else every

    def first(self) -> dict[str, Any]:
        """The last step, the first prompt and head, and no row; `first_selection` looks for more."""
        first = {key: labels[0] for key, labels in self.choices().items()} | {"query": None, "key": None}
        return {**first, "step": self.steps[-1]} if self.steps else first

    def header(self) -> dict[str, Any]:
        """What the view's header says of the patterns and the scores, for the browser."""
        return self._header

    def turn(self, place: Place) -> bool:
        """Have `packed` send another place; whether the browser has to be sent it, to show it."""
        before, self._place = self._place, place
        moved = {key for key in ("step", "batch") if before.get(key) != place.get(key)}
        return "batch" in moved or ("step" in moved and not self._steps_fit)

    def packed(self) -> dict[str, Any]:
        """What the browser needs to draw one prompt; one value, so that labels and pictures change together.

        The patterns and thumbnails have the axis `step` where all steps are sent, else they are those of one; and
        the patterns have the axes of all heads, or are that of one. What is one is named in what is derived.
        """
        place, stepped = self._place, self.steps is not None and self._steps_fit
        patterns = self.values[:, place["batch"]] if stepped else self.all_heads(place)
        small = np.stack([_small(heads) for heads in patterns]) if stepped else self.thumbnail_codes(place)
        axes = [*(["step"] if stepped else []), "layer", "head"]
        variables = {"thumbnails": ((*axes, "row", "column"), small)}
        if not self._all_fit:
            axes, patterns = [], self.head(place)
        variables["pattern"] = ((*axes, "query", "key"), patterns)
        for i, score in enumerate(self.scores):
            variables |= score.variables(i)
        labels = {"layer": self.layers, "head": self.heads}
        labels |= {f"{axis}_token": (axis, self.tokens(axis, place["batch"])) for axis in ("query", "key")}
        if self.steps is not None:
            labels["step"] = self.steps
        return pack_dataset(
            xr.Dataset(variables, labels),
            scales=dict.fromkeys(("thumbnails", "pattern"), Scale("sequential", 0, 1)),
            codes={"pattern": _code(patterns)},
            batch=place["batch"],
            step=None if stepped else place.get("step"),
            alone=None if self._all_fit else {key: place[key] for key in ("layer", "head")},
            scores=[score.said(i) for i, score in enumerate(self.scores)],
        )

    def packed_head(self, place: Place) -> dict[str, Any]:
        """One full head, ready for the wire."""
        head = self.head(place)
        return pack(quantise(head, low=0, high=1, dtype=_code(head)))


def _small(heads: np.ndarray) -> np.ndarray:
    # A layer at a time: quantising 144 heads of 512 tokens in one go would need 150 MB more.
    return np.stack([max_pool(quantise(layer, low=0, high=1), side=THUMBNAIL_SIDE) for layer in heads])


def _code(values: np.ndarray) -> Literal["uint8", "uint16"]:
    return "uint16" if values.size * 2 <= FINE_LIMIT else "uint8"
