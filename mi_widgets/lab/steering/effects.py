"""What steering does and costs, measured a little at a time, so that a newer gesture need not wait."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from threading import Event
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from mi_widgets.analysis.directions.steering import divergence, loss_on, read_by, spread_of
from mi_widgets.core.arrays import Array
from mi_widgets.core.directions import Probe, drawn_as_long
from mi_widgets.core.edits import Steer
from mi_widgets.core.interventions import Stack, stack
from mi_widgets.model.model import Model
from mi_widgets.model.run import Generation

_CONTROL_SEED = 0


class Stopped(Exception):
    """Something newer was asked."""


@dataclass(frozen=True)
class Unsteered:
    """What the model says as it is.

    Attributes:
        prompt: what is continued.
        logits: of the next token.
        written: the continuation.
        write: continues the prompt in the same way, under the interventions that are active then.
    """

    prompt: str
    logits: Float[Tensor, " d_vocab"]
    written: Generation
    write: Callable[[Event], Generation]


@dataclass
class Effects:
    """Measures interventions on one model; what does not depend on them is measured once.

    Args:
        model: under the interventions that the panel was made under.
        probes: by the names of directions.
        texts: ordinary ones; None where the cost is not to be known.
    """

    model: Model
    probes: Mapping[str, Probe]
    texts: Sequence[str] | None

    def __post_init__(self) -> None:
        self._spreads: dict[str, float] = {}
        self._loss: float | None = None

    def of(
        self, done: Stack, plain: Unsteered, stop: Event, written: Generation | None = None
    ) -> dict[str, Any]:
        """Effect and cost, as `SteeringView.show_figures` takes them (without a control).

        Args:
            done: what is measured.
            plain: what it is measured against.
            stop: once it is set, this ends.
            written: the continuation under it, where that is known.

        Raises:
            Stopped: it was.
        """
        with self.model.intervene(done):
            steered = self.model.run(plain.prompt).last_logits[0].detach().cpu()
            if self.probes and written is None:
                written = plain.write(stop)
        probes = []
        for name, probe in self.probes.items():
            unless(stop)
            assert written is not None
            moved = read_by(probe, self.model, written) - read_by(probe, self.model, plain.written)
            probes.append([name, moved / self._spread(name, probe)])
        return {"kl": divergence(steered, plain.logits), "probes": probes, "cost": self._cost(done, stop)}

    def _spread(self, name: str, probe: Probe) -> float:
        """One σ: of the probe's log-odds over ordinary text; 1 nat where there is none."""
        if name not in self._spreads:
            self._spreads[name] = (
                1.0 if self.texts is None else spread_of(probe, self.model, self.texts)[1] or 1.0
            )
        return self._spreads[name]

    def _cost(self, done: Stack, stop: Event) -> float | None:
        if self.texts is None:
            return None
        if self._loss is None:
            found = loss_on(self.model, self.texts, cancel=stop)
            unless(stop)
            self._loss = found
        with self.model.intervene(done):
            found = loss_on(self.model, self.texts, cancel=stop)
        unless(stop)
        return found / self._loss - 1


def unless(stop: Event) -> None:
    """Raise `Stopped` if something newer was asked."""
    if stop.is_set():
        raise Stopped


def control_of(done: Stack) -> Stack:
    """The same pushes along directions drawn at random, each as long as the one that it stands for."""
    drawn = torch.Generator().manual_seed(_CONTROL_SEED)
    found = []
    for push in done:
        assert isinstance(push, Steer)
        found.append(replace(push, direction=Array(drawn_as_long(push.direction, drawn))))
    return stack(*found)
