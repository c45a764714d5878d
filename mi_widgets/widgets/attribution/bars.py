"""The largest terms as bars around 0, and one bar for all others. `bars.ts` draws the same in the browser."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import _marks as marks
from .._marks.text import plain
from .._shared.scale import Scale
from .._shared.tokens import cut
from .sent import Sent
from .words import others, term

MOST = 20
_LONGEST = 24  # signs of a name
_REST = 1.5  # how much longer than the longest term the bar of the others may be


@dataclass(frozen=True)
class Bar:
    """One bar: a term, or where `index` is None all those that have no bar."""

    name: str
    value: float
    control: float | None
    index: int | None


def bars_of(sent: Sent, selection: Mapping[str, Any]) -> list[Bar]:
    """The largest terms of the selected prompt, the selected one if it is smaller, and the sum of the others."""
    terms = sent.terms
    row, n_terms = terms.row(selection), len(terms.names)
    sizes = np.nan_to_num(np.abs(terms.values[row, sent.kept]))
    order = sent.kept[np.argsort(-sizes, kind="stable")]
    shown = [int(i) for i in order[: MOST + (n_terms == MOST + 1)]]
    chosen = None if selection["term"] is None else terms.names.index(selection["term"])
    if chosen is not None and chosen not in shown:
        shown.append(chosen)
    found = []
    for i in shown:
        part = term(terms, row, i)
        found.append(Bar(part.name, part.value, part.control, i))
    rest = np.ones(n_terms, bool)
    rest[shown] = False
    if not rest.any():
        return found
    control = None if terms.control is None else float(terms.control.values[row, rest].sum(dtype=np.float64))
    value = float(terms.values[row, rest].sum(dtype=np.float64))
    return [*found, Bar(others(int(rest.sum())), value, control, None)]


def bars(sent: Sent, selection: Mapping[str, Any], off: set[tuple[int, int]], width: int) -> marks.Bars:
    """The bars with their names and numbers, and beneath them what they add up to."""
    terms, found = sent.terms, bars_of(sent, selection)
    scale = Scale("diverging", -sent.reach[0], sent.reach[0])
    rest = max((abs(bar.value) for bar in found if bar.index is None), default=0.0)
    rows = []
    for bar in found:
        switched = bar.index is not None and _head(sent, bar.index) in off
        number = "off" if switched else scale.write(bar.value)
        name = cut(plain(bar.name), _LONGEST)
        rows.append(
            marks.Bar(name, bar.value, number, control=bar.control, quiet=bar.index is None or switched)
        )
    term = None if selection["term"] is None else terms.names.index(selection["term"])
    return marks.Bars(
        rows,
        # The others together may be far larger than any term: their bar is broken off rather than all made tiny.
        1.02 * max(sent.reach[0], min(rest, _REST * sent.reach[0])),
        signed=True,
        around=True,
        chosen=next((i for i, bar in enumerate(found) if term is not None and bar.index == term), None),
        total=("logit difference", scale.write(float(terms.differences[terms.row(selection)]))),
        width=width,
    )


def _head(sent: Sent, index: int) -> tuple[int, int] | None:
    parts = sent.terms.parts
    row, column = parts.cells[index]
    return (parts.layers[row], parts.heads[column]) if row >= 0 and column < len(parts.heads) else None
