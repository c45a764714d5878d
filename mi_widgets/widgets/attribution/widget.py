"""`AttributionView`: what each part of a model adds to the logit difference."""

from typing import Any

from mi_widgets.core.errors import ResultError
from mi_widgets.core.script import Script

from .._marks import Picture
from .._shared.bundle import bundle
from .._shared.heads_off import HeadSwitchView
from .chosen import TermSelection, settled
from .picture import picture
from .terms import Terms
from .words import sentence


class AttributionView(HeadSwitchView[Terms]):
    """Who writes the answer: the largest terms as bars, all heads as a grid, and their running total.

    The bars are the 20 largest terms by size; the others are summed up in one bar, so that all bars add up to the
    logit difference. The grid has a cell for each head and MLP (heads' positions, and neurons, are summed up); the
    running total goes from the embedding through all layers to the logit difference.

    What is left out: of more than 200 terms a prompt, such as 40,000 neurons, only the 200 largest of each prompt are
    sent to the browser with their names, and the largest of each cell (fewer than 200 from the 21st prompt on, never
    fewer than 40). These can be selected; all others are in exact sums, in the bar of the others, in the grid and in
    the running total. Nothing is left out of the Result.

    A view draws a Result and reports gestures as values; it never runs a model.

    Args:
        result: What `mi.direct_logit_attribution` returns, by whatever parts; also `.sel(batch=0)` of it.
        selection: What to show first, any of batch, term, layer, head. Default: the first prompt, and no term.
        control: The same attribution on a baseline: a Result with the same terms, such as that of an untrained model,
            or `{"shuffled": result}`, which says what it is. Biases that only one of both has count as 0.
        intervention: Heads to show as switched off, where terms are heads'.

    Attributes:
        selection: Two-way: `{"batch": 0, "term": "L3.H1", "layer": 3, "head": 1}`. A part may be set: a term says its
            head, and a head its term. `layer` and `head` are there where terms are heads', and None for other terms;
            by position a head may be selected alone. None selects nothing.
        intervention: Two-way: the heads switched off with the key A, as a value for `model.intervene`.

    Raises:
        SelectionError: A selection that this view does not have; it keeps the one it had.
        ResultError: A Result that is no attribution, a control with other terms, or an intervention where no term is
            a head's.
    """

    _esm, _css = bundle("attribution")

    selection = TermSelection().tag(sync=True)

    def __init__(
        self,
        result: Any,
        *,
        selection: dict[str, Any] | None = None,
        control: Any = None,
        intervention: Any = None,
    ):
        drawn = Terms(result, control)
        if intervention is not None and not drawn.parts.heads:
            raise ResultError(
                "intervention= switches heads off, but no term of this attribution is a head's. Leave it out, or "
                'attribute by head: mi.direct_logit_attribution(run, answers, by="head").'
            )
        super().__init__(result, drawn, selection)
        self._join_gestures(intervention)

    def _picture(self) -> Picture:
        """The same three pictures, as the widget shows them."""
        return picture(self._drawn, self.selection, self._heads_off())

    def __repr__(self) -> str:
        terms, chosen = self._drawn, self.selection
        several = f"prompt {chosen['batch']} of {len(terms.batch)}, " if len(terms.batch) > 1 else ""
        return f"AttributionView({terms.model_name}, {several}{len(terms.names)} terms; {sentence(terms, chosen)})"

    def show(self, result: Any, *, control: Any = None) -> None:
        """Draw another Result in the same place, keeping the selection where the new one has it.

        Args:
            result: As for a new view.
            control: As for a new view; without it the control of the old one is shown no more.
        """
        self._show(result, Terms(result, control))

    def _first_selection(self, given: Any) -> dict[str, Any]:
        return settled(super()._first_selection(given), self._drawn.first(), self._drawn)

    def _arguments(self, script: Script) -> list[str]:
        control = self._drawn.control
        said = [] if control is None else [control.argument(script)]
        # `show` may have put something else in the place of heads.
        return said + (self._intervention_code(script) if self._drawn.parts.heads else [])
