"""The picture in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._shared.numbers import fixed, reading
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
    """

    name: str
    value: float
    control: float | None


def sentence(terms: Terms, selection: Mapping[str, Any]) -> str:
    """L3.H1 adds 2.10 of the 3.56 nats by which "·Mary" leads "·John" (untrained: 0.02); else the largest term."""
    row = terms.row(selection)
    lead = float(terms.differences[row])
    part = chosen(terms, selection)
    spoken = part or term(terms, row, int(np.nan_to_num(np.abs(terms.values[row])).argmax()))
    control = spoken.control if terms.control is not None else None
    return _WORDS.say(
        "sentence",
        part=part and part.name,
        largest=spoken.name,
        size=reading(spoken.value if part is None else abs(spoken.value)),
        against=spoken.value * (-1 if lead < 0 else 1) < 0,
        within=abs(spoken.value) <= abs(lead),
        lead=reading(abs(lead)),
        unit=terms.unit,
        right=quoted(terms.right[row]),
        wrong=quoted(terms.wrong[row]),
        trails=lead < 0,
        control=terms.control and terms.control.name,
        baseline=None if control is None else reading(control),
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
    here = parts.cells[:, 0] == parts.layers.index(layer)
    if head is not None:
        here &= parts.cells[:, 1] == parts.heads.index(head)
    control = None if terms.control is None else terms.control.values[row, here].sum(dtype=np.float64)
    name = _WORDS.say("heads", layer=layer, head=head)
    return Part(name, float(terms.values[row, here].sum(dtype=np.float64)), control)


def term(terms: Terms, row: int, index: int) -> Part:
    """One term, with the token that it moves."""
    name = _WORDS.say("term", term=terms.names[index], token=visible(terms.token(row, index)))
    control = None if terms.control is None else float(terms.control.values[row, index])
    return Part(name, float(terms.values[row, index]), control)


def share(value: float, whole: float) -> str:
    """A part of the logit difference: 59.0 %, −12.3 %; none where there is no difference to speak of."""
    if not abs(whole) >= 1e-6 or np.isnan(value):
        return "none"
    percent = 100 * value / whole
    return f"{fixed(percent, 0 if abs(percent) >= 999.95 else 1)} %"
