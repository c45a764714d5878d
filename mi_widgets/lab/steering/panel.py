"""`SteeringPanel`: move a slider, and the model goes on differently, beside what it would have said, with the cost."""

from __future__ import annotations

import time
from collections.abc import Mapping
from threading import Event
from typing import Any, Literal

from mi_widgets.analysis.activations import listed_texts
from mi_widgets.analysis.directions.effect import Effects, named_probes
from mi_widgets.core.argument_types import checked
from mi_widgets.core.directions import Probe
from mi_widgets.core.errors import SelectionError
from mi_widgets.core.given_prompts import Prompt, Prompts
from mi_widgets.core.interventions import Stack
from mi_widgets.core.results import Result
from mi_widgets.core.script import Script
from mi_widgets.model.model import Model
from mi_widgets.widgets.steering.shown import Slider
from mi_widgets.widgets.steering.widget import SteeringView

from ..panel import Panel
from ..prompt_text import PromptTexts
from .entries import AS_GIVEN, Directions, choices, entries, interventions
from .ordinary import ordinary_texts
from .responder import Gesture, Responder


@checked
class SteeringPanel(Panel[SteeringView]):
    """A slider for each direction. Whatever is moved is answered at once: the next token, then the continuation.

    What is pushed is `scale` times the direction, and the sliders begin at 0. A newer gesture ends what is under way;
    nothing queues. Below: the effect, as a probe reads what was written (in σ, the probe's standard deviation over
    ordinary text; without a probe, how far the next token's distribution moved); the cost, which is how much more loss
    there is on ordinary text with the edit on wherever it acts; and the same for random directions of the same norms.

    Args:
        model: interventions that are active now hold in the panel, after their block too.
        directions: by name: `mi.steer(site, direction)`, whose scale says what a strong push is (the slider goes twice
            as far), or what `sae.direction` and those of `mi.directions` return: `mean_difference`, `linear_probe`,
            `principal_component`.
        prompt: what is continued, a text or token ids.
        probes: by name, fitted on the untouched model; best of the directions' names, and behind the sites that are
            pushed.
        texts: ordinary ones, for the cost; held-out texts of the model's own corpus where it is a shipped language
            model, else none.
        max_new_tokens: how far the model goes on.
        temperature: 0 takes the likeliest token.
        seed: of sampled tokens.

    Attributes:
        view: the picture and its controls.

    Raises:
        MIError: directions, a prompt or settings that cannot be; each says what can.
    """

    def __init__(
        self,
        model: Model,
        directions: Directions,
        *,
        prompt: Prompt,
        probes: Mapping[str, Probe] | None = None,
        texts: Prompts | None = None,
        max_new_tokens: int = 24,
        temperature: float = 0.0,
        seed: int = 0,
    ) -> None:
        self._model, self._held = model, model.interventions
        self._entries = entries(model, directions)
        self._max_new_tokens = max_new_tokens
        ordinary = ordinary_texts(model) if texts is None else listed_texts("mi.SteeringPanel", model, texts)
        measured = Effects(model, named_probes("mi.SteeringPanel", probes), ordinary)
        self._given = PromptTexts("mi.SteeringPanel", model)
        text = self._given.take(prompt)
        model.run(self._given(text))  # a prompt that it cannot take is told here
        warnings = model.trust.warnings_for({entry.steer.site.name for entry in self._entries})
        self.view = SteeringView(
            None,
            header={"title": "Steering", "model": model.name, "warnings": warnings},
            sliders=tuple(Slider(entry.name, entry.note, entry.reach) for entry in self._entries),
            prompt=text,
            settings={"site": AS_GIVEN, "tokens": AS_GIVEN, "temperature": temperature, "seed": seed},
            offered=choices(model, self._entries),
        )
        self.view.writes = self.write
        self._responder = Responder(
            self.view, model, self._entries, measured, max_new_tokens, self._given(text)
        )
        super().__init__([self.view])
        self.view.on_msg(self._told)
        self.view.observe(self._ask, ["scales", "prompt", "settings"])
        self._ask()

    # -- what can be set ----------------------------------------------------------------------------------------------

    @property
    def prompt(self) -> str:
        """Two-way: what is continued."""
        return self.view.prompt or ""

    @prompt.setter
    def prompt(self, prompt: Prompt) -> None:
        self._given.show(prompt, self.view, self._ask)

    @property
    def scales(self) -> dict[str, float]:
        """Two-way: where the sliders stand; those that are left out stay, as in `panel.scales = {"French": 1}`."""
        return dict(zip(self._names, self.view.scales, strict=True))

    @scales.setter
    def scales(self, given: Mapping[str, float]) -> None:
        unknown = [name for name in given if name not in self._names]
        if unknown:
            raise SelectionError(f"There is no direction {unknown[0]!r}; there are {', '.join(self._names)}.")
        wanted = {**self.scales, **given}
        try:
            self.view.scales = [float(wanted[name]) for name in self._names]  # numpy's numbers too
        except (TypeError, ValueError, OverflowError) as error:
            raise SelectionError(f"scales are numbers; got {dict(given)!r}.") from error

    @property
    def settings(self) -> dict[str, Any]:
        """Two-way: where the directions act and how tokens are drawn, as in `panel.settings = {"temperature": 0.8}`."""
        return dict(self.view.settings)

    @settings.setter
    def settings(self, given: Mapping[str, Any]) -> None:
        self.view.settings = {**self.view.settings, **given}

    @property
    def interventions(self) -> Stack:
        """What the sliders do, as a value for `model.intervene`."""
        return interventions(self._entries, self.view.scales, self.view.settings)

    @property
    def effect(self) -> Result | None:
        """What the last steering that was measured did and cost, as `mi.steering_effect` says it.

        None at 0, and before the first.
        """
        return self.view.result

    def sweep(self, name: str) -> None:
        """Draw what all strengths of one direction do and cost, the others as they stand."""
        if name not in self._names:
            raise SelectionError(f"There is no direction {name!r}; there are {', '.join(self._names)}.")
        self._worker.ask(self._now("sweep", self._names.index(name)))

    def stop(self) -> None:
        """End what the model is doing."""
        self._worker.ask(None)

    def reset(self) -> None:
        """Put all sliders back to 0."""
        self.view.scales = [0.0] * len(self._entries)

    def write(self, script: Script) -> None:
        """Steer so, and continue the prompt."""
        names = ", ".join(f"{name} {scale:+g}" for name, scale in self.scales.items() if scale)
        settings = self.view.settings
        drawn = (
            f", temperature={settings['temperature']!r}, seed={settings['seed']}"
            if settings["temperature"]
            else ""
        )
        steering = self.interventions
        model = script.assign(self._model.record, "model")
        if steering:
            script.add(
                f"# {' '.join(names.split())}", f"steering = {script.expression(steering, 'steering')}"
            )
        body = [
            f"print({model}.generate({self._responder.prompt!r}, max_new_tokens={self._max_new_tokens}{drawn}))"
        ]
        if steering:
            body = [f"with {model}.intervene(steering):", *(f"    {line}" for line in body)]
        script.add(*script.within(model, self._held, body))

    def __repr__(self) -> str:
        return f"SteeringPanel({self.view!r})"

    @property
    def _names(self) -> list[str]:
        return [entry.name for entry in self._entries]

    # -- what is asked ------------------------------------------------------------------------------------------------

    def _now(self, what: Literal["show", "sweep"], slider: int = 0) -> Gesture:
        view = self.view
        return Gesture(
            what,
            self._given(self.prompt),
            tuple(view.scales),
            dict(view.settings),
            slider,
            time.perf_counter(),
        )

    def _ask(self, _change: Any = None) -> None:
        self._worker.ask(self._now("show"))

    def _told(self, _view: Any, content: Any, _buffers: Any) -> None:
        if not isinstance(content, dict):
            return
        if content.get("do") == "stop":
            self.stop()
        if content.get("do") == "sweep" and content.get("slider") in range(len(self._entries)):
            self._worker.ask(self._now("sweep", content["slider"]))

    def _answer(self, request: Gesture | None, stop: Event) -> None:
        with self._model.intervene(self._held):
            self._responder(request, stop)

    def _say_error(self, request: Any, error: str) -> None:
        self.view.say(error=error, busy="")
