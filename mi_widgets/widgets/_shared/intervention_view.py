"""Gestures that are interventions: a list that the browser knows, and the value that it means."""

from collections.abc import Iterable
from typing import Any, ClassVar

import traitlets

from mi_widgets.core.script import Script

from .view import D, ResultView

# mi_widgets.core.interventions needs torch, which takes a second to import: it is imported where a value is made.


class InterventionTrait(traitlets.TraitType):
    """The trait `intervention`: always a stack, whatever value was set; an InterventionError keeps the old one."""

    default_value = None

    def make_dynamic_default(self) -> Any:
        """An empty stack."""
        return self.validate(None, None)

    def validate(self, obj: Any, value: Any) -> Any:
        """The value as a stack."""
        from mi_widgets.core.interventions import stack

        return stack() if value is None else stack(value)


class InterventionView(ResultView[D]):
    """A view in which the model can be changed: `intervention` in Python, a list in the browser, kept in step.

    A subclass has a synced list, named by `_gestures`, and says how an entry of it and an intervention are turned into
    each other. It calls `_join_gestures` once it is made.
    """

    intervention = InterventionTrait()

    _gestures: ClassVar[str]
    _others: tuple[Any, ...] = ()  # what the intervention does besides what the view shows

    def _made(self, gesture: Any) -> Any:
        """The intervention that an entry means."""
        raise NotImplementedError

    def _shown(self, intervention: Iterable[Any]) -> tuple[list[Any], list[Any]]:
        """The entries that a stack of interventions means, and everything else that it does."""
        raise NotImplementedError

    def _join_gestures(self, intervention: Any = None) -> None:
        self.observe(self._gestured, self._gestures)
        self.observe(self._intervened, "intervention")
        if intervention is not None:
            self.intervention = intervention

    def _intervention_code(self, script: Script) -> list[str]:
        """The view's argument, if there is anything to say."""
        something = self._others or getattr(self, self._gestures)
        return [f"intervention={script.expression(self.intervention, 'done')}"] if something else []

    # From the browser or from Python; perhaps on a callback thread.

    def _gestured(self, change: Any) -> None:
        from mi_widgets.core.interventions import stack

        if self._shown(self.intervention)[0] != [list(entry) for entry in change.new]:
            self.intervention = stack(*self._others, *map(self._made, change.new))
        self._say_code()

    def _intervened(self, change: Any) -> None:
        entries, others = self._shown(change.new)
        self._others = tuple(others)
        setattr(self, self._gestures, entries)
        self._say_code()
