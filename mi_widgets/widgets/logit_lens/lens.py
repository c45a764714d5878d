"""The lens as the view draws it: its cells and those of a control, and what their colours mean."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from mi_widgets.core.errors import ResultError
from mi_widgets.core.numbers import count

from .._shared.control import Control, named
from .._shared.drawn import DrawnResult
from .._shared.labelled import pack_arrays
from .._shared.labels import Axis, plain_axis
from .._shared.scale import ColourScale, highest
from .._shared.selection import Choices
from .._shared.wire import MOST_NUMBERS
from .cells import AXES, Cells, read_cells

# What a cell's colour can be and how it is called, in the order in which a key goes through them.
COLORS = {"probability": "probability", "rank": "rank", "entropy": "entropy", "kl": "KL"}
_LEAST_RANK = 9  # the end of the colours, where no token was further down
_SHARE = ColourScale("viridis", 0.0, 1.0)


class Lens(DrawnResult):
    """A lens and its control.

    Attributes:
        batch, layers, pos, ranks, asked: The labels; of layers the last first.
        tokens: The texts of the prompts, (batch, pos).
        values: The variables of `AXES`, with the axis `line` in front: the lens, and its control if there is one.
        control: What the control is, or None.
        last: The last position of each prompt that is no padding; -1 where all is.
        colors: The colourings there are: ranks only where tokens were asked for.
        scales: What the colours mean, for each of the colourings: one for all prompts, and for the control.
        worst: The rank at the dark end of the colours.
        title, model_name: What the header says.

    Raises:
        ResultError: A Result that is no lens, too many numbers, or a control of something else.
    """

    def __init__(self, result: Any, control: Any = None):
        lines, self.control = [read_cells(result, "This Result")], None
        if control is not None:
            name, part = named(control, "control")
            lines.append(read_cells(part, "control"))
            _compare(*lines)
            self.control = Control(name, lines[1].values["probability"], control)
        super().__init__(result, control)
        self.tokens, labels = lines[0].tokens, lines[0].labels
        self.batch, self.layers, self.pos = labels["batch"], labels["layer"], labels["pos"]
        self.asked = labels["token_asked"]
        # A control may have fewer of the likeliest tokens, or more.
        self.ranks = sorted({rank for cells in lines for rank in cells.labels["rank"]})
        self.values = {
            name: np.stack([cells.at_ranks(name, self.ranks) for cells in lines])
            for name, axes in AXES.items()
            if self.asked or "token_asked" not in axes
        }
        _refuse(sum(values.size for values in self.values.values()))
        real = ~np.isnan(self.values["probability"][0]).all(axis=1)
        self.last = np.where(real, np.arange(len(self.pos)), -1).max(axis=1)
        self.colors = [name for name in COLORS if name != "rank" or self.asked]
        self.worst = max(_LEAST_RANK, int(self._highest("asked_rank")))
        self.scales = {
            **dict.fromkeys(("probability", "top_probability", "asked_probability"), _SHARE),
            **{
                name: ColourScale("sequential", 0.0, self._highest(name) or 1.0) for name in ("entropy", "kl")
            },
            "rank": ColourScale("viridis", -float(np.log10(1 + self.worst)), 0.0),
            "asked_rank": ColourScale("viridis", 0.0, float(self.worst)),
        }

    @property
    def layer_numbers(self) -> list[int]:
        """The layers as numbers of an axis, the first one first: their labels, or places where these are texts."""
        upwards = self.layers[::-1]
        return upwards if all(isinstance(layer, int) for layer in upwards) else list(range(len(upwards)))

    def page(self, batch: int, color: str, pinned: str | None) -> np.ndarray:
        """The numbers that colour one prompt, (layer, pos); of ranks minus the logarithm, so that likely is high."""
        if color == "rank":
            return -np.log10(1 + self.values["asked_rank"][0, self.asked.index(pinned), batch])
        return self.values[color][0, batch]

    def ends(self, color: str) -> tuple[str, str]:
        """The ends of the colours, for the colour bar."""
        return (f"rank {count(self.worst)}", "0") if color == "rank" else self.scales[color].ends()

    def place(self, selection: Mapping[str, Any]) -> tuple[int, int | None, int | None]:
        """Where the selected prompt, layer and position are; None where none is selected."""
        layer, pos = selection["layer"], selection["pos"]
        return (
            self.batch.index(selection["batch"]),
            None if layer is None else self.layers.index(layer),
            None if pos is None else self.pos.index(pos),
        )

    def described_cell(self, selection: Mapping[str, Any]) -> tuple[int, int, int] | None:
        """The cell that is spoken of: without a layer the top one, without a position the last that is no padding."""
        batch, row, column = self.place(selection)
        column = int(self.last[batch]) if column is None else column
        return None if column < 0 else (batch, row or 0, column)

    def choices(self) -> Choices:
        """The labels of prompts, layers and positions; no layer and no position may be selected."""
        return {"batch": self.batch, "layer": [*self.layers[::-1], None], "pos": [*self.pos, None]}

    def packed(self) -> dict[str, Any]:
        """All prompts, for the browser."""
        labels = {"batch": self.batch, "layer": self.layers, "rank": self.ranks, "token_asked": self.asked}
        variables = {name: (" ".join(("line", *AXES[name])), values) for name, values in self.values.items()}
        return pack_arrays(
            [
                plain_axis("line", [0] if self.control is None else [0, 1]),
                *(plain_axis(name, found) for name, found in labels.items()),
                Axis("pos", self.pos, self.tokens.tolist(), by="batch", tokens=True),
            ],
            {**variables, "last": ("batch", self.last)},
            scales=self.scales,
            codes={"asked_probability": "uint16", "top_probability": "uint16"},
            control_name="" if self.control is None else self.control.name,
            layer_numbers=self.layer_numbers,
            colours={
                name: {"label": COLORS[name], "map": self.scales[name].map, "ends": self.ends(name)}
                for name in self.colors
            },
        )

    def _highest(self, name: str) -> float:
        values = self.values.get(name, np.zeros(0))  # where no token was asked for there are no ranks
        return highest(values)


def _compare(ours: Cells, theirs: Cells) -> None:
    """Refuse a control that is not the same lens on the same text."""
    for axis in ("layer", "pos", "token_asked"):
        if ours.labels[axis] != theirs.labels[axis]:
            raise ResultError(
                f"control has {theirs.span(axis)}, but this view has {ours.span(axis)}; "
                "a control is the same lens of the same prompt and tokens, such as an untrained model's."
            )
    if not np.array_equal(ours.tokens, theirs.tokens):
        raise ResultError(
            "control is on another text; a control is the same lens of the same prompt, such as an untrained model's."
        )


def _refuse(numbers: int) -> None:
    if numbers > MOST_NUMBERS:
        raise ResultError(
            f"LogitLensView would have to send {numbers:,} numbers (up to {MOST_NUMBERS:,}): choose with "
            ".sel(batch=[…]), or keep fewer of the likeliest with mi.logit_lens(run, top_k=…)."
        )
