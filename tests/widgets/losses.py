"""One number a token, as a model that has read a passage twice would have it, without a model."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from mi_widgets.core.results import Result
from tests.provenance import provenance_of


def text(
    *,
    n: int = 12,
    n_batch: int | None = 1,
    steps: Sequence[int] = (),
    padded: int = 0,
    tokens: Sequence[str] | None = None,
    high: float = 6.0,
    low: float = 0.1,
    unit: str = "nats",
    call: str = "mi.loss_per_token(run)",
    warnings: tuple[str, ...] = (),
) -> Result:
    """A Result of kind "loss_per_token": high in the first half, low in the second; the first token has none.

    Args:
        n: Length with padding.
        n_batch: Prompts; None for a Result without the axis.
        steps: Of a training, over which the second half falls; none for a Result without the axis.
        padded: How many positions at the end are padding.
        tokens: Their texts, if they matter.
        high: The value of the first half.
        low: The value of the second half.
        unit: Of the values.
        call: The expression that makes the Result.
        warnings: What to beware of.
    """
    row = np.where(np.arange(n) < (n - padded) // 2, high, low).astype(float)
    row[0] = row[n - padded :] = np.nan
    words = np.array([*(tokens or [f" w{i}" for i in range(n - padded)]), *[""] * padded])
    values, axes, names = row, ["pos"], ("pos",)
    coords: dict = {"pos": range(n)}
    if n_batch is not None:
        values, axes, names = np.tile(values, (n_batch, 1)), ["batch", *axes], ("batch", "pos")
        coords["batch"], words = range(n_batch), np.tile(words, (n_batch, 1))
    if len(steps):
        share = np.linspace(2, 1, len(steps)).reshape(-1, *[1] * values.ndim)
        values, axes, coords["step"] = values * share, ["step", *axes], list(steps)
    coords["pos_token"] = (names, words)
    return Result(
        kind="loss_per_token",
        title="Loss per token",
        dataset=xr.Dataset({"loss": (axes, values)}, coords=coords),
        primary="loss",
        unit=unit,
        source="",
        provenance=provenance_of(call, model="induction-2l", warnings=warnings),
    )
