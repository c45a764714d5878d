"""The picture in words."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .._shared.numbers import reading
from .._shared.tokens import visible
from .._shared.words import Words
from .cells import Cells
from .lens import Lens

_NATS = {"entropy": "entropy", "kl": "KL"}
_WORDS = Words(__file__)


def sentence(lens: Lens, selection: Mapping[str, Any], color: str, pinned: str | None) -> str:
    """ "L11 at pos 13 ·to: ·Mary 0.71 (untrained: ·the 0.0004) · ·Mary is rank 0 from layer 7 on".

    The selected cell; where no layer is selected that of the top one, and where no position is, that of the last.
    """
    batch, row, column = lens.place(selection)
    column = lens.last_real(batch) if column is None else column
    lead = lens.batch[batch] if len(lens.batch) > 1 else None
    if column is None:
        return _WORDS.say("sentence", batch=lead, empty=True)
    return _WORDS.say("sentence", batch=lead, cell=_cell(lens, (batch, row or 0, column), color, pinned))


def _cell(lens: Lens, at: tuple[int, int, int], color: str, pinned: str | None) -> str:
    batch, row, column = at
    facts = {"layer": layer_name(lens.layers[row]), "position": position(lens, batch, column)}
    if math.isnan(lens.cells.probability[at]):
        return _WORDS.say("cell", **facts, padding=True)
    return _WORDS.say(
        "cell",
        **facts,
        likeliest=_WORDS.say(
            "likeliest",
            **_likeliest(lens.cells, at),
            **_control(lens, lambda cells: _WORDS.say("baseline", **_likeliest(cells, at))),
        ),
        nats=_in_nats(lens, at, color) if color in _NATS else None,
        pinned=None if pinned is None else _pinned(lens, batch, column, pinned),
    )


def _likeliest(cells: Cells, at: tuple[int, int, int]) -> dict[str, str]:
    return {"token": visible(str(cells.token[at])), "p": reading(float(cells.probability[at]))}


def _in_nats(lens: Lens, at: tuple[int, int, int], color: str) -> str:
    def value(cells: Cells) -> str:
        return reading(float(getattr(cells, color)[at]))

    return _WORDS.say("nats", measure=_NATS[color], value=value(lens.cells), **_control(lens, value))


def _pinned(lens: Lens, batch: int, column: int, pinned: str) -> str:
    asked = lens.asked.index(pinned)
    ranks = [float(rank) for rank in lens.cells.asked_rank[asked, batch, ::-1, column]]
    control = _control(lens, lambda cells: _whole(cells.asked_rank[asked, batch, 0, column]))
    return _WORDS.say("pinned", token=visible(pinned), fate=fate(ranks, lens.layers[::-1]), **control)


def _control(lens: Lens, say: Callable[[Cells], str]) -> dict[str, str]:
    if lens.control is None or lens.control_cells is None:
        return {}
    return {"control": lens.control.name, "baseline": say(lens.control_cells)}


def fate(ranks: Sequence[float], layers: Sequence[Any]) -> str:
    """ "is rank 0 from layer 7 on": when a token becomes the likeliest, and whether it stays so.

    Args:
        ranks: One a layer, the first layer first.
        layers: The names of the layers, in the same order.
    """
    last = len(ranks) - 1
    start = next((i + 1 for i in range(last, -1, -1) if ranks[i] != 0), 0)  # of the zeros at the end
    best = min(range(len(ranks)), key=lambda i: (ranks[i], -i))
    facts: dict[str, Any] = {"rank": _whole(ranks[last]), "last": layers[last]}
    if last == 0:
        facts["only"] = _whole(ranks[0])
    elif start <= last:
        facts |= {"always": start == 0, "alone" if start == last else "from": layers[start]}
    elif ranks[best] == 0:
        facts["zero"] = layers[best]
    elif best < last:
        facts |= {"lowest": _whole(ranks[best]), "best": layers[best]}
    return _WORDS.say("fate", **facts)


def _whole(rank: float) -> str:
    return f"{rank:.0f}"


def layer_name(layer: Any) -> str:
    """L7."""
    return _WORDS.say("layer", layer=layer)


def position(lens: Lens, batch: int, column: int) -> str:
    """ "pos 13 ·to"."""
    return _WORDS.say("position", pos=lens.pos[column], token=visible(lens.cells.tokens[batch, column]))
