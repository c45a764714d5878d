"""The lens as the view draws it: its cells, those of a control, and what their colours mean."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from mi_widgets.core.errors import ResultError

from .._shared.control import Control, named
from .._shared.given import warnings_of
from .._shared.numbers import count
from .._shared.scale import Scale
from .._shared.tokens import visible
from .._shared.wire import MOST_NUMBERS
from .._shared.words import Words
from .cells import Cells, Texts, read_cells

# What a cell's colour can be, in the order in which a key goes through them.
COLORS = ("probability", "rank", "entropy", "kl")
_WORDS = Words(__file__)
_LEAST_RANK = 9  # the end of the colours, where no token was further down


class Lens:
    """A lens and its control.

    Attributes:
        cells: The lens.
        control: The same of a baseline, or None.
        control_cells: Its arrays.
        batch, layers, pos, asked: The labels; of layers the last first.
        scales: What the colours mean, for each of the colourings: one for all prompts, and for the control.
        worst: The rank at the dark end of the colours.
        title, model_name, warnings: What the header says.

    Raises:
        ResultError: A Result that is no lens, too many numbers, or a control of something else.
    """

    def __init__(self, result: Any, control: Any = None):
        self.cells = read_cells(result, "This Result")
        self.title, self.model_name = str(result.title), str(result.model_name)
        self.warnings = warnings_of(result, control)
        labels = self.cells.labels
        self.batch, self.layers, self.pos = labels["batch"], labels["layer"], labels["pos"]
        self.asked: list[str] = labels["token_asked"]
        self.control: Control | None = None
        self.control_cells: Cells | None = None
        if control is not None:
            name, part = named(control, "control")
            self.control_cells = read_cells(part, "control")
            _compare(self.cells, self.control_cells)
            self.control = Control(name, self.control_cells.probability, control)
        every = [cells for cells in (self.cells, self.control_cells) if cells is not None]
        _refuse(sum(cells.size for cells in every))
        self.worst = max(_LEAST_RANK, *(int(_highest(cells.asked_rank)) for cells in every))
        self.scales = {
            "probability": Scale("viridis", 0.0, 1.0),
            "rank": Scale("viridis", -float(np.log10(1 + self.worst)), 0.0),
            **{
                name: Scale("sequential", 0.0, max(_highest(getattr(cells, name)) for cells in every) or 1.0)
                for name in ("entropy", "kl")
            },
        }

    @property
    def colors(self) -> tuple[str, ...]:
        """The colourings there are: ranks only where tokens were asked for."""
        return tuple(name for name in COLORS if name != "rank" or self.asked)

    @property
    def layer_numbers(self) -> list[int]:
        """The layers as numbers of an axis, the first one first: their labels, or places where these are texts."""
        upwards = self.layers[::-1]
        return upwards if all(isinstance(layer, int) for layer in upwards) else list(range(len(upwards)))

    def page(self, batch: int, color: str, asked: int) -> np.ndarray:
        """The numbers that colour one prompt, (layer, pos); of ranks minus the logarithm, so that likely is high."""
        if color == "rank":
            return -np.log10(1 + self.cells.asked_rank[asked, batch])
        return getattr(self.cells, color)[batch]

    def ends(self, color: str) -> tuple[str, str]:
        """The ends of the colours, for the colour bar."""
        return (f"rank {count(self.worst)}", "0") if color == "rank" else self.scales[color].ends()

    def coloured_by(self, color: str, pinned: str | None) -> str:
        """What the colours show, in words."""
        return _WORDS.say(f"by {color}", token=visible(pinned or ""))

    def last_real(self, batch: int) -> int | None:
        """The last position of a prompt that is no padding."""
        real = np.flatnonzero(~np.isnan(self.cells.probability[batch]).all(axis=0))
        return int(real[-1]) if len(real) else None

    def place(self, selection: Mapping[str, Any]) -> tuple[int, int | None, int | None]:
        """Where the selected prompt, layer and position are; None where none is selected."""
        layer, pos = selection["layer"], selection["pos"]
        return (
            self.batch.index(selection["batch"]),
            None if layer is None else self.layers.index(layer),
            None if pos is None else self.pos.index(pos),
        )

    def header(self) -> dict[str, Any]:
        """What the view's header says, for the browser."""
        return {"title": self.title, "model": self.model_name, "warnings": self.warnings}

    def packed(self) -> dict[str, Any]:
        """All prompts, for the browser: texts once each, everything else as bytes."""
        reach = {
            "entropy": self.scales["entropy"].high,
            "kl": self.scales["kl"].high,
            "rank": float(self.worst),
        }
        texts, control = Texts(), self.control_cells
        return {
            "batch": self.batch,
            "layers": self.layers,
            "pos": self.pos,
            "asked": self.asked,
            "tokens": texts.pack(self.cells.tokens),
            "cells": self.cells.packed(texts, reach=reach),
            "control": None if control is None else control.packed(texts, reach=reach),
            "control_name": "" if self.control is None else self.control.name,
            "texts": texts.all,
        }


def _highest(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.max()) if known.size else 0.0


def _compare(ours: Cells, theirs: Cells) -> None:
    """Refuse a control that is not the same lens on the same text."""
    for axis in ("layer", "pos", "token_asked"):
        if ours.labels[axis] != theirs.labels[axis]:
            raise ResultError(
                f"control has {_span(axis, theirs.labels[axis])}, but this view has {_span(axis, ours.labels[axis])}; "
                "a control is the same lens of the same prompt and tokens, such as an untrained model's."
            )
    if ours.tokens.shape != theirs.tokens.shape or (ours.tokens != theirs.tokens).any():
        raise ResultError(
            "control is on another text; a control is the same lens of the same prompt, such as an untrained model's."
        )


def _span(axis: str, labels: list[Any]) -> str:
    if axis == "token_asked":
        return f"the tokens {labels!r}"
    first, last = (labels[-1], labels[0]) if axis == "layer" else (labels[0], labels[-1])
    return f"{len(labels)} labels of {axis}, {first} to {last}"


def _refuse(numbers: int) -> None:
    if numbers > MOST_NUMBERS:
        raise ResultError(
            f"LogitLensView would have to send {numbers:,} numbers (up to {MOST_NUMBERS:,}): choose with "
            ".sel(batch=[…]), or keep fewer of the likeliest with mi.logit_lens(run, top=…)."
        )
