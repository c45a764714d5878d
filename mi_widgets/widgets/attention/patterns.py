"""What the attention view reads from a Result: the one place that knows a Result's attributes."""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import xarray as xr

from mi_widgets.core.errors import ResultError

from .._shared.drawn import DrawnResult
from .._shared.given import dataset_of, refuse_empty
from .._shared.labelled import pack_dataset
from .._shared.labels import labels_of
from .._shared.pool import max_pool
from .._shared.scale import ColourScale
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


class Patterns(DrawnResult):
    """The patterns of a Result with their labels, and the scores of their heads.

    Attributes:
        pattern: Float32 probabilities with the axes `AXES`, `step` only where there are steps; padded positions are
            NaN. Steps, layers and heads have the model's numbers (a run may have kept only some), prompts, rows and
            columns those of their places.
        labels: Of each axis.
        scores: Those that the user gave.

    Raises:
        ResultError: No Result of `mi.attention`, or nothing left of it; scores of other heads or steps.
    """

    def __init__(self, result: Any, scores: Mapping[str, Any] | None = None):
        needed = ("pattern", "query_token", "key_token")
        data = dataset_of(result, "AttentionView", "mi.attention(run)", needed)
        pattern = data["pattern"].drop_vars(("batch", "query", "key"), errors="ignore")
        refuse_empty(result, pattern)
        if not {*pattern.dims} <= {*AXES}:
            raise ResultError(
                f"AttentionView draws patterns with the axes {', '.join(AXES[1:])} and, where there are several, "
                f"step; this Result has {dict(pattern.sizes)}: choose labels that exist with .sel(…)."
            )
        axes = [axis for axis in AXES if axis in pattern.dims or axis != "step"]
        # result.sel(layer=3) has dropped an axis; the view draws one layer then.
        pattern = pattern.expand_dims([axis for axis in axes if axis not in pattern.dims]).transpose(*axes)
        self.labels = {axis: labels_of(pattern, axis) for axis in axes}
        self.pattern = (
            pattern.reset_coords(drop=True).astype(np.float32, copy=False).assign_coords(self.labels)
        )
        self.scores = read_scores(scores, self.labels)
        # Whether all heads of one step and prompt may be sent at once, and whether all steps of one prompt may,
        # thumbnails included: moving the step then asks nobody.
        n = self.pattern.sizes
        n_heads, cells = n["layer"] * n["head"], n["query"] * n["key"]
        small = min(n["query"], THUMBNAIL_SIDE) * min(n["key"], THUMBNAIL_SIDE)
        self._all_fit = n_heads * cells <= ALL_HEADS_LIMIT
        self._steps_fit = n.get("step", 1) * n_heads * (cells + small) <= ALL_HEADS_LIMIT
        self._tokens = {axis: data[f"{axis}_token"].values for axis in ("query", "key")}
        self._thumbnails: dict[Any, np.ndarray] = {}  # of the prompt that was sent last
        self._place: Place = {}  # what `packed` sends
        super().__init__(result, *(score.given for score in self.scores))

    def tokens(self, axis: str, batch: int) -> list[str]:
        """The labels of the rows ("query") or the columns ("key") for one prompt; "" where it is padded."""
        tokens = self._tokens[axis]
        return [str(token) for token in (tokens[batch] if tokens.ndim == 2 else tokens)]

    def n_tokens(self, batch: int) -> int:
        """How long one prompt is, without its padding."""
        return sum(token != "" for token in self.tokens("key", batch))

    def all_heads(self, place: Place) -> np.ndarray:
        """Every head's pattern at the place's step and prompt; float32, shape (layer, head, query, key)."""
        return part(self.pattern, place, "step", "batch").values

    def head(self, place: Place) -> np.ndarray:
        """One head's pattern; float32, shape (query, key)."""
        return part(self.pattern, place, "step", "batch", "layer", "head").values

    def thumbnail_codes(self, place: Place) -> np.ndarray:
        """All heads, max-pooled; uint8 codes of probabilities, shape (layer, head, <= 48, <= 48)."""
        key = (place.get("step"), place["batch"])
        if key not in self._thumbnails:
            self._thumbnails = {key: _small(self.all_heads(place))}
        return self._thumbnails[key]

    def choices(self) -> Choices:
        """The labels of the axes; of rows and columns none as well."""
        return {
            axis: [*labels, None] if axis in ("query", "key") else labels
            for axis, labels in self.labels.items()
        }

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
        place, one = self._place, () if self._steps_fit else ("step",)
        sent = part(self.pattern, place, "batch", *one)
        stepped = "step" in sent.dims
        small = np.stack([_small(heads) for heads in sent.values]) if stepped else self.thumbnail_codes(place)
        thumbnails = ((*sent.dims[:-2], "row", "column"), small)
        if not self._all_fit:
            sent = part(sent, place, "layer", "head")
        variables = {"thumbnails": thumbnails, "pattern": (sent.dims, sent.values)}
        for i, score in enumerate(self.scores):
            variables |= score.variables(i)
        labels = {axis: self.labels[axis] for axis in ("step", "layer", "head") if axis in self.labels}
        tokens = {f"{axis}_token": (axis, self.tokens(axis, place["batch"])) for axis in ("query", "key")}
        return pack_dataset(
            xr.Dataset(variables, {**labels, **tokens}),
            scales=dict.fromkeys(("thumbnails", "pattern"), ColourScale("sequential", 0, 1)),
            codes={"pattern": _code(sent.values)},
            batch=place["batch"],
            step=None if self._steps_fit else place.get("step"),
            alone=None if self._all_fit else {key: place[key] for key in ("layer", "head")},
            scores=[score.said(i) for i, score in enumerate(self.scores)],
        )

    def packed_head(self, place: Place) -> dict[str, Any]:
        """One full head, ready for the wire."""
        head = self.head(place)
        return pack(quantise(head, low=0, high=1, dtype=_code(head)))


def part(data: xr.DataArray, place: Place, *axes: str) -> xr.DataArray:
    """What is left at a place's labels of some axes, as far as the data has these."""
    return data.sel({axis: place[axis] for axis in axes if axis in data.dims}, drop=True)


def _small(heads: np.ndarray) -> np.ndarray:
    # A layer at a time: quantising 144 heads of 512 tokens in one go would need 150 MB more.
    return np.stack([max_pool(quantise(layer, low=0, high=1), side=THUMBNAIL_SIDE) for layer in heads])


def _code(values: np.ndarray) -> Literal["uint8", "uint16"]:
    return "uint16" if values.size * 2 <= FINE_LIMIT else "uint8"
