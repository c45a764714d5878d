"""What one lens holds: for every layer and position the likeliest tokens, how sure they are, and what was asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from mi_widgets.core.errors import ResultError

from .._shared.given import is_result, kind_of
from .._shared.labels import labels_of, with_labels

PLACES = ("batch", "layer", "pos")
_AXES = {
    **dict.fromkeys(("token", "probability", "entropy", "kl"), PLACES),
    **dict.fromkeys(("top_token", "top_probability"), (*PLACES, "rank")),
    **dict.fromkeys(("asked_probability", "asked_rank"), ("token_asked", *PLACES)),
}


@dataclass(frozen=True)
class Cells:
    """One lens as arrays (batch, layer, pos), the last layer first; padding is "" and NaN.

    Attributes:
        data: All of its variables with their labels; the tokens that were asked for are the axis `asked`.
        tokens: The texts of the prompts, (batch, pos).
        token: The text of the likeliest next token.
        probability: Its probability.
        entropy: Of the whole distribution, in nats.
        kl: From it to the model's final one, in nats.
        asked_rank: The ranks of the tokens that were asked for, (asked, batch, layer, pos); 0 is the likeliest.
    """

    data: xr.Dataset
    tokens: np.ndarray
    token: np.ndarray
    probability: np.ndarray
    entropy: np.ndarray
    kl: np.ndarray
    asked_rank: np.ndarray

    @property
    def size(self) -> int:
        """How many numbers are sent."""
        return sum(variable.size for variable in self.data.data_vars.values())

    def labels(self, axis: str) -> list[Any]:
        """The labels of an axis; of `asked` the tokens, though one may have been asked for twice."""
        return self.data["asked_token"].values.tolist() if axis == "asked" else labels_of(self.data, axis)


def read_cells(result: Any, what: str) -> Cells:
    """The arrays of a Result of `mi.logit_lens`, whatever `.sel(…)` has left of its axes.

    Args:
        result: What was given.
        what: How it is named in an error.

    Raises:
        ResultError: It is no lens, or has more axes, or no cells.
    """
    dataset = _checked(result, what).dataset
    parts = {name: _whole(dataset[name], axes) for name, axes in _AXES.items()}
    variables = {
        name: (part.dims, part.values.astype(str if name.endswith("token") else np.float32))
        for name, part in parts.items()
    }
    labels = parts["top_token"].coords
    coords = {axis: labels[axis].values for axis in (*PLACES, "rank") if axis in labels}
    coords["asked_token"] = ("token_asked", np.atleast_1d(dataset["token_asked"].values).astype(str))
    data = with_labels(xr.Dataset(variables, coords).isel(layer=slice(None, None, -1)))
    tokens = np.broadcast_to(
        _whole(dataset["pos_token"], ("batch", "pos")).values, [data.sizes[axis] for axis in ("batch", "pos")]
    ).astype(str)
    data = data.rename(token_asked="asked").assign_coords(pos_token=(("batch", "pos"), tokens))
    data["kl"] = np.maximum(data["kl"], 0)  # of equal distributions it is 0 up to rounding
    read = {name: data[name].values for name in ("token", "probability", "entropy", "kl", "asked_rank")}
    return Cells(data, tokens, **read)


def _checked(result: Any, what: str) -> Any:
    if not is_result(result):
        raise ResultError(
            f"{what} is {kind_of(result)}; LogitLensView draws Results, as mi.logit_lens(run) makes them."
        )
    dataset = result.dataset
    missing = [name for name in (*_AXES, "pos_token", "token_asked") if name not in dataset]
    if missing:
        raise ResultError(
            f"{what}, {result.title!r}, has no {_listed(missing)}; LogitLensView draws what mi.logit_lens(run) makes."
        )
    sizes = dataset["probability"].sizes
    more = [str(axis) for axis in sizes if axis not in PLACES]
    if more:
        raise ResultError(
            f"{what}, {result.title!r}, has the axes {', '.join(map(str, sizes))}; a lens is drawn over "
            f"{', '.join(PLACES)}: choose with .sel({more[0]}=…)."
        )
    if 0 in sizes.values():
        said = ", ".join(f"{axis} {n}" for axis, n in sizes.items())
        raise ResultError(
            f"{what}, {result.title!r}, has no cells to draw ({said}): choose labels that exist with .sel(…)."
        )
    return result


def _whole(data: Any, axes: Sequence[str]) -> Any:
    """A variable with all these axes in this order: `.sel(layer=3)` has dropped one, and left its label."""
    return data.expand_dims([axis for axis in axes if axis not in data.dims]).transpose(*axes)


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:3])
    return f"{shown} and {len(names) - 3} more" if len(names) > 3 else shown
