"""What the attention view reads from a Result: the one place that knows a Result's attributes."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np

from .._shared.labels import labels_of
from .._shared.pool import max_pool
from .._shared.wire import pack, quantise

AXES = ("step", "batch", "layer", "head", "query", "key")
THUMBNAIL_SIDE = 48
# Bytes below which all full heads are sent at once (12 heads of 512 tokens are 3.1 MB), and those of all steps …
ALL_HEADS_LIMIT = 3_500_000
# … and below which they are sent with 16 bits, so that three digits can be read off.
FINE_LIMIT = 500_000

# A selection, or the part of one that says which pattern: step (if there are steps), batch, layer, head.
Place = Mapping[str, Any]


class Patterns:
    """The patterns of a Result as arrays and labels.

    Attributes:
        values: Float32 probabilities, shape (step, batch, layer, head, query, key); padded positions are NaN.
        steps: The labels of the steps of a training, or None where the Result has no such axis.
        layers: The model's numbers of the layers at hand (a run may have kept only some).
        heads: The model's numbers of the heads at hand.
        title, model_name, unit: What the header says.
    """

    def __init__(self, result: Any):
        pattern = result.dataset["pattern"]
        self.steps = labels_of(pattern, "step") if "step" in pattern.dims else None
        for axis in AXES:  # result.sel(layer=3) has dropped an axis; the view draws one layer then
            if axis not in pattern.dims:
                pattern = pattern.drop_vars(axis) if axis == "step" and axis in pattern.coords else pattern
                pattern = pattern.expand_dims(axis)
        pattern = pattern.transpose(*AXES)
        self.values = np.asarray(pattern.values, dtype=np.float32)
        self.layers = [int(number) for number in pattern.coords["layer"].values]
        self.heads = [int(number) for number in pattern.coords["head"].values]
        self._query_tokens = self._tokens(result, "query", self.values.shape[4])
        self._key_tokens = self._tokens(result, "key", self.values.shape[5])
        self._thumbnails: dict[Any, np.ndarray] = {}  # of the picture that was sent last
        self.title = str(result.title)
        self.model_name = str(result.model_name)
        self.unit = str(result.unit)

    def _tokens(self, result: Any, axis: str, length: int) -> np.ndarray:
        tokens = np.asarray(result.dataset.coords[f"{axis}_token"].values)
        return np.broadcast_to(tokens, (self.n_batch, length))

    def header(self) -> dict[str, Any]:
        """What the view's header says of the patterns, for the browser."""
        return {
            "title": self.title,
            "model": self.model_name,
            "unit": self.unit,
            "n_batch": self.n_batch,
        }

    @property
    def n_batch(self) -> int:
        """How many prompts there are."""
        return self.values.shape[1]

    @property
    def grid(self) -> tuple[int, int]:
        """How many layers and heads there are."""
        return self.values.shape[2], self.values.shape[3]

    @cached_property
    def all_fit(self) -> bool:
        """Whether all heads of one step and prompt may be sent at once."""
        return int(np.prod(self.values.shape[2:])) <= ALL_HEADS_LIMIT

    @cached_property
    def steps_fit(self) -> bool:
        """Whether one prompt may be sent at all steps, thumbnails included: moving the step then asks nobody."""
        n_query, n_key = self.values.shape[4:]
        small = min(n_query, THUMBNAIL_SIDE) * min(n_key, THUMBNAIL_SIDE)
        return self.values.shape[0] * int(np.prod(self.grid)) * (n_query * n_key + small) <= ALL_HEADS_LIMIT

    def query_tokens(self, batch: int) -> list[str]:
        """The rows' labels for one prompt; "" where it is padded."""
        return [str(token) for token in self._query_tokens[batch]]

    def key_tokens(self, batch: int) -> list[str]:
        """The columns' labels for one prompt; "" where it is padded."""
        return [str(token) for token in self._key_tokens[batch]]

    def n_tokens(self, batch: int) -> int:
        """How long one prompt is, without its padding."""
        return sum(token != "" for token in self.key_tokens(batch))

    def step_index(self, place: Place) -> int:
        """Where the place's step is among the steps; 0 where there are none."""
        return 0 if self.steps is None else self.steps.index(place["step"])

    def all_heads(self, place: Place) -> np.ndarray:
        """Every head's pattern at the place's step and prompt; float32, shape (layer, head, query, key)."""
        return self.values[self.step_index(place), place["batch"]]

    def head(self, place: Place) -> np.ndarray:
        """One head's pattern; float32, shape (query, key)."""
        layer, head = self.layers.index(place["layer"]), self.heads.index(place["head"])
        return self.all_heads(place)[layer, head]

    def thumbnail_codes(self, place: Place) -> np.ndarray:
        """All heads, max-pooled; uint8 codes of probabilities, shape (layer, head, <= 48, <= 48)."""
        key = (self.step_index(place), place["batch"])
        if key not in self._thumbnails:
            self._thumbnails = {key: _small(self.all_heads(place))}
        return self._thumbnails[key]

    def picture(self, place: Place) -> dict[str, Any]:
        """What the browser needs to draw one prompt; one value, so that labels and pictures change together.

        Where there are steps, the tensors begin with those that are named in `steps`: all, or the one at hand.
        """
        batch = place["batch"]
        steps = self.steps if self.steps is None or self.steps_fit else [place["step"]]
        shown = self._shown(place)
        alone = self.steps is None
        thumbnails = self.thumbnail_codes(place) if alone else np.stack([_small(heads) for heads in shown])
        if self.all_fit:
            full = {"all": True, "tensor": pack(_quantised(shown))}
        else:
            full = {
                "all": False,
                "layer": place["layer"],
                "head": place["head"],
                "tensor": self.packed_head(place),
            }
        return {
            "batch": batch,
            "steps": steps,
            "layers": self.layers,
            "heads": self.heads,
            "query_tokens": self.query_tokens(batch),
            "key_tokens": self.key_tokens(batch),
            "thumbnails": pack(thumbnails),
            "full": full,
        }

    def packed_head(self, place: Place) -> dict[str, Any]:
        """One full head, ready for the wire."""
        return pack(_quantised(self.head(place)))

    def _shown(self, place: Place) -> np.ndarray:
        """What is sent at once: (layer, head, query, key), with the steps in front where there are any."""
        if self.steps is None:
            return self.all_heads(place)
        return self.values[:, place["batch"]] if self.steps_fit else self.all_heads(place)[None]


def _small(heads: np.ndarray) -> np.ndarray:
    # A layer at a time: quantising 144 heads of 512 tokens in one go would need 150 MB more.
    return np.stack([max_pool(quantise(layer, low=0, high=1), side=THUMBNAIL_SIDE) for layer in heads])


def _quantised(values: np.ndarray) -> np.ndarray:
    fine = values.size * 2 <= FINE_LIMIT
    if values.ndim == 2 or fine:
        return quantise(values, low=0, high=1, dtype="uint16" if fine else "uint8")
    return np.stack([quantise(layer, low=0, high=1) for layer in values])
