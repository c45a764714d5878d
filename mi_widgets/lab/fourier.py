"""`FourierPanel`: a network for modular arithmetic that loses frequencies at a click."""

from __future__ import annotations

from collections.abc import Iterable
from threading import Event
from typing import Any

import ipywidgets
import traitlets

from mi_widgets.analysis.fourier.spectrum import fourier_spectrum, project_out_frequency
from mi_widgets.analysis.fourier.task import Task
from mi_widgets.analysis.over_checkpoints import over_checkpoints
from mi_widgets.core.argument_types import checked
from mi_widgets.core.errors import SelectionError
from mi_widgets.core.interventions import Stack, stack
from mi_widgets.core.results import Result
from mi_widgets.core.script import Script
from mi_widgets.core.whole_numbers import whole
from mi_widgets.model.load import load
from mi_widgets.model.model import Model
from mi_widgets.widgets.fourier.widget import FourierView

from .panel import Panel

_Request = tuple[tuple[int, ...], int | None]  # the frequencies that are out, and the step


@checked
class FourierPanel(Panel[FourierView]):
    """A `FourierView` and its model: select a frequency, take it out, and see what the network is without it.

    Args:
        model: a network for modular arithmetic; or the name of one with checkpoints, and then the slider chooses which
            of them loses its frequencies. Interventions that are active now hold in the panel, after their block too.
        neurons: whose spectra are drawn (see `mi.fourier.spectrum`).
        logits: the numbers whose logits' spectra are.
        selection: what to show first (see `FourierView`).
        ablated: the frequencies that are taken out first.
        task: what the network computes; by default sums, asked as `modadd-113` is.

    Attributes:
        view: the whole network. Its `selection` chooses frequency and step.
        answer: the network without the frequencies that are ablated, at that step, as soon as it was run (see `wait`).
        ablated: Two-way: the frequencies that are taken out of the embeddings, as in `panel.ablated = (14, 35)`.

    Raises:
        MIError: the model is no such network.
        SelectionError: a frequency that it does not have; `ablated` keeps what it had.
    """

    ablated = traitlets.Tuple()

    def __init__(
        self,
        model: Model | str,
        *,
        neurons: Iterable[int] = (),
        logits: Iterable[int] = (),
        selection: dict[str, Any] | None = None,
        ablated: Iterable[int] = (),
        task: Task | None = None,
    ) -> None:
        self._models: dict[int | None, Model] = {}
        self._given, self._task = model, task
        self._shown: dict[str, Any] = {"neurons": list(neurons), "logits": list(logits), "task": task}
        self._held = model.interventions if isinstance(model, Model) else Stack()
        self.view = FourierView(self._whole(), selection=selection)
        self.answer = FourierView(
            self._whole_at(self.view.selection.get("step")), same_scale_as=self.view.result
        )
        self._switch = ipywidgets.ToggleButton(layout={"width": "16em"})
        self._cost = Cost()
        self.answer.layout.display = "none"
        super().__init__([self.view, ipywidgets.HBox([self._switch, self._cost]), self.answer])
        self.view.observe(self._selected, "selection")
        self._switch.observe(self._switched, "value")
        self.observe(self._ask, "ablated")
        self._name()
        self.ablated = tuple(ablated)

    @property
    def interventions(self) -> Stack:
        """What is done to the network at the selected step, as a value for `model.intervene`."""
        return self._without(self._model(self.view.selection.get("step")), self.ablated)

    def write(self, script: Script) -> None:
        """Make what is shown: without the frequencies that are out, if there are any."""
        (self.answer if self.ablated else self.view).write(script)

    def png(self) -> bytes:
        """The network without the frequencies that are out, for readers without a kernel; the whole one if none is."""
        return (self.answer if self.ablated else self.view).png()

    def __repr__(self) -> str:
        without = f", without {', '.join(map(str, self.ablated))}" if self.ablated else ""
        return f"FourierPanel({self.view!r}{without})"

    def _model(self, step: int | None) -> Model:
        if isinstance(self._given, Model):
            return self._given
        if step not in self._models:
            self._models[step] = load(self._given, checkpoint=step)
        return self._models[step]

    def _whole(self) -> Result:
        if isinstance(self._given, Model):
            return fourier_spectrum(self._given, **self._shown)
        return over_checkpoints(self._given, lambda model: fourier_spectrum(model, **self._shown))

    def _whole_at(self, step: int | None) -> Result:
        """The whole network at one step; nothing is run for it."""
        return self.view.result.sel(**({} if step is None else {"step": step}))

    @traitlets.validate("ablated")
    def _check(self, proposal: Any) -> tuple[int, ...]:
        known = self.view.choices()["frequency"]
        given = tuple(proposal["value"])
        ablated = tuple(k for k in map(whole, given) if k is not None and k in known)
        if len(set(ablated)) < len(given):
            raise SelectionError(
                f"mi.FourierPanel: ablated takes frequencies from {known[0]} to {known[-1]}, each once; got {given!r}."
            )
        return ablated

    def _selected(self, change: Any) -> None:
        if self.ablated and change.old.get("step") != change.new.get("step"):
            self._ask()
        self.answer.follow({k: v for k, v in change.new.items() if k != "step"})
        self._name()

    def _switched(self, change: Any) -> None:
        frequency = self.view.selection["frequency"]
        if change.new != (frequency in self.ablated):
            rest = tuple(k for k in self.ablated if k != frequency)
            self.ablated = (*rest, frequency) if change.new else rest

    def _ask(self, _change: Any = None) -> None:
        self._name()
        self._worker.ask((self.ablated, self.view.selection.get("step")))

    def _name(self) -> None:
        """What the switch does."""
        frequency = self.view.selection["frequency"]
        is_out = frequency in self.ablated
        self._switch.description = (
            f"Put frequency {frequency} back" if is_out else f"Take frequency {frequency} out"
        )
        self._switch.value = is_out

    def _answer(self, request: _Request, stop: Event) -> None:
        ablated, step = request
        if ablated:
            model = self._model(step)
            with model.intervene(self._held, self._without(model, ablated)):
                found = fourier_spectrum(model, **self._shown)
            if stop.is_set():
                return
            self.answer.show(found)
            self.answer.follow({k: v for k, v in self.view.selection.items() if k != "step"})
        self.answer.layout.display = "" if ablated else "none"
        self._cost.say(self._what_it_costs(*request) if ablated else "")

    def _say_error(self, request: _Request, error: str) -> None:
        self._cost.say(error, wrong=True)

    def _without(self, model: Model, ablated: Iterable[int]) -> Stack:
        return stack(*(project_out_frequency(model, k, task=self._task) for k in ablated))

    def _what_it_costs(self, ablated: tuple[int, ...], step: int | None) -> str:
        whole, left = self._whole_at(step).dataset, self.answer.result.dataset
        return (
            f"Without {', '.join(map(str, ablated))}: loss {float(whole.loss):.2g} → {float(left.loss):.2g}, "
            f"right {float(whole.accuracy):.1%} → {float(left.accuracy):.1%}"
        )


class Cost(ipywidgets.Label):
    """What the frequencies that are out cost, or what went wrong.

    Attributes:
        error: what went wrong; empty where nothing did.
    """

    error = ""

    def say(self, text: str, *, wrong: bool = False) -> None:
        """Show it."""
        self.error, self.value = text if wrong else "", text
