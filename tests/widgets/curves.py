"""Curves over training as a model that learns to copy would have them, without a model."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from mi_widgets.core.results import Result
from tests.provenance import provenance_of

STEPS = (0, 100, 200, 300, 400, 600, 800, 1000, 1500, 2000)


def made(
    values: np.ndarray,
    coords: dict,
    *,
    title: str = "Prefix matching",
    unit: str = "probability",
    model: str = "induction-2l",
    call: str = 'mi.over_checkpoints("induction-2l", mi.head_scores)',
    warnings: tuple[str, ...] = (),
) -> Result:
    """A Result with these numbers; the order of `coords` is that of the axes."""
    dataset = xr.Dataset({"value": (tuple(coords), np.asarray(values, np.float32))}, coords=coords)
    provenance = provenance_of(call, model=model, warnings=warnings)
    return Result(
        kind="curve",
        title=title,
        dataset=dataset,
        primary="value",
        unit=unit,
        source="",
        provenance=provenance,
    )


def rise(steps: Sequence[int], *, to: float = 0.75, at: float = 500, start: float = 0.01) -> np.ndarray:
    """From `start` to `to`, suddenly, around a step."""
    return start + (to - start) / (1 + np.exp(-(np.asarray(steps, float) - at) / 60))


def heads(
    steps: Sequence[int] = STEPS, *, layers: int = 2, n_heads: int = 4, best=(1, 3), to: float = 0.75, **more
) -> Result:
    """A score of every head: one of them learns it, the others nearly not."""
    values = np.zeros((len(steps), layers, n_heads))
    for layer in range(layers):
        for head in range(n_heads):
            values[:, layer, head] = rise(steps, to=min(to, 0.02 + 0.015 * (layer * n_heads + head)), at=800)
    values[:, best[0], best[1]] = rise(steps, to=to)
    return made(values, {"step": list(steps), "layer": range(layers), "head": range(n_heads)}, **more)


def one(
    steps: Sequence[int] = STEPS, *, to: float = 0.9, at: float = 500, start: float = 0.01, **more
) -> Result:
    """A single number over training."""
    return made(rise(steps, to=to, at=at, start=start), {"step": list(steps)}, **more)


def level(value: float = 0.02, **more) -> Result:
    """A single number without steps, such as that of an untrained model."""
    return made(np.array(value), {}, **more)
