"""What a steering view shows: what a push does and costs, and in a panel its sliders and what the model says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import xarray as xr

from mi_widgets.core.errors import ResultError

from .._shared.given import header_of, refuse_other
from .._shared.labelled import pack_dataset
from .._shared.selection import Choices


@dataclass(frozen=True)
class Slider:
    """One slider.

    Attributes:
        name: of the direction.
        note: where it comes from.
        reach: how far it goes to either side.
    """

    name: str
    note: str
    reach: float


@dataclass(frozen=True)
class Continuation:
    """A continuation.

    Attributes:
        pieces: its tokens, each with whether the other continuation has it too.
        writing: whether more is to come.
        error: what went wrong, if something did.
    """

    pieces: Sequence[tuple[str, bool]] = ()
    writing: bool = False
    error: str = ""

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(piece for piece, _ in self.pieces)


class SteeringData:
    """What a push does and costs.

    Args:
        result: of `mi.steering_effect`; None where nothing was measured, as in a panel whose sliders stand at 0.
        header: a panel's own.

    Attributes:
        data: `kl`, `cost` (push) and, of probes, `read` (push, probe); NaN where nothing is known. Empty without a
            result.
    """

    def __init__(self, result: Any, header: dict[str, Any] | None = None) -> None:
        self.data = xr.Dataset() if result is None and header else _measured(result)
        self._header = header or header_of(result)

    def choices(self) -> Choices:
        """Nothing can be selected."""
        return {}

    def first(self) -> dict[str, Any]:
        """Nothing."""
        return {}

    def header(self) -> dict[str, Any]:
        """Of the panel, or of the Result."""
        return self._header

    def packed(self) -> dict[str, Any]:
        """All of it, for the browser."""
        return pack_dataset(self.data)


def _measured(result: Any) -> xr.Dataset:
    refuse_other(result, "SteeringView", "a Result, as in mi.steering_effect(model, steering, prompt)")
    if "kl" not in result.dataset:
        raise ResultError(f"SteeringView draws a Result of mi.steering_effect, not {result.title}.")
    data = result.dataset
    if "push" not in data.dims:  # .sel(push="given") has dropped it
        data = data.expand_dims("push")
    if "read" in data and "probe" not in data.dims:
        data = data.assign(read=data["read"].expand_dims("probe"))
    more = [axis for axis in data.dims if axis not in ("push", "probe")]
    if more:
        raise ResultError(
            f"{result.title} was measured several times: choose .sel({more[0]}=…), or see .plot()."
        )
    return data.reindex(push=["given", "random"])
