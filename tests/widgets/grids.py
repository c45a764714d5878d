"""Results of two axes and more, without a model."""

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from mi_widgets.core.results import Result
from tests.provenance import provenance_of

SCORES = "mi.head_scores(model, 'induction')"


def grid(
    shape: Sequence[int] = (2, 4),
    dims: Sequence[str] = ("layer", "head"),
    *,
    labels: Mapping[str, Sequence] | None = None,
    signed: bool = False,
    missing: float = 0.0,
    unit: str = "mean attention",
    seed: int = 0,
    call: str = SCORES,
    warnings: tuple[str, ...] = (),
    **coords,
) -> Result:
    """A Result of random numbers of which few are large, as scores of heads are; the largest is always 0.95.

    Args:
        shape: Of the numbers.
        dims: The names of the axes.
        labels: Of some axes; the others are numbered from 0, steps in hundreds.
        signed: Whether some are negative.
        missing: The share of NaN.
        unit: What the header says.
        seed: Of the numbers.
        call: What the code says that made it.
        warnings: What to beware of.
        coords: More coordinates, as xarray takes them.
    """
    rng = np.random.default_rng(seed)
    values = 0.9 * rng.random(shape) ** 4
    if signed:
        values *= rng.choice([-1, 1], shape)
    if missing:
        values[rng.random(shape) < missing] = np.nan
    values.reshape(-1)[-1] = 0.95
    numbered = {dim: np.arange(n) * (100 if dim == "step" else 1) for dim, n in zip(dims, shape, strict=True)}
    named = {dim: list(names) for dim, names in (labels or {}).items()}
    return Result(
        kind="head_scores",
        title="Induction score",
        dataset=xr.Dataset({"score": (dims, values)}, coords={**numbered, **named, **coords}),
        primary="score",
        unit=unit,
        source="",
        provenance=provenance_of(call, model="induction-2l", warnings=warnings),
    )
