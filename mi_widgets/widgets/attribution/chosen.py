"""The selection of an attribution: a term says its head, a head its term. `chosen.ts` does the same in the browser."""

from collections.abc import Mapping
from typing import Any

from .._shared.selection import Selection
from .terms import Terms


class TermSelection(Selection):
    """A trait that checks itself when it is set, and whose parts then agree."""

    def complete(self, obj: Any, value: Any) -> dict[str, Any]:
        """The complete selection, in agreement."""
        before, terms = obj._current_selection(), obj._drawn
        complete = super().complete(obj, value)
        let_go = value.get("term", "") is None and not {"layer", "head"} & set(value)
        if let_go and _only_term(complete, terms) is not None:  # no other term of the head is left
            complete |= {"layer": None, "head": None}
        return settled(complete, before, terms)


def settled(chosen: dict[str, Any], before: Mapping[str, Any], terms: Terms) -> dict[str, Any]:
    """The selection with its term and its head in agreement: what was changed says what the other is.

    Only heads have a `layer` and a `head` here. If an MLP had a layer, a linked view that always shows some head
    would answer with that layer's head, and the MLP would be selected no more. And a head that has one term only is
    never selected without it: two linked views, of which one has other terms, would never come to an end.

    Args:
        chosen: Complete, and perhaps not in agreement.
        before: What was selected before.
        terms: Those that can be selected.
    """
    if not terms.parts.heads:
        return chosen
    if chosen["term"] is not None:
        head = terms.parts.head_of(terms.names.index(chosen["term"])) or (None, None)
        if chosen["term"] != before.get("term") or head == (chosen["layer"], chosen["head"]):
            return {**chosen, "layer": head[0], "head": head[1]}
    return {**chosen, "term": _only_term(chosen, terms)}


def _only_term(chosen: Mapping[str, Any], terms: Terms) -> str | None:
    """The term of the selected head, if it has one only, not one for each position."""
    parts, layer, head = terms.parts, chosen.get("layer"), chosen.get("head")
    if layer not in parts.layers or head not in parts.heads:
        return None
    term = terms.picked[0, parts.layers.index(layer), parts.heads.index(head)]
    return None if term < 0 else terms.names[term]
