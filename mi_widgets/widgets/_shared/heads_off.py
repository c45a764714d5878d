"""The heads that are switched off, as the browser's list and as the intervention it means."""

from collections.abc import Iterable
from typing import Any

import traitlets

from .view import ResultView

# mi_widgets.core.interventions needs torch, which takes a second to import: it is imported where a value is made.


def stack_of(ablated: Iterable[tuple[int, int]], others: Iterable[Any] = ()) -> Any:
    """The intervention that zeroes the output of some heads, after others that the view does not show.

    Args:
        ablated: Pairs of layer and head.
        others: Interventions to keep in front.
    """
    from mi_widgets.core import sites as at
    from mi_widgets.core.ablation import ablate
    from mi_widgets.core.interventions import stack

    return stack(*others, *(ablate(at.z[layer, head], to="zero") for layer, head in ablated))


def split(intervention: Iterable[Any]) -> tuple[list[tuple[int, int]], list[Any]]:
    """The heads that an intervention switches off, as the view shows them, and everything else that it does."""
    heads: list[tuple[int, int]] = []
    others: list[Any] = []
    for item in intervention:
        pair = _head_of(item)
        if pair is None:
            others.append(item)
        elif pair not in heads:
            heads.append(pair)
    return heads, others


def _head_of(item: Any) -> tuple[int, int] | None:
    site = item.site
    zeroed = type(item).__name__ == "Ablate" and item.to == "zero"
    if (
        not zeroed
        or site.name != "z"
        or site.layer is None
        or site.head is None
        or site.positions is not None
    ):
        return None
    return site.layer, site.head


class HeadsOff(traitlets.TraitType):
    """The trait `intervention`: always a stack, whatever value was set; an InterventionError keeps the old one."""

    default_value = None

    def make_dynamic_default(self) -> Any:
        """An empty stack."""
        return stack_of([])

    def validate(self, obj: Any, value: Any) -> Any:
        """The value as a stack."""
        from mi_widgets.core.interventions import stack

        return stack() if value is None else stack(value)


class HeadSwitchView(ResultView):
    """A view in which heads can be switched off: `intervention` in Python, `_ablated` in the browser, kept in step.

    A subclass calls `_join_switches` once it is made.
    """

    intervention = HeadsOff()

    _ablated = traitlets.List().tag(sync=True)
    _others: tuple[Any, ...] = ()  # what the intervention does besides switching heads off

    def _join_switches(self, intervention: Any = None) -> None:
        self.observe(self._switched, "_ablated")
        self.observe(self._intervened, "intervention")
        if intervention is not None:
            self.intervention = intervention

    def _intervention_code(self) -> list[str]:
        """The view's argument, if there is anything to say."""
        return [f"intervention={self.intervention.code()}"] if self._ablated or self._others else []

    def _heads_off(self) -> set[tuple[int, int]]:
        return {(layer, head) for layer, head in self._ablated}

    # From the browser or from Python; perhaps on a callback thread.

    def _switched(self, change: Any) -> None:
        pairs = [(layer, head) for layer, head in change.new]
        if split(self.intervention)[0] != pairs:
            self.intervention = stack_of(pairs, self._others)
        self._say_code()

    def _intervened(self, change: Any) -> None:
        heads, others = split(change.new)
        self._others = tuple(others)
        self._ablated = [list(pair) for pair in heads]
        self._say_code()
