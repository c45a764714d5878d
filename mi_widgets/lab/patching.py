"""`PatchingPanel`: click a cell, and the patch is in place: the model goes on in another way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from threading import Event
from typing import Any

from mi_widgets.analysis.metrics import PairMetric, logit_diff
from mi_widgets.analysis.pairs import Pairs, listed
from mi_widgets.analysis.patching.activation import ActivationPatching, activation_patching
from mi_widgets.core import sites as at
from mi_widgets.core.argument_types import checked
from mi_widgets.core.errors import SiteError
from mi_widgets.core.interventions import Stack, stack
from mi_widgets.core.patching import patch
from mi_widgets.core.recording import call_of
from mi_widgets.core.results import Result
from mi_widgets.core.script import Script
from mi_widgets.core.sites import Site
from mi_widgets.model.grid import Axes
from mi_widgets.model.model import Model
from mi_widgets.widgets.continuations.widget import ContinuationsView, Line
from mi_widgets.widgets.patching.widget import PatchingView

from .continuations import ContinuationWriter, throttled
from .panel import Panel
from .prompt_text import shown
from .words import in_words

_PATCHED, _EFFECTS = "patched", "effects"
_PLACES = ("clean", "corrupted", _PATCHED, _EFFECTS)  # of the lines, from above
_Request = tuple[Site | None, Stack] | None  # the patch and the heads that are off; None: stop


@checked
class PatchingPanel(Panel[PatchingView]):
    """A `PatchingView` and its model: select a cell, and read what the corrupted prompt becomes under that patch.

    The picture is there at once and fills while its cells are run; what is selected meanwhile is answered first.

    Args:
        model: interventions that are active now hold in the panel, after their block too.
        pairs: one `PromptPair`, or several: the effects are then means, and the first pair is continued.
        site: the kind of activation (see `mi.activation_patching`).
        metric: as there.
        by: as there.
        max_new_tokens: how far the model goes on.
        selection: the cell to begin with, as in `{"layer": 2, "pos": 9}`.

    Attributes:
        view: the effects. Its `selection` chooses the patch. Its `result` has NaN where a cell was not run yet, and
            is that of `mi.activation_patching` once all were (see `wait`).
        says: the continuations of the clean, the corrupted and the patched prompt.

    Raises:
        PromptError: see `mi.activation_patching`.
        SiteError: see there; or by one axis alone.
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
        self._continuing = ContinuationWriter(model, max_new_tokens)
        if isinstance(pairs, Iterator):  # which can be read but once
            pairs = list(pairs)
        self.pair = listed(pairs)[0]
        self._patching = ActivationPatching(model, pairs, site, metric, Axes(by))
        self._filling, self._whole = self._patching.fill(), False
        self._check_two_axes(by)
        self._record = call_of(activation_patching, model, pairs, site, metric=metric, by=by)
        self.view = PatchingView(self._effects(), selection=selection)
        self._clean = model.run(self.pair.clean, keep=[site.everywhere])
        self._lines: dict[str, Line] = {}
        self.says = ContinuationsView(model.name)
        super().__init__([self.view, self.says])
        self.view.observe(self._selected, ["selection", "intervention"])
        self._selected()

    def _check_two_axes(self, by: Any) -> None:
        if len(self._patching.result().dims) < 2:
            raise SiteError(
                f"mi.PatchingPanel: a cell has a row and a column, so by= takes two axes; got {by!r}. Pairs of one "
                'length have ("layer", "pos"), and those of any length ("layer", "head") at a site with heads, as '
                'at.z; mi.activation_patching(model, pairs, by=("layer",)).plot() draws one.'
            )

    @property
    def interventions(self) -> Stack:
        """The patch that is in place, and heads that were switched off, as a value for `model.intervene`."""
        return self._done(self.view.site, self.view.intervention)

    def stop(self) -> None:
        """End what the model is doing, until something is selected again."""
        self._worker.ask(None)

    def retry(self) -> None:
        """Go on with the effects where they were stopped or something went wrong, as a selection does too."""
        self._selected()

    def write(self, script: Script) -> None:
        """Make the effects, and what the model says under the selected patch."""
        site, off = self.view.site, self.view.intervention
        self.view.write(script)
        model = script.assign(self._model.record, "model")
        changes = [script.expression(off, "off")] if off else []
        lines = []
        if site is not None:
            changes.append(f"mi.patch({site!r}, clean)")
            lines.append(f"clean = {model}.run({self._prompt('clean')!r}, keep=[{site.everywhere!r}])")
        if changes:
            n = self._continuing.max_new_tokens
            lines += [
                f"with {model}.intervene({', '.join(changes)}):",
                f"    print({model}.generate({self._prompt('corrupted')!r}, max_new_tokens={n}))",
            ]
        script.add(*script.within(model, self._held, lines) if lines else ())

    def __repr__(self) -> str:
        return f"PatchingPanel({self.view!r})"

    def _selected(self, _change: Any = None) -> None:
        self._worker.ask((self.view.site, self.view.intervention))

    def _answer(self, request: _Request, stop: Event) -> None:
        if request is None:
            self.says.show([replace(line, writing=False) for line in self.says.lines])
            return
        with self._model.intervene(self._held):
            if any(request):
                self._continue(
                    _PATCHED, _name(*request), self._prompt("corrupted"), self._done(*request), stop
                )
            else:
                self._lines.pop(_PATCHED, None)
                self._show_lines()
            for name in ("clean", "corrupted"):
                if not stop.is_set() and (name not in self._lines or self._lines[name].writing):
                    self._continue(name, name, self._prompt(name), stack(), stop)
            self._fill(stop)

    def _prompt(self, name: str) -> str | list[int]:
        prompt = getattr(self.pair, name)
        return prompt if isinstance(prompt, str) else list(prompt)

    def _done(self, site: Site | None, off: Stack) -> Stack:
        return stack(off, *([] if site is None else [patch(site, self._clean)]))

    def _continue(self, place: str, name: str, prompt: str | Sequence[int], done: Stack, stop: Event) -> None:
        def tell(line: Line) -> None:
            self._lines[place] = line
            self._show_lines()

        try:
            with self._model.intervene(done):
                self._continuing.line(name, prompt, stop, tell)
        except (
            Exception
        ) as error:  # such as a prompt that fills the whole context: it can be patched all the same
            tell(Line(name, shown(self._model, prompt), error=in_words(error)))

    def _fill(self, stop: Event) -> None:
        """Run the cells that were not run yet; whoever asks for something else meanwhile finds them here again."""
        show = throttled(lambda _done: self.view.show(self._effects()))
        try:
            for done in self._filling:
                if self._lines.pop(_EFFECTS, None):  # what went wrong before has gone well
                    self._show_lines()
                if stop.is_set():
                    return
                show(done)
        except BaseException:
            self._filling = self._patching.fill()  # an iterator that has raised gives nothing more
            raise
        if not self._whole and self._patching.done == self._patching.size:
            self._whole = True
            self.view.show(self._effects())

    def _effects(self) -> Result:
        return self._patching.result().with_record(self._record)

    def _say_error(self, request: _Request, error: str) -> None:
        # What goes wrong in a continuation stands in its line.
        self._lines[_EFFECTS] = Line(_EFFECTS, "", error=error)
        self._show_lines()

    def _show_lines(self) -> None:
        self.says.show([self._lines[place] for place in _PLACES if place in self._lines])


def _name(site: Site | None, off: Stack) -> str:
    parts = [] if site is None else [f"patched {site!r}"]
    return ", ".join([*parts, *([f"without {', '.join(repr(i.site) for i in off)}"] if off else [])])
