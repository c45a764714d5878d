"""The picture in words."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from mi_widgets.core.numbers import number_text

from .._shared.tokens import visible
from .._shared.words import Words
from .lens import COLORS, Lens

_WORDS = Words(__file__)


def sentence(lens: Lens, selection: Mapping[str, Any], color: str, pinned: str | None) -> str:
    """ "L11 at pos 13 ·to: ·Mary 0.71 (untrained: ·the 0.0004) · ·Mary is rank 0 from layer 7 on"."""
    at = lens.described_cell(selection)
    batch = selection["batch"] if len(lens.batch) > 1 else None
    return _WORDS.say("sentence", batch=batch, cell=at and _cell(lens, at, color, pinned))


def coloured_by(color: str, pinned: str | None) -> str:
    """What the colours show."""
    return _WORDS.say(f"by {color}", token=visible(pinned or ""))


def position(lens: Lens, batch: int, column: int) -> str:
    """ "pos 13 ·to"."""
    return _WORDS.say("position", pos=lens.pos[column], token=visible(str(lens.tokens[batch, column])))


def fate(ranks: Sequence[int], layers: Sequence[Any]) -> str:
    """ "is rank 0 from layer 7 on": when a token becomes the likeliest, and whether it stays so.

    Args:
        ranks: One a layer, the first layer first.
        layers: The names of the layers, in the same order.
    """
    last = len(ranks) - 1
    start = max((i + 1 for i, rank in enumerate(ranks) if rank), default=0)  # of the zeros at the end
    best = min(range(len(ranks)), key=lambda i: (ranks[i], -i))
    return _WORDS.say(
        "fate",
        only=last == 0,
        always=start == 0,
        alone=start == last,
        start=layers[start] if start <= last else None,
        zero=ranks[best] == 0,
        lowest=ranks[best] if best < last else None,
        best=layers[best],
        rank=ranks[last],
        last=layers[last],
    )


def _cell(lens: Lens, at: tuple[int, int, int], color: str, pinned: str | None) -> str:
    batch, row, column = at

    def value(name: str, line: int) -> Any:
        return lens.values[name][(line, *at)]

    def likeliest(line: int) -> dict[str, str]:
        return {
            "token": visible(str(value("token", line))),
            "p": number_text(float(value("probability", line))),
        }

    def nats(line: int) -> str:
        return number_text(float(value(color, line)))

    facts = {}
    if not np.isnan(value("probability", 0)):
        baseline = _baseline(lens, lambda line: _WORDS.say("likeliest", **likeliest(line)))
        facts["likeliest"] = _WORDS.say("likeliest", **likeliest(0), **baseline)
        if color in ("entropy", "kl"):
            measure = {"measure": COLORS[color], "value": nats(0)}
            facts["nats"] = _WORDS.say("nats", **measure, **_baseline(lens, nats))
        if pinned is not None:
            facts["pinned"] = _pinned(lens, batch, column, pinned)
    return _WORDS.say("cell", layer=lens.layers[row], position=position(lens, batch, column), **facts)


def _pinned(lens: Lens, batch: int, column: int, pinned: str) -> str:
    ranks = lens.values["asked_rank"][:, lens.asked.index(pinned), batch, ::-1, column].astype(int)
    said = fate(ranks[0].tolist(), lens.layers[::-1])
    baseline = _baseline(lens, lambda line: str(ranks[line, -1]))
    return _WORDS.say("pinned", token=visible(pinned), fate=said, **baseline)


def _baseline(lens: Lens, say: Callable[[int], str]) -> dict[str, str]:
    """What a control has to say in brackets, where there is one."""
    return {} if lens.control is None else {"control": lens.control.name, "baseline": say(1)}
