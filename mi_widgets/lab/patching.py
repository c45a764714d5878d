"""`PatchingPanel`: click a cell, and the patch is in place: the model goes on in another way."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Event
from typing import Any

from mi_widgets.analysis.metrics import PairMetric, logit_diff
from mi_widgets.analysis.pairs import Pairs, listed
from mi_widgets.analysis.patching.activation import activation_patching
from mi_widgets.core import sites as at
from mi_widgets.core.interventions import Stack, stack
from mi_widgets.core.patching import patch
from mi_widgets.core.script import Script
from mi_widgets.core.sites import Site
from mi_widgets.model.model import Model
from mi_widgets.widgets.continuations.widget import ContinuationsView, Line
from mi_widgets.widgets.patching.widget import PatchingView

from .continuing import Continuing
from .panel import Panel


class PatchingPanel(Panel):
    """A `PatchingView` and its model: select a cell, and read what the corrupted prompt becomes under that patch.

    Args:
        model: interventions that are active now hold in the panel, after their block too.
        pairs: one `PromptPair`, or several: the effects are then means, and the first pair is continued.
        site: the kind of activation (see `mi.activation_patching`).
        metric: as there.
        by: as there.
        max_new_tokens: how far the model goes on.
        selection: the cell to begin with, as in `{"layer": 2, "pos": 9}`.

    Attributes:
        view: the effects. Its `selection` chooses the patch.
        says: the continuations of the clean, the corrupted and the patched prompt.
    """

    def __init__(
        self,
        model: Model,
        pairs: Pairs,
        site: Site = at.resid_pre,
        *,
        metric: PairMetric = logit_diff,
        by: Sequence[str] | None = None,
        max_new_tokens: int = 8,
        selection: dict[str, Any] | None = None,
    ) -> None:
        self._model, self._held = model, model.interventions
        self._continuing = Continuing(model, max_new_tokens)
        self.pair = listed(pairs)[0]
        self.view = PatchingView(
            activation_patching(model, pairs, site, metric=metric, by=by), selection=selection
        )
        self._clean = model.run(self.pair.clean, keep=[site.everywhere])
        self._ends = [
            self._continued("clean", self.pair.clean, stack(), Event()),
            self._continued("corrupted", self.pair.corrupted, stack(), Event()),
        ]
        self.says = ContinuationsView(model.name, self._ends)
        super().__init__([self.view, self.says])
        self.view.observe(self._selected, ["selection", "intervention"])
        self._selected()

    @property
    def interventions(self) -> Stack:
        """The patch that is in place, and heads that were switched off, as a value for `model.intervene`."""
        return self._done(self.view.site, self.view.intervention)

    def code(self) -> str:
        """The Python that makes the effects, and what the model says under the selected patch."""
        site, off = self.view.site, self.view.intervention
        script = Script()
        self.view.write(script)
        changes = [script.expression(off, "off")] if off else []
        lines = []
        if site is not None:
            changes.append(f"mi.patch({site!r}, clean)")
            lines.append(f"clean = model.run({self.pair.clean!r}, keep=[{site.everywhere!r}])")
        if changes:
            lines += [
                f"with model.intervene({', '.join(changes)}):",
                f"    print(model.generate({self.pair.corrupted!r}, max_new_tokens={self._continuing.new}))",
            ]
        script.add(*script.within(self._held, lines) if lines else ())
        return script.text()

    def png(self) -> bytes:
        """The effects, for readers without a kernel."""
        return self.view.png()

    def __repr__(self) -> str:
        return f"PatchingPanel({self.view!r})"

    def _selected(self, _change: Any = None) -> None:
        self._worker.ask((self.view.site, self.view.intervention))

    def _answer(self, asked: tuple[Site | None, Stack], stop: Event) -> None:
        # The lines are written by this thread alone, so that none that is out of date comes last.
        site, off = asked
        if site is None and not off:
            self.says.show(self._ends)
            return
        with self._model.intervene(self._held):
            self._continued(_name(*asked), self.pair.corrupted, self._done(*asked), stop, tell=True)

    def _done(self, site: Site | None, off: Stack) -> Stack:
        return stack(off, *([] if site is None else [patch(site, self._clean)]))

    def _continued(self, name: str, prompt: str, done: Stack, stop: Event, *, tell: bool = False) -> Line:
        show = (lambda line: self.says.show([*self._ends, line])) if tell else None
        with self._model.intervene(done):
            return self._continuing.line(name, prompt, stop, show)

    def _say_error(self, asked: tuple[Site | None, Stack], error: str) -> None:
        self.says.show([*self._ends, Line(_name(*asked), self.pair.corrupted, error=error)])


def _name(site: Site | None, off: Stack) -> str:
    parts = [] if site is None else [f"patched {site!r}"]
    return ", ".join([*parts, *([f"without {', '.join(repr(i.site) for i in off)}"] if off else [])])
