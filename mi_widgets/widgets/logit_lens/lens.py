"""The lens as the view draws it: its cells, those of a control, and what their colours mean."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from mi_widgets.core.errors import ResultError

from .._shared.control import Control, named
from .._shared.given import header_of
from .._shared.labelled import pack_dataset
from .._shared.numbers import count
from .._shared.scale import Scale
from .._shared.selection import Choices
from .._shared.tokens import visible
from .._shared.wire import MOST_NUMBERS
from .._shared.words import Words
from .cells import PLACES, Cells, read_cells

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
        title, model_name: What the header says.

    Raises:
        ResultError: A Result that is no lens, too many numbers, or a control of something else.
    """

    def __init__(self, result: Any, control: Any = None):
        self.cells = read_cells(result, "This Result")
        self.title, self.model_name = str(result.title), str(result.model_name)
        self._header = header_of(result, control)
        self.batch, self.layers, self.pos, self.asked = map(self.cells.labels, (*PLACES, "asked"))
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

    def choices(self) -> Choices:
        """The labels of prompts, layers and positions; no layer and no position may be selected."""
        return {"batch": self.batch, "layer": [*self.layers[::-1], None], "pos": [*self.pos, None]}

    def first(self) -> dict[str, Any]:
        """The first prompt, and no cell."""
        return {"batch": self.batch[0], "layer": None, "pos": None}

    def header(self) -> dict[str, Any]:
        """What the view's header says, for the browser."""
        return self._header

    def packed(self) -> dict[str, Any]:
        """All prompts, for the browser: the lens, and its control if there is one, along the axis `line`."""
        share = Scale("viridis", 0.0, 1.0)
        scales = {
            **self.scales,
            "asked_rank": Scale("viridis", 0.0, float(self.worst)),
            "asked_probability": share,
            "top_probability": share,
        }
        return pack_dataset(
            self._lines(),
            scales=scales,
            codes={"asked_probability": "uint16", "top_probability": "uint16"},
            control_name="" if self.control is None else self.control.name,
        )

    def _lines(self) -> xr.Dataset:
        lines = [self.cells.data]
        if self.control_cells is not None:
            # Of a control of one prompt the number of the prompt may be another.
            lines.append(self.control_cells.data.assign_coords(batch=self.cells.data["batch"]))
        # A control may have fewer of the likeliest tokens.
        data = xr.concat(
            lines, "line", coords="minimal", compat="override", join="outer", fill_value={"top_token": ""}
        )
        return data if self.asked else data.drop_dims("asked")


def _highest(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.max()) if known.size else 0.0


def _compare(ours: Cells, theirs: Cells) -> None:
    """Refuse a control that is not the same lens on the same text."""
    for axis in ("layer", "pos", "asked"):
        if ours.labels(axis) != theirs.labels(axis):
            raise ResultError(
                f"control has {_span(axis, theirs.labels(axis))}, but this view has {_span(axis, ours.labels(axis))}; "
                "a control is the same lens of the same prompt and tokens, such as an untrained model's."
            )
    if ours.tokens.shape != theirs.tokens.shape or (ours.tokens != theirs.tokens).any():
        raise ResultError(
            "control is on another text; a control is the same lens of the same prompt, such as an untrained model's."
        )


def _span(axis: str, labels: list[Any]) -> str:
    if axis == "asked":
        return f"the tokens {labels!r}"
    first, last = (labels[-1], labels[0]) if axis == "layer" else (labels[0], labels[-1])
    return f"{len(labels)} labels of {axis}, {first} to {last}"


def _refuse(numbers: int) -> None:
    if numbers > MOST_NUMBERS:
        raise ResultError(
            f"LogitLensView would have to send {numbers:,} numbers (up to {MOST_NUMBERS:,}): choose with "
            ".sel(batch=[…]), or keep fewer of the likeliest with mi.logit_lens(run, top=…)."
        )
