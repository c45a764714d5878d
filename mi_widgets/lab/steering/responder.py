"""What a steering panel's gestures come to: the next token, both continuations, what it does and costs, a sweep."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from threading import Event
from typing import Any, Literal

import numpy as np
import xarray as xr
from jaxtyping import Float
from torch import Tensor

from mi_widgets.analysis.directions.effect import (
    Baseline,
    Effects,
    StoppedError,
    control_of,
    effect_result,
    raise_if_stopped,
    steering_effect,
)
from mi_widgets.core.interventions import Stack
from mi_widgets.core.recording import call_of
from mi_widgets.model.model import Model
from mi_widgets.model.run import Generation
from mi_widgets.widgets.steering.shown import Continuation
from mi_widgets.widgets.steering.widget import SteeringView

from ..continuations import throttled
from .entries import Entry, interventions

_LIKELY = 4  # tokens as it is, and as many more steered
_STRENGTHS = 9  # of a sweep
_REST_S = 0.25  # whoever still moves the slider wants the next token, and no figures yet


@dataclass(frozen=True)
class Gesture:
    """Where everything stood when something was asked.

    Attributes:
        what: all that follows a slider, or the strengths of one of them.
        slider: whose sweep it is.
        at: when it was heard of, by `time.perf_counter`.
    """

    what: Literal["show", "sweep"]
    prompt: str | list[int]
    scales: tuple[float, ...]
    settings: Mapping[str, Any]
    slider: int = 0
    at: float = 0.0


class Responder:
    """Tells a view what was asked. All of it in one thread, so that nothing that is out of date comes last.

    Args:
        view: is told.
        model: under whatever interventions are active when it is called.
        entries: the directions.
        effects: measures what they do.
        max_new_tokens: tokens that are written.
        prompt: what is continued at first.

    Attributes:
        prompt: whose continuations are shown: the last one that could be continued.
    """

    def __init__(
        self,
        view: SteeringView,
        model: Model,
        entries: Sequence[Entry],
        effects: Effects,
        max_new_tokens: int,
        prompt: str | list[int],
    ) -> None:
        self._view, self._model, self._entries, self._effects = view, model, entries, effects
        self._max_new_tokens = max_new_tokens
        self.prompt = prompt
        self._swept: tuple[Any, ...] = ()  # what the sweep that is shown belongs to
        # What the model says as it is: of the present prompt and settings alone.
        self._logits: dict[Any, Tensor] = {}
        self._continuations: dict[tuple[Any, ...], Generation] = {}

    def __call__(self, gesture: Gesture | None, stop: Event) -> None:
        """Answer it, until something newer is asked; None: whatever was being written has ended."""
        if gesture is None:
            self._view.plain = replace(self._view.plain, writing=False)
            self._view.steered = replace(self._view.steered, writing=False)
        else:
            try:
                (self._sweep if gesture.what == "sweep" else self._show)(gesture, stop)
            except StoppedError:
                return
        self._view.say(busy="")

    def _show(self, gesture: Gesture, stop: Event) -> None:
        done = interventions(self._entries, gesture.scales, gesture.settings)
        plain = self._next_as_it_is(gesture)
        with self._model.intervene(done):
            steered = self._next(gesture.prompt) if done else plain
        # Shown even if something newer was asked meanwhile: whoever drags sees it follow.
        self._view.show_next(gesture.scales, self._likely(plain, steered))
        took = round(1000 * (time.perf_counter() - gesture.at))
        if self._view.error:
            self._view.say(error="")
        raise_if_stopped(stop)
        self._view.say(busy="writing")
        if self._view._sweep and self._swept != _sweep_of(gesture):
            self._view.show_sweep(xr.Dataset())
        found = self._write_both(gesture, done, stop)
        if not done:
            self._view.show(None)
            return
        self._view.say(busy="")
        if stop.wait(_REST_S):
            raise StoppedError
        self._view.say(busy="measuring")
        self._measure(done, *found, stop, gesture.settings, {"ms": took, "scales": [*gesture.scales]})

    def _write_both(self, gesture: Gesture, done: Stack, stop: Event) -> tuple[Baseline, Generation]:
        before, self.prompt = self.prompt, gesture.prompt
        self._view._say_code()
        try:
            plain = self._as_it_is(gesture, stop, growing=True)
        except (
            Exception
        ):  # such as a prompt that leaves no room, or something newer: what was written before is seen
            self.prompt = before
            self._view._say_code()
            raise
        self._view.plain = _said(plain.continuation, None)
        continuation = plain.continuation
        if done:
            with self._model.intervene(done):
                continuation = self._write(gesture, stop, self._growing("steered", plain.continuation, stop))
            raise_if_stopped(stop)
        self._view.steered = _said(continuation, plain.continuation)
        return plain, continuation

    def _measure(
        self,
        done: Stack,
        plain: Baseline,
        continuation: Generation,
        stop: Event,
        settings: Mapping[str, Any],
        facts: dict[str, Any],
    ) -> None:
        options = {
            "probes": self._effects.probes or None,
            "texts": self._effects.texts,
            "max_new_tokens": self._max_new_tokens,
            "temperature": settings["temperature"],
            "seed": settings["seed"],
        }
        record = call_of(steering_effect, self._model, done, plain.prompt, **options)
        given = self._effects.of(done, plain, stop, continuation)
        for pushed in (
            None,
            control_of(done),
        ):  # the control takes as long again, and is shown when it is known
            control = None if pushed is None else self._effects.of(pushed, plain, stop)
            found = effect_result(
                self._model, done, given, control, seed=settings["seed"], read_in=self._effects.read_in
            )
            self._view.show(found.with_record(record), **facts)

    def _sweep(self, gesture: Gesture, stop: Event) -> None:
        entry = self._entries[gesture.slider]
        self._view.say(busy="sweep")
        plain = self._as_it_is(gesture, stop)
        strengths = np.linspace(-entry.reach, entry.reach, _STRENGTHS).tolist()
        name = entry.name if entry.name in self._effects.probes else None
        unit = self._effects.read_in if name else "nats that the next token moves"
        found = _unmeasured(entry.name, unit, strengths)
        for i, strength in enumerate(strengths):
            scales = [strength if j == gesture.slider else scale for j, scale in enumerate(gesture.scales)]
            done = interventions(self._entries, scales, gesture.settings)
            for of, effect, cost in ((done, "effect", "cost"), (control_of(done), "control", "control_cost")):
                figures = self._effects.of(of, plain, stop)
                found[effect][i] = figures.read[name] if name else figures.kl
                found[cost][i] = figures.cost
            self._swept = _sweep_of(gesture)
            self._view.show_sweep(found.copy(deep=True))

    def _as_it_is(self, gesture: Gesture, stop: Event, *, growing: bool = False) -> Baseline:
        logits, settings = (
            self._next_as_it_is(gesture),
            (gesture.settings["temperature"], gesture.settings["seed"]),
        )
        key = (_key(gesture.prompt), *settings)
        if key not in self._continuations:
            tell = self._growing("plain", None, stop) if growing else None
            continuation = self._write(gesture, stop, tell)
            raise_if_stopped(stop)
            self._continuations = {key: continuation}
        return Baseline(
            gesture.prompt, logits, self._continuations[key], lambda stop: self._write(gesture, stop)
        )

    def _next_as_it_is(self, gesture: Gesture) -> Float[Tensor, " d_vocab"]:
        key = _key(gesture.prompt)
        if key not in self._logits:
            self._logits = {key: self._next(gesture.prompt)}
        return self._logits[key]

    def _next(self, prompt: str | list[int]) -> Float[Tensor, " d_vocab"]:
        return self._model.run(prompt).last_logits[0].detach().float().cpu()

    def _likely(
        self, plain: Float[Tensor, " d_vocab"], steered: Float[Tensor, " d_vocab"]
    ) -> list[tuple[str, float, float]]:
        """The likeliest as it is, in their order, and behind them the likeliest steered that are not among them."""
        before, after = plain.softmax(-1), steered.softmax(-1)
        ids = dict.fromkeys([*before.topk(_LIKELY).indices.tolist(), *after.topk(_LIKELY).indices.tolist()])
        texts = self._model.vocabulary_of(ids)
        return [(text, float(before[i]), float(after[i])) for i, text in zip(ids, texts, strict=True)]

    def _write(self, gesture: Gesture, stop: Event, tell: Any = None) -> Generation:
        return self._model.generate(
            gesture.prompt,
            max_new_tokens=self._max_new_tokens,
            temperature=gesture.settings["temperature"],
            seed=gesture.settings["seed"],
            on_token=tell,
            cancel=stop,
        )

    def _growing(self, which: str, beside: Generation | None, stop: Event) -> Callable[[Generation], None]:
        """Tells the view of a continuation while it grows."""

        def tell(so_far: Generation) -> None:
            if not stop.is_set():
                setattr(self._view, which, _said(so_far, beside, writing=True))

        return throttled(tell)


def _key(prompt: str | list[int]) -> str | tuple[int, ...]:
    return prompt if isinstance(prompt, str) else tuple(prompt)


def _unmeasured(name: str, unit: str, strengths: Sequence[float]) -> xr.Dataset:
    """A sweep of which nothing is known yet."""
    units = {
        "effect": unit,
        "control": unit,
        "cost": "share of the loss",
        "control_cost": "share of the loss",
    }
    nothing = np.full(len(strengths), np.nan)
    variables = {variable: ("strength", nothing.copy(), {"units": of}) for variable, of in units.items()}
    return xr.Dataset(variables, {"strength": strengths}, {"name": name})


def _sweep_of(gesture: Gesture) -> tuple[Any, ...]:
    """What a sweep belongs to: with another prompt or another place it would be another one."""
    return gesture.prompt, gesture.settings


def _said(continuation: Generation, beside: Generation | None, *, writing: bool = False) -> Continuation:
    """A continuation, with the tokens marked that the other one has too."""
    same = [beside is None] * len(continuation.tokens)
    if beside is not None:
        for block in SequenceMatcher(
            None, beside.ids, continuation.ids, autojunk=False
        ).get_matching_blocks():
            same[block.b : block.b + block.size] = [True] * block.size
    return Continuation(tuple(zip(continuation.tokens, same, strict=True)), writing)
