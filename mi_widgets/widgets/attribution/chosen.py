"""The selection of an attribution: a term says its head, a head its term. `chosen.ts` does the same in the browser."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from .._shared.selection import Selection
from .sent import Sent


class TermSelection(Selection):
    """A trait that checks itself when it is set, and whose parts then agree."""

    def validate(self, obj: Any, value: Any) -> dict[str, Any]:
        """The complete selection, or a SelectionError."""
        before, sent = obj._current_selection(), obj._drawn
        complete = super().validate(obj, value)
        if value.get("term", "") is None and not {"layer", "head"} & set(value):
            complete = _let_go(complete, sent)
        return settled(complete, before, sent)


def settled(chosen: dict[str, Any], before: Mapping[str, Any], sent: Sent) -> dict[str, Any]:
    """The selection with its term and its head in agreement: what was changed says what the other is.

    Only heads have a `layer` and a `head` here. If an MLP had a layer, a linked view that always shows some head
    would answer with that layer's head, and the MLP would be selected no more. And a head that has one term only is
    never selected without it: two linked views, of which one has other terms, would never come to an end.

    Args:
        chosen: Complete, and perhaps not in agreement.
        before: What was selected before.
        sent: The terms that can be selected.
    """
    if not sent.terms.parts.heads:
        return chosen
    term, head = chosen["term"], {key: chosen[key] for key in ("layer", "head")}
    if term is not None and term != before.get("term"):
        return {**chosen, **address(term, sent)}
    if term is not None and address(term, sent) == head:
        return chosen
    return {**chosen, "term": _only_term(head, sent)}


def _let_go(chosen: dict[str, Any], sent: Sent) -> dict[str, Any]:
    """Without a term; of a head that has no others, without the head."""
    head = {key: chosen.get(key) for key in ("layer", "head")}
    return chosen if _only_term(head, sent) is None else {**chosen, "layer": None, "head": None}


def address(term: str, sent: Sent) -> dict[str, int | None]:
    """The layer and the head of a term; None for both if it is not a head's."""
    parts = sent.terms.parts
    row, column = parts.cells[sent.terms.names.index(term)]
    if row < 0 or column >= len(parts.heads):
        return {"layer": None, "head": None}
    return {"layer": parts.layers[row], "head": parts.heads[column]}


def _only_term(head: Mapping[str, int | None], sent: Sent) -> str | None:
    """The term of a head that has one only, not one for each position."""
    parts = sent.terms.parts
    if head["layer"] not in parts.layers or head["head"] not in parts.heads:
        return None
    cell = parts.layers.index(head["layer"]), parts.heads.index(head["head"])
    found = np.flatnonzero((parts.cells == cell).all(1))
    return sent.terms.names[found[0]] if len(found) == 1 else None
