"""The picture in words. `words.ts` says the same in the browser."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from .._shared.numbers import reading
from .._shared.tokens import visible
from .cells import Cells
from .lens import Lens

_NATS = {"entropy": "entropy", "kl": "KL"}


def sentence(lens: Lens, selection: Mapping[str, Any], color: str, pinned: str | None) -> str:
    """ "L11 at pos 13 ·to: ·Mary 0.71 (untrained: ·the 0.0004) · ·Mary is rank 0 from layer 7 on".

    The selected cell; where no layer is selected that of the top one, and where no position is, that of the last.
    """
    batch, row, column = lens.place(selection)
    column = lens.last_real(batch) if column is None else column
    lead = f"batch {lens.batch[batch]} · " if len(lens.batch) > 1 else ""
    if column is None:
        return _capital(f"{lead}no tokens here")
    at = batch, row or 0, column
    name = f"{lead}{layer_name(lens.layers[at[1]])} at {position(lens, batch, column)}"
    if math.isnan(lens.cells.probability[at]):
        return _capital(f"{name}: padding")
    parts = [f"{name}: {_likeliest(lens.cells, at)}{_control(lens, lambda cells: _likeliest(cells, at))}"]
    if color in _NATS:
        in_nats = reading(float(getattr(lens.cells, color)[at]))
        control = _control(lens, lambda cells: reading(float(getattr(cells, color)[at])))
        parts.append(f"{_NATS[color]} {in_nats} nats{control}")
    if pinned is not None:
        asked = lens.asked.index(pinned)
        ranks = lens.cells.asked_rank[asked, batch, ::-1, column]
        last = _control(lens, lambda cells: f"rank {cells.asked_rank[asked, batch, 0, column]:.0f}")
        parts.append(f"{visible(pinned)} {fate([float(rank) for rank in ranks], lens.layers[::-1])}{last}")
    return _capital(" · ".join(parts))


def fate(ranks: Sequence[float], layers: Sequence[Any]) -> str:
    """ "is rank 0 from layer 7 on": when a token becomes the likeliest, and whether it stays so.

    Args:
        ranks: One a layer, the first layer first.
        layers: The names of the layers, in the same order.
    """
    last = len(ranks) - 1
    if last == 0:
        return f"is rank {ranks[0]:.0f}"
    start = next((i + 1 for i in range(last, -1, -1) if ranks[i] != 0), 0)  # of the zeros at the end
    if start <= last:
        if start == 0:
            return "is rank 0 at every layer"
        return (
            f"is rank 0 at layer {layers[last]} alone"
            if start == last
            else f"is rank 0 from layer {layers[start]} on"
        )
    at_end = f"rank {ranks[last]:.0f} at layer {layers[last]}"
    best = min(range(len(ranks)), key=lambda i: (ranks[i], -i))
    if ranks[best] == 0:
        return f"is rank 0 at layer {layers[best]}, but {at_end}"
    if best == last:
        return f"is never rank 0: at best {at_end}"
    return f"is never rank 0: at best rank {ranks[best]:.0f} at layer {layers[best]}, and {at_end}"


def layer_name(layer: Any) -> str:
    """L7."""
    return f"L{layer}"


def position(lens: Lens, batch: int, column: int) -> str:
    """ "pos 13 ·to"."""
    return f"pos {lens.pos[column]} {visible(lens.cells.tokens[batch, column])}".strip()


def _likeliest(cells: Cells, at: tuple[int, int, int]) -> str:
    return f"{visible(str(cells.token[at]))} {reading(float(cells.probability[at]))}"


def _control(lens: Lens, say: Any) -> str:
    if lens.control is None or lens.control_cells is None:
        return ""
    return f" ({lens.control.name}: {say(lens.control_cells)})"


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
