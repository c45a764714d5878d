"""What the attention view reads from a Result: the one place that knows a Result's attributes."""

from functools import cached_property
from typing import Any

import numpy as np

from .._shared.pool import max_pool
from .._shared.wire import pack, quantise

AXES = ("batch", "layer", "head", "query", "key")
THUMBNAIL_SIDE = 48
# Bytes below which all full heads are sent at once (12 heads of 512 tokens are 3.1 MB) …
ALL_HEADS_LIMIT = 3_500_000
# … and below which they are sent with 16 bits, so that three digits can be read off.
FINE_LIMIT = 500_000


class Patterns:
    """The patterns of a Result as arrays and labels.

    Attributes:
        values: Float32 probabilities, shape (batch, layer, head, query, key); padded positions are NaN.
        layers: The model's numbers of the layers at hand (a run may have kept only some).
        heads: The model's numbers of the heads at hand.
        title, model_name, unit, warnings: What the header says.
    """

    def __init__(self, result: Any):
        pattern = result.dataset["pattern"]
        for axis in AXES:  # result.sel(layer=3) has dropped an axis; the view draws one layer then
            if axis not in pattern.dims:
                pattern = pattern.expand_dims(axis)
        pattern = pattern.transpose(*AXES)
        self.values = np.asarray(pattern.values, dtype=np.float32)
        self.layers = [int(number) for number in pattern.coords["layer"].values]
        self.heads = [int(number) for number in pattern.coords["head"].values]
        self._query_tokens = self._tokens(result, "query", self.values.shape[3])
        self._key_tokens = self._tokens(result, "key", self.values.shape[4])
        self._thumbnails: dict[int, np.ndarray] = {}  # of the prompt that was drawn last
        self.title = str(result.title)
        self.model_name = str(result.model_name)
        self.unit = str(result.unit)
        self.warnings = [str(warning) for warning in result.warnings]

    def _tokens(self, result: Any, axis: str, length: int) -> np.ndarray:
        tokens = np.asarray(result.dataset.coords[f"{axis}_token"].values)
        return np.broadcast_to(tokens, (self.values.shape[0], length))

    def header(self) -> dict[str, Any]:
        """What the view's header says, for the browser."""
        return {
            "title": self.title,
            "model": self.model_name,
            "unit": self.unit,
            "warnings": self.warnings,
            "n_batch": self.n_batch,
        }

    @property
    def n_batch(self) -> int:
        """How many prompts there are."""
        return self.values.shape[0]

    @cached_property
    def all_fit(self) -> bool:
        """Whether all heads of one prompt may be sent at once."""
        return int(np.prod(self.values.shape[1:])) <= ALL_HEADS_LIMIT

    def query_tokens(self, batch: int) -> list[str]:
        """The rows' labels for one prompt; "" where it is padded."""
        return [str(token) for token in self._query_tokens[batch]]

    def key_tokens(self, batch: int) -> list[str]:
        """The columns' labels for one prompt; "" where it is padded."""
        return [str(token) for token in self._key_tokens[batch]]

    def n_tokens(self, batch: int) -> int:
        """How long one prompt is, without its padding."""
        return sum(token != "" for token in self.key_tokens(batch))

    def head(self, batch: int, layer: int, head: int) -> np.ndarray:
        """One head's pattern, by the model's numbers; float32, shape (query, key)."""
        return self.values[batch, self.layers.index(layer), self.heads.index(head)]

    def thumbnail_codes(self, batch: int) -> np.ndarray:
        """All heads, max-pooled; uint8 codes of probabilities, shape (layer, head, <= 48, <= 48)."""
        if batch not in self._thumbnails:
            # A layer at a time: quantising 144 heads of 512 tokens in one go would need 150 MB more.
            pooled = [
                max_pool(quantise(layer, low=0, high=1), side=THUMBNAIL_SIDE) for layer in self.values[batch]
            ]
            self._thumbnails = {batch: np.stack(pooled)}
        return self._thumbnails[batch]

    def picture(self, batch: int, layer: int, head: int) -> dict[str, Any]:
        """What the browser needs to draw one prompt; one value, so that labels and pictures change together."""
        if self.all_fit:
            full = {"all": True, "tensor": pack(self._quantised(self.values[batch]))}
        else:
            full = {
                "all": False,
                "layer": layer,
                "head": head,
                "tensor": self.packed_head(batch, layer, head),
            }
        return {
            "batch": batch,
            "layers": self.layers,
            "heads": self.heads,
            "query_tokens": self.query_tokens(batch),
            "key_tokens": self.key_tokens(batch),
            "thumbnails": pack(self.thumbnail_codes(batch)),
            "full": full,
        }

    def packed_head(self, batch: int, layer: int, head: int) -> dict[str, Any]:
        """One full head, ready for the wire."""
        return pack(self._quantised(self.head(batch, layer, head)))

    def _quantised(self, values: np.ndarray) -> np.ndarray:
        fine = values.size * 2 <= FINE_LIMIT
        if values.ndim == 2 or fine:
            return quantise(values, low=0, high=1, dtype="uint16" if fine else "uint8")
        return np.stack([quantise(layer, low=0, high=1) for layer in values])
