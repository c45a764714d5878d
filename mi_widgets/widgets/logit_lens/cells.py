"""What one lens holds: for every layer and position the likeliest tokens, how sure they are, and what was asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mi_widgets.core.errors import ResultError

from .._shared.given import is_result, kind_of
from .._shared.labels import labels_of
from .._shared.wire import pack, quantise

PLACES = ("batch", "layer", "pos")
_VARIABLES = (
    *("token", "probability", "entropy", "kl", "top_token", "top_probability"),
    *("asked_probability", "asked_rank"),
)
_MOST_CODES = 65_535  # of uint16; the highest means NaN


@dataclass(frozen=True)
class Cells:
    """One lens as arrays (batch, layer, pos), the last layer first; padding is "" and NaN.

    Attributes:
        tokens: The texts of the prompts, (batch, pos).
        token: The text of the likeliest next token.
        probability: Its probability.
        entropy: Of the whole distribution, in nats.
        kl: From it to the model's final one, in nats.
        top_token: The likeliest tokens, (batch, layer, pos, rank).
        top_probability: Their probabilities.
        asked_probability: Of the tokens that were asked for, (asked, batch, layer, pos).
        asked_rank: Their ranks; 0 is the likeliest.
        labels: Of batch, layer (the last first), pos, rank and token_asked.
    """

    tokens: np.ndarray
    token: np.ndarray
    probability: np.ndarray
    entropy: np.ndarray
    kl: np.ndarray
    top_token: np.ndarray
    top_probability: np.ndarray
    asked_probability: np.ndarray
    asked_rank: np.ndarray
    labels: dict[str, list[Any]]

    @property
    def size(self) -> int:
        """How many numbers are sent."""
        return sum(getattr(self, name).size for name in ("token", "probability", "entropy", "kl")) + 2 * (
            self.top_token.size + self.asked_rank.size
        )

    def packed(self, texts: "Texts", *, reach: dict[str, float]) -> dict[str, Any]:
        """For the browser; tokens are places in a list of texts.

        Args:
            texts: Collects the texts.
            reach: The highest number of the colours of entropy, kl and rank.
        """
        floats = {name: pack(getattr(self, name), high=reach[name]) for name in ("entropy", "kl")}
        asked = self.asked_rank.size > 0
        return {
            "ranks": self.labels["rank"],
            "token": texts.pack(self.token),
            "probability": pack(self.probability),
            **floats,
            "top_token": texts.pack(self.top_token),
            "top_probability": _fine(self.top_probability),
            "asked_probability": _fine(self.asked_probability) if asked else None,
            "asked_rank": pack(self.asked_rank, high=reach["rank"]) if asked else None,
        }


class Texts:
    """Texts that occur again and again, each sent once."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}

    @property
    def all(self) -> list[str]:
        """Each text, at its place."""
        return list(self._places)

    def pack(self, texts: np.ndarray) -> dict[str, Any]:
        """The places of some texts, for the wire."""
        places = self._places
        found = [places.setdefault(text, len(places)) for text in texts.ravel().tolist()]
        # Of float32 every whole number up to 16 million can be sent.
        dtype = np.uint16 if len(places) <= _MOST_CODES else np.float32
        return pack(np.array(found, dtype).reshape(texts.shape))


def read_cells(result: Any, what: str) -> Cells:
    """The arrays of a Result of `mi.logit_lens`, whatever `.sel(…)` has left of its axes.

    Args:
        result: What was given.
        what: How it is named in an error.

    Raises:
        ResultError: It is no lens, or has more axes, or no cells.
    """
    dataset = _checked(result, what).dataset
    whole = _whole(dataset["probability"], PLACES)
    labels = {axis: labels_of(whole, axis) for axis in PLACES}
    labels["layer"] = labels["layer"][::-1]
    labels["rank"] = labels_of(_whole(dataset["top_token"], (*PLACES, "rank")), "rank")
    # Not `labels_of`: a token that was asked for twice is still a text.
    labels["token_asked"] = [str(token) for token in np.atleast_1d(dataset["token_asked"].values)]
    shape = whole.sizes["batch"], whole.sizes["pos"]

    def of(name: str, *more: str) -> np.ndarray:
        values = np.asarray(_whole(dataset[name], (*PLACES, *more)).values)[:, ::-1]
        return values.astype(str if name.endswith("token") else np.float32)

    return Cells(
        tokens=np.broadcast_to(_whole(dataset["pos_token"], ("batch", "pos")).values, shape).astype(str),
        **{name: of(name) for name in ("token", "probability", "entropy")},
        kl=np.maximum(of("kl"), 0),  # of equal distributions it is 0 up to rounding
        top_token=of("top_token", "rank"),
        top_probability=of("top_probability", "rank"),
        asked_probability=np.moveaxis(of("asked_probability", "token_asked"), -1, 0),
        asked_rank=np.moveaxis(of("asked_rank", "token_asked"), -1, 0),
        labels=labels,
    )


def _checked(result: Any, what: str) -> Any:
    if not is_result(result):
        raise ResultError(
            f"{what} is {kind_of(result)}; LogitLensView draws Results, as mi.logit_lens(run) makes them."
        )
    dataset = result.dataset
    missing = [name for name in (*_VARIABLES, "pos_token", "token_asked") if name not in dataset]
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


def _fine(probabilities: np.ndarray) -> dict[str, Any]:
    return pack(quantise(probabilities, low=0, high=1, dtype="uint16"))


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:3])
    return f"{shown} and {len(names) - 3} more" if len(names) > 3 else shown
