"""What one lens holds: for every layer and position the likeliest tokens, how sure they are, and what was asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mi_widgets.core.errors import ResultError

from .._shared.given import refuse_empty, refuse_other
from .._shared.labels import labels_of

PLACES = ("batch", "layer", "pos")
AXES = {
    **dict.fromkeys(("token", "probability", "entropy", "kl"), PLACES),
    **dict.fromkeys(("top_token", "top_probability"), (*PLACES, "rank")),
    **dict.fromkeys(("asked_probability", "asked_rank"), ("token_asked", *PLACES)),
}


@dataclass(frozen=True)
class Cells:
    """One lens, the last layer first; padding is "" and NaN.

    Attributes:
        labels: Of each axis.
        tokens: The texts of the prompts, (batch, pos).
        values: The variables, with the axes of `AXES`.
    """

    labels: dict[str, list[Any]]
    tokens: np.ndarray
    values: dict[str, np.ndarray]

    def at_ranks(self, name: str, ranks: list[Any]) -> np.ndarray:
        """A variable with all of these ranks, some of which it may not have."""
        values, ours = self.values[name], self.labels["rank"]
        if AXES[name][-1] != "rank" or ours == ranks:
            return values
        found = np.full((*values.shape[:-1], len(ranks)), "" if name == "top_token" else np.nan, values.dtype)
        found[..., [ranks.index(rank) for rank in ours]] = values
        return found

    def span(self, axis: str) -> str:
        """What there is of an axis, for an error."""
        labels = self.labels[axis]
        if axis == "token_asked":
            return f"the tokens {labels!r}"
        first, last = (labels[-1], labels[0]) if axis == "layer" else (labels[0], labels[-1])
        return f"{len(labels)} labels of {axis}, {first} to {last}"


def read_cells(result: Any, what: str) -> Cells:
    """The numbers and texts of a Result of `mi.logit_lens`, whatever `.sel(…)` has left of its axes.

    Args:
        result: What was given.
        what: How it is named in an error.

    Raises:
        ResultError: It is no lens, or has more axes, or no cells.
    """
    dataset = _lens_result(result, what).dataset
    labels = {axis: labels_of(dataset, axis) for axis in (*PLACES, "rank")}
    asked = np.atleast_1d(dataset["token_asked"].values).astype(str).tolist()

    def whole(name: str, axes: Sequence[str]) -> np.ndarray:
        """With all axes in this order: `.sel(layer=3)` has dropped one, and left its label."""
        sizes = {**dataset.sizes, "token_asked": len(asked)}
        variable = dataset.variables[name].set_dims({axis: sizes.get(axis, 1) for axis in axes})
        return variable.values.astype(str if name.endswith("token") else np.float32, copy=False)

    values = {name: np.flip(whole(name, axes), axes.index("layer")) for name, axes in AXES.items()}
    values["kl"] = np.maximum(values["kl"], 0)  # of equal distributions it is 0 up to rounding
    labels["layer"].reverse()
    labels["token_asked"] = list(dict.fromkeys(asked))
    for name in ("asked_probability", "asked_rank"):  # one may have been asked for twice
        values[name] = values[name][[asked.index(token) for token in labels["token_asked"]]]
    return Cells(labels, whole("pos_token", ("batch", "pos")), values)


def _lens_result(result: Any, what: str) -> Any:
    refuse_other(result, "LogitLensView", "a Result, as in mi.logit_lens(run)", what)
    dataset = result.dataset
    missing = [name for name in (*AXES, "pos_token", "token_asked") if name not in dataset]
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
    refuse_empty(result, dataset["probability"])
    return result


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:3])
    return f"{shown} and {len(names) - 3} more" if len(names) > 3 else shown
