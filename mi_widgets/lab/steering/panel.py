"""`SteeringPanel`: move a slider, and the model goes on differently, beside what it would have said, with the cost."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from threading import Event
from typing import Any, Literal

import numpy as np
from torch import Tensor

from mi_widgets.core.directions import Probe
from mi_widgets.core.errors import MIError, SelectionError
from mi_widgets.core.interventions import Stack
from mi_widgets.model.model import Model
from mi_widgets.model.run import Generation
from mi_widgets.widgets.steering.widget import Said, Slider, SteeringView

from ..continuing import now_and_then
from ..latest import Latest
from ..panel import Panel
from ..words import in_words
from .effects import Effects, Stopped, control_of, unless
from .entries import AS_GIVEN, Directions, choices, entries, interventions
from .ordinary import ordinary_texts

_LIKELY = 4  # tokens as it is, and as many more steered
_EVERY_S = (
    0.05  # a line that grows is told so often: each message takes a little of the way from the next gesture
)
_STRENGTHS = 9  # of a sweep
_REST_S = 0.25  # whoever still moves the slider wants the next token, and no figures yet


@dataclass(frozen=True)
class _Gesture:
    what: Literal["show", "sweep"]
    prompt: str
    scales: tuple[float, ...]
    settings: Mapping[str, Any]
    slider: int = 0
    at: float = 0.0  # when it was heard of


@dataclass(frozen=True)
class _Plain:
    """What the model says unsteered."""

    logits: Tensor
    written: Generation | None = None


class SteeringPanel(Panel):
    """A slider for each direction. Whatever is moved is answered at once: the next token, then the continuation.

    What is pushed is `scale` times the direction, and the sliders begin at 0. A newer gesture ends what is under way;
    nothing queues. Below: the effect, as a probe reads what was written (in σ, the probe's standard deviation over
    ordinary text; without a probe, how far the next token's distribution moved); the cost, which is how much more loss
    there is on ordinary text with the edit on wherever it acts; and the same for random directions of the same norms.

    Args:
        model: interventions that are active now hold in the panel, after their block too.
        directions: by name: `mi.steer(site, direction)`, whose scale says what a strong push is (the slider goes twice
            as far), or what `mi.mean_difference`, `mi.probe`, `mi.principal_component` and `sae.direction` return.
        prompt: what is continued.
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
        prompt: str,
        probes: Mapping[str, Probe] | None = None,
        texts: Sequence[str] | None = None,
        max_new_tokens: int = 24,
        temperature: float = 0.0,
        seed: int = 0,
    ) -> None:
        self._model, self._held = model, model.interventions
        self._entries = entries(model, directions)
        self._new = max_new_tokens
        self._plain_of: dict[tuple[str, float, int], _Plain] = {}
        self._effects = Effects(
            model, _checked(probes), ordinary_texts(model) if texts is None else list(texts), self._write
        )
        model.run(prompt)  # a prompt that it cannot take is told here
        self.view = SteeringView(
            model.name,
            [Slider(entry.name, entry.note, entry.reach) for entry in self._entries],
            prompt=prompt,
            settings={"site": AS_GIVEN, "tokens": AS_GIVEN, "temperature": temperature, "seed": seed},
            choices=choices(model, self._entries),
            warnings=model.trust.warnings_for({entry.steer.site.name for entry in self._entries}),
        )
        self._worker = Latest(self._answer, self._failed)
        super().__init__([self.view])
        self.view.on_msg(self._told)
        self.view.observe(self._asked, ["scales", "prompt", "settings"])
        self._asked()

    # -- what can be set ----------------------------------------------------------------------------------------------

    @property
    def prompt(self) -> str:
        """Two-way: what is continued."""
        return self.view.prompt

    @prompt.setter
    def prompt(self, text: str) -> None:
        self.view.prompt = text

    @property
    def scales(self) -> dict[str, float]:
        """Two-way: where the sliders stand; those that are left out stay, as in `panel.scales = {"French": 1}`."""
        return dict(zip(self._names, self.view.scales, strict=True))

    @scales.setter
    def scales(self, given: Mapping[str, float]) -> None:
        unknown = [name for name in given if name not in self._names]
        if unknown:
            raise SelectionError(f"There is no direction {unknown[0]!r}; there are {', '.join(self._names)}.")
        self.view.scales = [given.get(name, scale) for name, scale in self.scales.items()]

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

    def wait(self, timeout: float | None = None) -> bool:
        """Until everything that was asked is answered; False if that takes longer than `timeout` seconds."""
        return self._worker.wait(timeout)

    def code(self) -> str:
        """The Python that steers so, and continues the prompt."""
        names = ", ".join(f"{name} {scale:+g}" for name, scale in self.scales.items() if scale)
        settings = self.view.settings
        drawn = (
            f", temperature={settings['temperature']!r}, seed={settings['seed']}"
            if settings["temperature"]
            else ""
        )
        body = [f"print(model.generate({self.prompt!r}, max_new_tokens={self._new}{drawn}))"]
        steering = self.interventions
        if steering:
            body = ["with model.intervene(steering):", *(f"    {line}" for line in body)]
        if self._held:
            body = [f"with model.intervene({self._held.code()}):", *(f"    {line}" for line in body)]
        lines = ["import mi_widgets as mi", "from mi_widgets import sites as at", "", self._model.code()]
        if steering:
            lines += [f"# {names}", f"steering = {steering.code()}"]
        return "\n".join([*lines, *body])

    def png(self) -> bytes:
        """What it shows, for readers without a kernel."""
        return self.view.png()

    def __repr__(self) -> str:
        return f"SteeringPanel({self.view!r})"

    @property
    def _names(self) -> list[str]:
        return [entry.name for entry in self._entries]

    # -- what is asked ------------------------------------------------------------------------------------------------

    def _now(self, what: Literal["show", "sweep"], slider: int = 0) -> _Gesture:
        view = self.view
        return _Gesture(
            what, view.prompt, tuple(view.scales), dict(view.settings), slider, time.perf_counter()
        )

    def _asked(self, _change: Any = None) -> None:
        self._worker.ask(self._now("show"))

    def _told(self, _view: Any, content: Any, _buffers: Any) -> None:
        if not isinstance(content, dict):
            return
        if content.get("do") == "stop":
            self.stop()
        if content.get("do") == "sweep" and content.get("slider") in range(len(self._entries)):
            self._worker.ask(self._now("sweep", content["slider"]))

    # -- what is answered: by the worker's thread alone, so that nothing that is out of date comes last ---------------

    def _answer(self, asked: _Gesture | None, stop: Event) -> None:
        if asked is None:
            self.view.show_plain(replace(self.view.plain, writing=False))
            self.view.show_steered(replace(self.view.steered, writing=False))
            self.view.say(busy="")
            return
        with self._model.intervene(self._held):
            try:
                (self._sweep if asked.what == "sweep" else self._show)(asked, stop)
            except Stopped:
                return
        self.view.say(busy="")

    def _failed(self, _asked: Any, error: Exception) -> None:
        self.view.say(error=in_words(error), busy="")

    def _show(self, asked: _Gesture, stop: Event) -> None:
        done = interventions(self._entries, asked.scales, asked.settings)
        plain = self._plain(asked)
        with self._model.intervene(done):
            steered = self._next(asked.prompt) if done else plain.logits
        # Shown even if something newer was asked meanwhile: whoever drags sees it follow.
        self.view.show_next(asked.scales, self._likely(plain.logits, steered))
        took = round(1000 * (time.perf_counter() - asked.at))
        if self.view._said["error"]:
            self.view.say(error="")
        unless(stop)
        self.view.say_code(self.code())
        self.view.say(busy="writing")
        if self.view._sweep and self.view._sweep["asked"] != self._sweep_of(asked):
            self.view.show_sweep({})
        self._write_both(asked, done, plain, stop, took)

    def _write_both(self, asked: _Gesture, done: Stack, plain: _Plain, stop: Event, took: int) -> None:
        if plain.written is None:
            plain = replace(
                plain,
                written=self._write(asked.prompt, stop, self._growing(self.view.show_plain, None, stop)),
            )
            unless(stop)
            self._plain_of[_key(asked)] = plain
        assert plain.written is not None
        self.view.show_plain(_said(plain.written, None))
        if not done:
            self.view.show_steered(_said(plain.written, plain.written))
            self.view.show_figures({})
            return
        with self._model.intervene(done):
            written = self._write(
                asked.prompt, stop, self._growing(self.view.show_steered, plain.written, stop)
            )
        unless(stop)
        self.view.show_steered(_said(written, plain.written))
        self.view.say(busy="")
        if stop.wait(_REST_S):
            raise Stopped
        self.view.say(busy="measuring")
        of = {"prompt": asked.prompt, "plain": plain.logits, "plain_text": plain.written, "stop": stop}
        figures = self._effects.of(done, **of, written=written)
        figures |= {"control": None, "ms": took, "scales": [*asked.scales]}
        self.view.show_figures(figures)
        self.view.show_figures({**figures, "control": self._effects.of(control_of(done), **of)})

    def _sweep(self, asked: _Gesture, stop: Event) -> None:
        entry = self._entries[asked.slider]
        plain = self._plain(asked)
        self.view.say(busy="sweep")
        if plain.written is None:
            plain = replace(plain, written=self._write(asked.prompt, stop))
            unless(stop)
        assert plain.written is not None
        strengths = np.linspace(-entry.reach, entry.reach, _STRENGTHS).tolist()
        empty = [None] * _STRENGTHS
        name = entry.name if entry.name in self._effects.probes else None
        found: dict[str, list[float | None]] = {
            key: [*empty] for key in ("effect", "control", "cost", "control_cost")
        }
        for i, strength in enumerate(strengths):
            scales = [strength if j == asked.slider else scale for j, scale in enumerate(asked.scales)]
            done = interventions(self._entries, scales, asked.settings)
            for of, effect, cost in ((done, "effect", "cost"), (control_of(done), "control", "control_cost")):
                figures = self._effects.of(of, asked.prompt, plain.logits, plain.written, stop)
                found[effect][i] = dict(figures["probes"])[name] if name else figures["kl"]
                found[cost][i] = figures["cost"]
            self.view.show_sweep(
                {
                    "asked": self._sweep_of(asked),
                    "name": entry.name,
                    "scales": strengths,
                    "unit": "σ of its probe" if name else "nats that the next token moves",
                    **{
                        key: [*values] for key, values in found.items()
                    },  # a list that changes is not sent again
                }
            )

    def _sweep_of(self, asked: _Gesture) -> list[Any]:
        """What a sweep belongs to: with another prompt or another place it would be another one."""
        return [asked.prompt, dict(asked.settings)]

    def _plain(self, asked: _Gesture) -> _Plain:
        key = _key(asked)
        if key not in self._plain_of:
            self._plain_of = {key: _Plain(self._next(asked.prompt))}  # of the present prompt alone
        return self._plain_of[key]

    def _next(self, prompt: str) -> Tensor:
        return self._model.run(prompt).last_logits[0].detach().float().cpu()

    def _likely(self, plain: Tensor, steered: Tensor) -> list[tuple[str, float, float]]:
        """The likeliest as it is, in their order, and behind them the likeliest steered that are not among them."""
        before, after = plain.softmax(-1), steered.softmax(-1)
        ids = dict.fromkeys([*before.topk(_LIKELY).indices.tolist(), *after.topk(_LIKELY).indices.tolist()])
        texts = self._model.vocabulary_of(ids)
        return [(text, float(before[i]), float(after[i])) for i, text in zip(ids, texts, strict=True)]

    def _write(self, prompt: str, stop: Event, tell: Any = None) -> Generation:
        settings = self.view.settings
        return self._model.generate(
            prompt,
            max_new_tokens=self._new,
            temperature=settings["temperature"],
            seed=settings["seed"],
            on_token=tell,
            cancel=stop,
        )

    @staticmethod
    def _growing(show: Any, beside: Generation | None, stop: Event) -> Any:
        """Tells the view of a continuation while it grows."""
        return now_and_then(lambda so_far: stop.is_set() or show(_said(so_far, beside, writing=True)))


def _checked(probes: Mapping[str, Probe] | None) -> dict[str, Probe]:
    for name, probe in (probes or {}).items():
        if not isinstance(probe, Probe):
            raise MIError(f"SteeringPanel: probes are what mi.probe returns, by name; {name!r} is {probe!r}.")
    return dict(probes or {})


def _key(asked: _Gesture) -> tuple[str, float, int]:
    return asked.prompt, asked.settings["temperature"], asked.settings["seed"]


def _said(written: Generation, beside: Generation | None, *, writing: bool = False) -> Said:
    """A continuation, with the tokens marked that the other one has too."""
    same = [beside is None] * len(written.tokens)
    if beside is not None:
        for block in SequenceMatcher(
            None, beside.token_ids, written.token_ids, autojunk=False
        ).get_matching_blocks():
            same[block.b : block.b + block.size] = [True] * block.size
    return Said(tuple(zip(written.tokens, same, strict=True)), writing)
