"""`FourierView`: a modular addition network in the Fourier basis."""

from typing import Any

from .._marks import Picture
from .._shared.bundle import bundle
from .._shared.view import ResultView
from .picture import picture
from .spectrum import Spectrum
from .words import sentence


class FourierView(ResultView[Spectrum]):
    """Three linked pictures: the norm of every frequency, the circle of the selected one, and a spectrum over a and b.

    A view draws a Result and reports gestures as values; it never runs a model.

    Args:
        result: What `mi.fourier.spectrum` returns; over checkpoints too, and then with a slider for the steps.
        selection: What to show first, any of step, frequency, target. Default: the last step, the frequency that
            accounts for most of the logits, and the first target.
        same_scale_as: Another spectrum, to be compared with by eye: bars and circles are drawn on its scales.

    Attributes:
        selection: Two-way: `{"step": 300, "frequency": 17, "target": "neuron 3"}`, where `step` and `target` are there
            if the Result has these axes. A part may be set, as in `view.selection = {"frequency": 5}`.

    Raises:
        ResultError: A Result that is no Fourier spectrum, or not all of one circle.
        SelectionError: A selection that this view does not have; it keeps the one it had.
    """

    _esm, _css = bundle("fourier")

    def __init__(self, result: Any, *, selection: dict[str, Any] | None = None, same_scale_as: Any = None):
        self._same_scale_as = None if same_scale_as is None else Spectrum(same_scale_as)
        super().__init__(result, Spectrum(result, self._same_scale_as), selection)

    def _picture(self) -> Picture:
        """The same pictures, as the widget shows them."""
        return picture(self._drawn, self.selection)

    def __repr__(self) -> str:
        drawn = self._drawn
        return f"FourierView({drawn.model_name}, p = {drawn.p}; {sentence(drawn, self.selection)})"

    def show(self, result: Any) -> None:
        """Draw another spectrum in the same place, keeping the selection where the new one has it."""
        self._show(result, Spectrum(result, self._same_scale_as))

    def _first_selection(self, given: Any) -> dict[str, Any]:
        chosen = super()._first_selection(given)
        if given and "frequency" in given:
            return chosen
        return {**chosen, "frequency": self._drawn.strongest(chosen)}
