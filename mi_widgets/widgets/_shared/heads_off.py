"""The heads that are switched off, as the browser's list and as the intervention it means."""

from collections.abc import Iterable
from typing import Any

import traitlets

from .intervention_view import InterventionView
from .view import D


class HeadSwitchView(InterventionView[D]):
    """A view in which heads can be switched off: `intervention` in Python, `_ablated` in the browser, kept in step."""

    _gestures = "_ablated"
    _ablated = traitlets.List().tag(sync=True)  # pairs of layer and head

    def _made(self, gesture: Any) -> Any:
        # Here, where a value is made: they need torch, which takes a second to import.
        from mi_widgets.core import sites as at
        from mi_widgets.core.ablation import ablate

        layer, head = gesture
        return ablate(at.z[layer, head], to="zero")

    def _shown(self, intervention: Iterable[Any]) -> tuple[list[Any], list[Any]]:
        heads: list[list[int]] = []
        others: list[Any] = []
        for item in intervention:
            pair = _head_of(item)
            if pair is None:
                others.append(item)
            elif pair not in heads:
                heads.append(pair)
        return heads, others

    def _heads_off(self) -> set[tuple[int, int]]:
        return {(layer, head) for layer, head in self._ablated}


def _head_of(item: Any) -> list[int] | None:
    site = item.site
    zeroed = item.verb == "ablate" and item.to == "zero"
    if (
        not zeroed
        or site.name != "z"
        or site.layer_number is None
        or site.head is None
        or site.positions is not None
    ):
        return None
    return [site.layer_number, site.head]
