"""`steering_effect`: what a push does, what it costs, and what a random push of the same length does and costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from threading import Event

import numpy as np
import xarray as xr
from jaxtyping import Float
from torch import Tensor

from mi_widgets.core.arrays import Array
from mi_widgets.core.directions import Probe, drawn_as_long
from mi_widgets.core.draws import seeded
from mi_widgets.core.edits import Steer
from mi_widgets.core.errors import InterventionError, MIError
from mi_widgets.core.given_prompts import Prompt, Prompts
from mi_widgets.core.interventions import Intervention, Stack, stack
from mi_widgets.core.recording import recorded
from mi_widgets.core.results import Result
from mi_widgets.core.texts import Row
from mi_widgets.core.whole_numbers import checked_seed
from mi_widgets.model.model import Model
from mi_widgets.model.run import Generation

from ..activations import listed_texts
from .steering import divergence, loss_on, read_by, spread_of

_SOURCE = "Turner et al. 2023 (arXiv:2308.10248); the control is ours"
_CONTROL_SEED = 0


@recorded
def steering_effect(
    model: Model,
    steering: Stack | Intervention,
    prompt: Prompt,
    *,
    probes: Mapping[str, Probe] | None = None,
    texts: Prompts | None = None,
    max_new_tokens: int = 24,
    temperature: float = 0.0,
    seed: int = 0,
    control_seed: int = _CONTROL_SEED,
) -> Result:
    """What steering does to the next token and to what is written, and what it costs on ordinary text.

    Args:
        model: under whatever interventions are active.
        steering: what `mi.steer` makes, or a stack of it.
        prompt: what is continued.
        probes: by name: they read both continuations on the model without the steering.
        texts: ordinary ones, on which the cost is measured.
        max_new_tokens: how far the model goes on, for the probes.
        temperature: of the continuations; 0 takes the likeliest token.
        seed: of sampled tokens.
        control_seed: of the random directions.

    Returns:
        Result (push) of the next token's move: KL(steered || as it is) in nats, 0 where nothing changes. `push` is
        "given", and "random": the same pushes along directions drawn at random, each as long as the one that it stands
        for. Its variables: `cost` (push), the additional loss on the texts as a share of the loss without steering
        (0.1 is 10 % more), NaN without texts; with probes `read` (push, probe), by how much a probe reads more of its
        own side in what was written, in standard deviations of its log-odds over the texts, or in nats without texts.

    Raises:
        InterventionError: something else than `mi.steer(…)`, which has no direction to be drawn.
        PromptError: a prompt or texts that the model cannot take.

    Source: Turner et al. 2023 (arXiv:2308.10248), activation addition; the control is ours.
    """
    never, steering = Event(), stack(steering)
    control = control_of(steering, seed=control_seed)
    ordinary = None if texts is None else listed_texts("mi.steering_effect", model, texts)
    effects = Effects(model, named_probes("mi.steering_effect", probes), ordinary)
    checked_seed(seed)

    def write(stop: Event) -> Generation:
        return model.generate(
            prompt, max_new_tokens=max_new_tokens, temperature=temperature, seed=seed, cancel=stop
        )

    logits = model.run(prompt).last_logits[0].detach().float().cpu()
    plain = Baseline(prompt, logits, write(never), write)
    found = effects.of(steering, plain, never), effects.of(control, plain, never)
    return effect_result(model, steering, *found, seed=seed, read_in=effects.read_in)


def named_probes(caller: str, probes: Mapping[str, Probe] | None) -> dict[str, Probe]:
    """Probes by name, as a dict of their own.

    Args:
        caller: what takes them, for the message.
        probes: what was given.

    Raises:
        MIError: one of them is no probe.
    """
    for name, probe in (probes or {}).items():
        if not isinstance(probe, Probe):
            raise MIError(
                f"{caller}: probes are what mi.directions.linear_probe returns, by name; {name!r} is {probe!r}."
            )
    return dict(probes or {})


class StoppedError(Exception):
    """Something newer was asked."""


@dataclass(frozen=True)
class Baseline:
    """What the model says as it is.

    Attributes:
        prompt: what is continued.
        logits: of the next token.
        continuation: the continuation.
        write: continues the prompt in the same way, under the interventions that are active then.
    """

    prompt: Prompt
    logits: Float[Tensor, " d_vocab"]
    continuation: Generation
    write: Callable[[Event], Generation]


@dataclass(frozen=True)
class Effect:
    """What one push does and costs; see `steering_effect`.

    Attributes:
        kl: how far the next token moved, in nats.
        read: of each probe.
        cost: a share; NaN where it is not known.
    """

    kl: float
    read: Mapping[str, float]
    cost: float


@dataclass
class Effects:
    """Measures interventions on one model, a little at a time; what does not depend on them is measured once.

    Args:
        model: under whatever interventions are active.
        probes: by name.
        texts: ordinary ones; None where the cost is not to be known.
    """

    model: Model
    probes: Mapping[str, Probe]
    texts: Sequence[str | Row] | None

    def __post_init__(self) -> None:
        self._spreads: dict[str, float] = {}
        self._loss: float | None = None

    @property
    def read_in(self) -> str:
        """The unit of what the probes read."""
        return "nats" if self.texts is None else "σ of the probe"

    def of(self, done: Stack, plain: Baseline, stop: Event, continuation: Generation | None = None) -> Effect:
        """Effect and cost.

        Args:
            done: what is measured.
            plain: what it is measured against.
            stop: once it is set, this ends.
            continuation: the continuation under it, where that is known.

        Raises:
            StoppedError: it was.
        """
        with self.model.intervene(done):
            steered = self.model.run(plain.prompt).last_logits[0].detach().cpu()
            if self.probes and continuation is None:
                continuation = plain.write(stop)
        read = {}
        for name, probe in self.probes.items():
            raise_if_stopped(stop)
            assert continuation is not None
            moved = read_by(probe, self.model, continuation) - read_by(probe, self.model, plain.continuation)
            read[name] = moved / self._spread(name, probe)
        return Effect(divergence(steered, plain.logits), read, self._cost(done, stop))

    def _spread(self, name: str, probe: Probe) -> float:
        """One σ: of the probe's log-odds over ordinary text; 1 nat where there is none."""
        if name not in self._spreads:
            self._spreads[name] = (
                1.0 if self.texts is None else spread_of(probe, self.model, self.texts)[1] or 1.0
            )
        return self._spreads[name]

    def _cost(self, done: Stack, stop: Event) -> float:
        if self.texts is None:
            return float("nan")
        if self._loss is None:
            found = loss_on(self.model, self.texts, cancel=stop)
            raise_if_stopped(stop)
            self._loss = found
        with self.model.intervene(done):
            found = loss_on(self.model, self.texts, cancel=stop)
        raise_if_stopped(stop)
        return found / self._loss - 1


def effect_result(
    model: Model, steering: Stack, given: Effect, control: Effect | None, *, seed: int, read_in: str
) -> Result:
    """The Result of `steering_effect`; NaN stands for a control not known yet; the probes read in `read_in`."""
    unknown = float("nan")
    random = control or Effect(unknown, dict.fromkeys(given.read, unknown), unknown)
    both = (given, random)
    numbers = {
        "kl": (("push",), [effect.kl for effect in both]),
        "cost": (("push",), [effect.cost for effect in both], {"units": "share of the loss"}),
    }
    coords = {"push": ["given", "random"]}
    if given.read:
        names = list(given.read)
        read = np.array([[effect.read[name] for name in names] for effect in both])
        numbers["read"] = (("push", "probe"), read, {"units": read_in})
        coords["probe"] = names
    return Result(
        kind="steering_effect",
        title="What steering does",
        dataset=xr.Dataset(numbers, coords=coords),
        primary="kl",
        unit="nats",
        source=_SOURCE,
        provenance=model.provenance(seed=seed, sites=[push.site.name for push in steering]),
    )


def raise_if_stopped(stop: Event) -> None:
    """Raise `StoppedError` if something newer was asked."""
    if stop.is_set():
        raise StoppedError


def control_of(done: Stack, *, seed: int = _CONTROL_SEED) -> Stack:
    """The same pushes along directions drawn at random, each as long as the one that it stands for.

    Raises:
        InterventionError: one is no push along a direction.
    """
    drawn = seeded(seed)
    found = []
    for push in done:
        if not isinstance(push, Steer):
            raise InterventionError(
                "mi.steering_effect takes mi.steer(site, direction) or a stack of it, whose directions can be drawn "
                f"at random; got {push!r}."
            )
        found.append(replace(push, direction=Array(drawn_as_long(push.direction, drawn))))
    return stack(*found)
