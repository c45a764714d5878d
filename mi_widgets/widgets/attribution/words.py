"""The picture in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mi_widgets.core.numbers import number_text

from .._shared.tokens import quoted, visible
from .._shared.words import Words
from .terms import Terms

_WORDS = Words(__file__)


@dataclass(frozen=True)
class Part:
    """What is spoken of: a term, or the sum of some.

    Attributes:
        name: As it is said.
        value: What it adds.
        control: What it adds on the baseline, or None.
        index: The place of a term among all; None for a sum.
    """

    name: str
    value: float
    control: float | None = None
    index: int | None = None


def sentence(terms: Terms, selection: Mapping[str, Any]) -> str:
    """L3.H1 adds 2.10 of the 3.56 nats by which "·Mary" leads "·John" (untrained: 0.02); else the largest term."""
    row = terms.row(selection)
    lead = float(terms.differences[row])
    part = chosen(terms, selection)
    spoken = part or term(terms, row, int(terms.order[row, 0]))
    return _WORDS.say(
        "sentence",
        part=part and part.name,
        largest=spoken.name,
        size=number_text(spoken.value if part is None else abs(spoken.value)),
        against=spoken.value * (-1 if lead < 0 else 1) < 0,
        within=abs(spoken.value) <= abs(lead),
        lead=number_text(abs(lead)),
        unit=terms.unit,
        right=quoted(terms.right[row]),
        wrong=quoted(terms.wrong[row]),
        trails=lead < 0,
        control=terms.control and terms.control.name,
        baseline=None if spoken.control is None else number_text(spoken.control),
    )


def others(n: int) -> str:
    """ "the other 1,234 terms"."""
    return _WORDS.say("others", n=f"{n:,}" if n > 1 else None)


def chosen(terms: Terms, selection: Mapping[str, Any]) -> Part | None:
    """The selected term, or the sum of what is selected of the heads; None where nothing is."""
    row, parts = terms.row(selection), terms.parts
    if selection["term"] is not None:
        return term(terms, row, terms.names.index(selection["term"]))
    layer, head = selection.get("layer"), selection.get("head")
    if layer is None:  # of one head in all layers there is nothing to say
        return None
    cells = terms.grid[:, row, parts.layers.index(layer)].astype(np.float64)
    with np.errstate(invalid="ignore"):  # the sum of two without end is no number
        sums = np.nansum(cells, axis=1) if head is None else cells[:, parts.heads.index(head)]
    return Part(_WORDS.say("heads", layer=layer, head=head), *sums.tolist())


def term(terms: Terms, row: int, index: int) -> Part:
    """One term, with the token that it moves."""
    name = _WORDS.say("term", term=terms.names[index], token=visible(str(terms.tokens[row, index])))
    return Part(name, *terms.values[:, row, index].tolist(), index=index)
