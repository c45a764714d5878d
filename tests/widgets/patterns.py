"""Attention patterns as a model with induction heads would have them, without a model."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from mi_widgets.core.results import Result
from tests.provenance import provenance_of

KINDS = ("previous", "first", "uniform", "recent", "first", "induction")


def result(
    *,
    layers: Sequence[int] = (0, 1),
    n_heads: int = 4,
    n_tokens: int = 12,
    n_batch: int = 1,
    padded: int = 0,
    tokens: Sequence[str] | None = None,
    steps: Sequence[int] | None = None,
    warnings: tuple[str, ...] = (),
) -> Result:
    """A Result of kind "attention" on a text that repeats itself; the last head of the last layer is an induction head.

    Args:
        layers: The model's numbers of the layers.
        n_heads: Heads a layer.
        n_tokens: Length with padding.
        n_batch: Prompts.
        padded: How many positions at the end are padding.
        tokens: Their texts, if they matter.
        steps: Checkpoints of a training in which the heads grow from looking everywhere to what they do at the end.
        warnings: What to beware of.
    """
    real = n_tokens - padded
    half = max(1, (real + 1) // 2)
    words = [*(tokens or [f" w{i % half}" for i in range(real)]), *[""] * padded]
    values = np.full((n_batch, len(layers), n_heads, n_tokens, n_tokens), np.nan, np.float32)
    for row, _ in enumerate(layers):
        for head in range(n_heads):
            last = row == len(layers) - 1 and head == n_heads - 1
            kind = "induction" if last else KINDS[(row * n_heads + head) % (len(KINDS) - 1)]
            values[:, row, head, :real, :real] = _pattern(kind, real, half)
    labels = np.array([words] * n_batch)
    axes = ("batch", "layer", "head", "query", "key")
    if steps is not None:
        start = np.where(np.isnan(values), np.nan, _causal(n_tokens)).astype(np.float32)
        grown = [start + (values - start) * i / max(1, len(steps) - 1) for i in range(len(steps))]
        axes, values = ("step", *axes), np.stack(grown)
    dataset = xr.Dataset(
        {"pattern": (axes, values)},
        coords={
            **({} if steps is None else {"step": list(steps)}),
            "layer": list(layers),
            "head": range(n_heads),
            "query": range(n_tokens),
            "key": range(n_tokens),
            "query_token": (("batch", "query"), labels),
            "key_token": (("batch", "key"), labels),
        },
    )
    return Result(
        kind="attention",
        title="Attention",
        dataset=dataset,
        primary="pattern",
        unit="probability",
        source="",
        provenance=provenance_of(
            "mi.attention(run)",
            model="induction-2l",
            run="model.run(prompt, keep=[at.pattern])",
            warnings=warnings,
        ),
    )


def _causal(n: int) -> np.ndarray:
    return np.tril(np.ones((n, n))) / np.arange(1, n + 1)[:, None]


def _pattern(kind: str, n: int, period: int) -> np.ndarray:
    query, key = np.mgrid[:n, :n]
    liked = {
        "previous": key == query - 1,
        "first": key == 0,
        "uniform": np.zeros((n, n), bool),
        "recent": query - key < 3,
        "induction": key == query - period + 1,
    }[kind]
    weights = np.where(key <= query, np.where(liked, 200.0, 1.0), 0.0)
    return weights / weights.sum(-1, keepdims=True)
