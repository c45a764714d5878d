"""What a steering view shows: its sliders, and what the model says without and with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


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
class Said:
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


@dataclass(frozen=True)
class Shown:
    """All of it at one moment, for the picture.

    Attributes:
        model_name: for the header.
        sliders: one a direction.
        scales: where they stand.
        prompt: what is continued.
        plain: the continuation without steering.
        steered: the steered one.
        tokens: of the likeliest next tokens (text, probability as it is, and steered).
        figures: effect, cost and control; empty where none are known.
    """

    model_name: str
    sliders: Sequence[Slider]
    scales: Sequence[float]
    prompt: str
    plain: Said
    steered: Said
    tokens: Sequence[Sequence[Any]]
    figures: Mapping[str, Any]
