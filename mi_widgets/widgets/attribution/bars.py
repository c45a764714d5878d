"""The largest terms as bars around 0, and one bar for all others. `bars.ts` draws the same in the browser."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from .. import _marks as marks
from .._marks.text import plain
from .._shared.tokens import cut
from .terms import Terms
from .words import Part, others, term

MOST = 20
_LONGEST = 24  # characters of a name
_REST = 1.5  # how much longer than the longest term the bar of the others may be


def bars_of(terms: Terms, selection: Mapping[str, Any]) -> list[Part]:
    """The largest terms of the selected prompt, the selected one if it is smaller, and the sum of the others."""
    row, n_terms = terms.row(selection), len(terms.names)
    shown = terms.order[row, : MOST + (n_terms == MOST + 1)].tolist()
    chosen = None if selection["term"] is None else terms.names.index(selection["term"])
    if chosen is not None and chosen not in shown:
        shown.append(chosen)
    found = [term(terms, row, i) for i in shown]
    if len(shown) < n_terms:
        rest = np.delete(terms.values[:, row], shown, axis=1).sum(axis=1, dtype=np.float64)
        found.append(Part(others(n_terms - len(shown)), *rest.tolist()))
    return found


def bars(terms: Terms, selection: Mapping[str, Any], off: set[tuple[int, int]], width: int) -> marks.Bars:
    """The bars with their names and numbers, and beneath them what they add up to."""
    found, scale = bars_of(terms, selection), terms.scale
    rows = []
    for bar in found:
        switched = bar.index is not None and terms.parts.head_of(bar.index) in off
        number = "off" if switched else scale.number_text(bar.value)
        quiet = bar.index is None or switched
        rows.append(
            marks.Bar(cut(plain(bar.name), _LONGEST), bar.value, number, control=bar.control, quiet=quiet)
        )
    rest = [abs(bar.value) for bar in found if bar.index is None]
    names = [None if bar.index is None else terms.names[bar.index] for bar in found]
    return marks.Bars(
        rows,
        # The others together may be far larger than any term: their bar is broken off rather than all made tiny.
        1.02 * max(scale.high, *(min(size, _REST * scale.high) for size in rest), 0.0),
        signed=True,
        around=True,
        chosen=None if selection["term"] is None else names.index(selection["term"]),
        total=("logit difference", scale.number_text(float(terms.differences[terms.row(selection)]))),
        width=width,
    )
