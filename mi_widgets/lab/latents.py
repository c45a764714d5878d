"""`LatentsPanel`: type a text, see which latents fire, change one, and read what the model then says."""

from __future__ import annotations

from dataclasses import replace
from threading import Event
from typing import Any

import traitlets

from mi_widgets.analysis.dictionaries.latents import latents
from mi_widgets.core.ablation import Ablate
from mi_widgets.core.argument_types import checked
from mi_widgets.core.edits import Replace
from mi_widgets.core.given_prompts import Prompt
from mi_widgets.core.interventions import Intervention, Stack, stack
from mi_widgets.core.results import Result
from mi_widgets.core.sae import SAE
from mi_widgets.core.script import Script
from mi_widgets.core.sites import Site
from mi_widgets.model.model import Model
from mi_widgets.widgets._shared.link import link
from mi_widgets.widgets.continuations.widget import ContinuationsView, Line
from mi_widgets.widgets.dashboards.widget import DashboardView
from mi_widgets.widgets.latents.widget import LatentsView

from .continuations import ContinuationWriter
from .panel import Panel
from .prompt_text import PromptTexts, shown
from .words import in_words


@checked
class LatentsPanel(Panel[LatentsView]):
    """A `LatentsView` and its model: what is typed is answered, and what is done to a latent is heard.

    The latents are always those of the text as it is; what is done to some of them is read in the continuation.
    Whatever comes later ends what is under way, so nothing queues. A text that the model cannot take is said in the
    panel, which keeps what it showed.

    Args:
        model: interventions that are active now hold in the panel, after their block too.
        sae: the dictionary.
        prompt: the text to begin with, or its token ids.
        dashboards: the Result of `mi.sae.dashboards` for this dictionary: latents then have names, and each its
            dashboard.
        site: where the dictionary reads; its own by default.
        max_new_tokens: how far the model goes on.
        selection: what to show first (see `LatentsView`).

    Attributes:
        view: the text and its latents. Its `prompt`, `selection` and `intervention` may be set.
        says: how the text goes on, as it is, and with latents changed.
        dashboard: the `DashboardView` of the selected latent; None without `dashboards`.

    Raises:
        MIError: a prompt that the model cannot take, a dictionary of another width, or without a site.
    """

    def __init__(
        self,
        model: Model,
        sae: SAE,
        *,
        prompt: Prompt,
        dashboards: Result | None = None,
        site: Site | None = None,
        max_new_tokens: int = 8,
        selection: dict[str, Any] | None = None,
    ) -> None:
        self._model, self._held = model, model.interventions
        self._sae, self._site = sae, site
        self._given = PromptTexts("mi.LatentsPanel", model)
        text = self._given.take(prompt)
        self._read_last = self._given(text)  # what was run for the latents that are shown
        self._continuing = ContinuationWriter(model, max_new_tokens)
        of = {"sae": sae, "site": site}
        self.view = LatentsView(
            self._read(self._read_last), dashboards=dashboards, selection=selection, prompt=text, **of
        )
        self.says = ContinuationsView(model.name)
        self._as_it_is: Line | None = None  # the continuation of the last prompt, when it is complete
        self.dashboard = None if dashboards is None else DashboardView(dashboards, **of)
        super().__init__([self.view, self.says, *([] if self.dashboard is None else [self.dashboard])])
        if self.dashboard is not None:
            link(self.view, self.dashboard)
            traitlets.link((self.view, "intervention"), (self.dashboard, "intervention"))
        self.view.on_msg(self._told)
        self.view.observe(self._ask, ["prompt", "intervention"])
        self._ask()

    @property
    def prompt(self) -> str:
        """Two-way: the text."""
        return self.view.prompt or ""

    @prompt.setter
    def prompt(self, prompt: Prompt) -> None:
        self._given.show(prompt, self.view, self._ask)

    @property
    def interventions(self) -> Stack:
        """Two-way: what is done to the latents, as a value for `model.intervene`."""
        return self.view.intervention

    @interventions.setter
    def interventions(self, value: Any) -> None:
        self.view.intervention = value

    def stop(self) -> None:
        """End what the model is writing."""
        self._worker.ask(None)

    def reset(self) -> None:
        """Leave every latent as it is."""
        self.view.intervention = stack()

    def write(self, script: Script) -> None:
        """Show these latents, and what the model says with some of them changed."""
        self.view.write(script)
        model = script.assign(self._model.record, "model")
        prompt, n = self._read_last, self._continuing.max_new_tokens
        lines = [f"print({model}.generate({prompt!r}, max_new_tokens={n}))"]
        for done in (self.interventions, self._held):
            lines = script.within(model, done, lines)
        script.add(*lines)

    def __repr__(self) -> str:
        return f"LatentsPanel({self.view!r})"

    # -- what is asked ------------------------------------------------------------------------------------------------

    def _ask(self, _change: Any = None) -> None:
        self._worker.ask((self._given(self.prompt), self.interventions))

    def _told(self, _view: Any, content: Any, _buffers: Any) -> None:
        if isinstance(content, dict) and content.get("do") == "stop":
            self.stop()

    # -- what is answered ---------------------------------------------------------------------------------------------

    def _answer(self, request: tuple[str | list[int], Stack] | None, stop: Event) -> None:
        if request is None:
            self.says.show([replace(line, writing=False) for line in self.says.lines])
            return
        prompt, done = request
        with self._model.intervene(self._held):
            if prompt != self._read_last:
                # Shown even if something newer was asked meanwhile: who types fast sees it follow.
                self.view.show(self._read(prompt))
                self._read_last, self._as_it_is = prompt, None
            self.view.say(error="", busy=True)
            self._continue(prompt, done, stop)
        self.view.say(busy=False)

    def _say_error(self, request: Any, error: str) -> None:
        self.view.say(error=error, busy=False)

    def _read(self, prompt: str | list[int]) -> Result:
        place = self._site or self._sae.site
        run = self._model.run(prompt, keep=[] if place is None else [place.everywhere])
        return latents(run, self._sae, site=self._site)

    def _continue(self, prompt: str | list[int], done: Stack, stop: Event) -> None:
        """What the model goes on to say, as it is and changed; the first is known where the text is the same."""
        if self._as_it_is is None:
            line = self._line("as it is", prompt, stack(), stop, [])
            if stop.is_set() or line.error:
                return
            self._as_it_is = line
        self.says.show([self._as_it_is])
        if done:
            self._line(_name(done), prompt, done, stop, [self._as_it_is])

    def _line(self, name: str, prompt: str | list[int], done: Stack, stop: Event, before: list[Line]) -> Line:
        try:
            with self._model.intervene(done):
                return self._continuing.line(name, prompt, stop, lambda line: self.says.show([*before, line]))
        except (
            Exception
        ) as error:  # such as a text that fills the whole context: its latents can be seen all the same
            line = Line(name, shown(self._model, prompt), error=in_words(error))
            self.says.show([*before, line])
            return line


def _name(done: Stack) -> str:
    """ "latent 17 out, latent 203 at 12"."""
    return ", ".join(map(_called, done))


def _called(done: Intervention) -> str:
    latents = done.site.latents
    if latents is None or not isinstance(latents.index, int):
        return f"changed {done.site!r}"
    if isinstance(done, Replace) and done.value.shape == ():
        return f"latent {latents.index} at {float(done.value.tensor):.3g}"
    return f"latent {latents.index} {'out' if isinstance(done, Ablate) else 'changed'}"
