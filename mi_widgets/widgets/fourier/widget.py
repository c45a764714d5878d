"""`FourierView`: a modular addition network in the Fourier basis."""

from typing import Any

import traitlets

from .._marks import render
from .._shared.bundle import bundle
from .._shared.selection import Choices, checked
from .._shared.view import ResultView
from .picture import picture
from .spectrum import Spectrum
from .words import sentence


class FourierView(ResultView):
    """Three linked pictures: the norm of every frequency, the circle of the selected one, and a spectrum over a and b.

    A view draws a Result and reports gestures as values; it never runs a model.

    Args:
        result: What `mi.fourier_spectrum` returns; over checkpoints too, and then with a slider for the steps.
        selection: What to show first, any of step, frequency, target. Default: the last step, the frequency that
            accounts for most of the logits, and the first target.
        beside: Another spectrum, to be compared with by eye: bars and circles are drawn on its scales.

    Attributes:
        selection: Two-way: `{"step": 300, "frequency": 17, "target": "neuron 3"}`, where `step` and `target` are there
            if the Result has these axes. A part may be set, as in `view.selection = {"frequency": 5}`.

    Raises:
        ResultError: A Result that is no Fourier spectrum, or not all of one circle.
        SelectionError: A selection that this view does not have; it keeps the one it had.
    """

    _esm, _css = bundle("fourier")

    _spectrum = traitlets.Dict().tag(sync=True)

    def __init__(self, result: Any, *, selection: dict[str, Any] | None = None, beside: Any = None):
        self._beside = None if beside is None else Spectrum(beside)
        self._drawn = Spectrum(result, self._beside)
        first = self._first_selection({} if selection is None else selection)
        super().__init__(result, first, _header=self._drawn.header(), _spectrum=self._drawn.packed())

    def choices(self) -> Choices:
        """Steps and targets, if there are any, and the frequencies."""
        drawn = self._drawn
        return {
            **({} if drawn.steps is None else {"step": drawn.steps}),
            "frequency": drawn.frequencies,
            **({"target": drawn.targets} if drawn.targets else {}),
        }

    def png(self) -> bytes:
        """The same pictures, as the widget shows them."""
        return render(picture(self._drawn, self.selection))

    def __repr__(self) -> str:
        drawn = self._drawn
        return f"FourierView({drawn.model_name}, p = {drawn.p}; {sentence(drawn, self.selection)})"

    def show(self, result: Any) -> None:
        """Draw another spectrum in the same place, keeping the selection where the new one has it."""
        drawn = Spectrum(result, self._beside)
        self._drawn, self.result = drawn, result
        choices = self.choices()
        kept = {key: label for key, label in self.selection.items() if label in choices.get(key, ())}
        with self.hold_sync():  # one message, so that no circle is drawn with another's selection
            self._header = drawn.header()
            self._spectrum = drawn.packed()
            self._choices = self._choices_now()
            self.selection = self._first_selection(kept)
            self._say_code()

    def _first_selection(self, given: Any) -> dict[str, Any]:
        choices = self.choices()
        first = {key: labels[-1 if key == "step" else 0] for key, labels in choices.items()}
        chosen = checked(given, first, choices)
        if "frequency" in given:
            return chosen
        return {**chosen, "frequency": self._drawn.strongest(chosen)}
