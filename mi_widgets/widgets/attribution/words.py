"""The picture in words. `words.ts` says the same in the browser."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._shared.numbers import fixed, reading
from .._shared.tokens import quoted, visible
from .terms import Terms


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
    right, wrong = quoted(terms.right[row]), quoted(terms.wrong[row])
    verb = "trails" if lead < 0 else "leads"
    part = chosen(terms, selection)
    if part is None:
        largest = term(terms, row, int(np.nan_to_num(np.abs(terms.values[row])).argmax()))
        said = f"{largest.name} {reading(largest.value)}{_control(terms, largest)}"
        return f"{right} {verb} {wrong} by {reading(abs(lead))} {terms.unit} · largest: {said}"
    whole = f"{reading(abs(lead))} {terms.unit} by which {right} {verb} {wrong}"
    return f"{part.name} {adds(part.value, lead)} {whole}{_control(terms, part)}"


def adds(value: float, lead: float) -> str:
    """ "adds 2.10 of the", "takes 0.50 off the": what a part does to the lead of one answer over the other."""
    size = reading(abs(value))
    if value * (-1 if lead < 0 else 1) < 0:
        return f"takes {size} off the"
    return f"adds {size} {'of' if abs(value) <= abs(lead) else 'to'} the"


def chosen(terms: Terms, selection: Mapping[str, Any]) -> Part | None:
    """The selected term, or the sum of what is selected of the heads; None where nothing is."""
    row, parts = terms.row(selection), terms.parts
    if selection["term"] is not None:
        return term(terms, row, terms.names.index(selection["term"]))
    layer, head = selection.get("layer"), selection.get("head")
    if layer is None:  # of one head in all layers there is nothing to say
        return None
    here = parts.cells[:, 0] == parts.layers.index(layer)
    name = f"Layer {layer}"
    if head is not None:
        here &= parts.cells[:, 1] == parts.heads.index(head)
        name = f"L{layer}.H{head} from all positions"
    control = None if terms.control is None else terms.control.values[row, here].sum(dtype=np.float64)
    return Part(name, float(terms.values[row, here].sum(dtype=np.float64)), control)


def term(terms: Terms, row: int, index: int) -> Part:
    """One term, with the token that it moves."""
    token = terms.token(row, index)
    name = f"{terms.names[index]} {visible(token)}" if token else terms.names[index]
    control = None if terms.control is None else float(terms.control.values[row, index])
    return Part(name, float(terms.values[row, index]), control)


def share(value: float, whole: float) -> str:
    """A part of the logit difference: 59.0 %, −12.3 %; none where there is no difference to speak of."""
    if not abs(whole) >= 1e-6 or np.isnan(value):
        return "none"
    percent = 100 * value / whole
    return f"{fixed(percent, 0 if abs(percent) >= 999.95 else 1)} %"


def _control(terms: Terms, part: Part) -> str:
    if part.control is None or terms.control is None:
        return ""
    return f" ({terms.control.name}: {reading(part.control)})"
