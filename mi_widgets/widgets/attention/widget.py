"""`AttentionView`: attention patterns, all heads at once and one of them large."""

from collections.abc import Mapping
from typing import Any

from mi_widgets.core.numbers import count_text
from mi_widgets.core.script import Script

from .._marks import Picture
from .._shared.answers import answer_questions
from .._shared.bundle import bundle
from .._shared.heads_off import HeadSwitchView
from .first import first_selection
from .patterns import Patterns
from .picture import picture


class AttentionView(HeadSwitchView[Patterns]):
    """Where every head of a model looks: a grid of all heads, and the selected one with its tokens.

    A view draws a Result and reports gestures as values; it never runs a model.

    Args:
        result: What `mi.attention` returns.
        selection: What to show first, any of step, batch, layer, head, query, key. Default: the last step (where
            there are several), and the head and the row that look most at something other than the first token,
            themselves and the token before; with `scores`, the head that is highest in the first of them.
        intervention: Heads to show as switched off: a value such as `mi.ablate(at.z[1, 3])`, or a stack of them.
        scores: Name -> a Result or an array of shape (layer, head), or a pair of them, the score and its control. With
            the axis `step` in front they are those of each step.

    Attributes:
        selection: Two-way: `{"batch": 0, "layer": 1, "head": 3, "query": 17, "key": None}`. A part may be set, as in
            `view.selection = {"head": 2}`. The layer and the head are the model's numbers, query and key positions,
            and `step`, which only a Result with that axis has, is a label of it.
        intervention: Two-way: the heads switched off with the key A, as a value for `model.intervene`.

    Raises:
        SelectionError: A selection that this view does not have; it keeps the one it had.
        ResultError: No Result of `mi.attention`, or scores of another shape than the heads.
    """

    _esm, _css = bundle("attention")

    def __init__(
        self,
        result: Any,
        *,
        selection: dict[str, Any] | None = None,
        intervention: Any = None,
        scores: Mapping[str, Any] | None = None,
    ):
        super().__init__(result, Patterns(result, scores), selection)
        self.observe(self._selected, "selection")
        self._join_gestures(intervention)
        answer_questions(self, {"head": self._answer_head})

    def _picture(self) -> Picture:
        """The grid of heads and the selected one, as the widget shows them."""
        return picture(self._drawn, self.selection, self._heads_off())

    def __repr__(self) -> str:
        patterns, chosen = self._drawn, self.selection
        step = f"step {chosen['step']}, " if "step" in chosen else ""
        return (
            f"AttentionView({self._header['model']}, {step}{count_text(patterns.n_tokens(chosen['batch']), 'token')}, "
            f"{len(patterns.labels['layer'])} layers x {len(patterns.labels['head'])} heads, "
            f"selected layer {chosen['layer']} head {chosen['head']})"
        )

    def show(self, result: Any) -> None:
        """Draw another Result in the same place, keeping the selection where the new one has it.

        Raises:
            ResultError: The view's scores are not of the new one's heads or steps.
        """
        self._show(result, Patterns(result, {score.name: score.given for score in self._drawn.scores}))

    def _arguments(self, script: Script) -> list[str]:
        scores = [score.code(script) for score in self._drawn.scores]
        said = [f"scores={{{', '.join(scores)}}}"] if scores else []
        return [*self._intervention_code(script), *said]

    def _first_selection(self, given: Any) -> dict[str, Any]:
        first = first_selection({} if given is None else given, self._drawn)
        self._drawn.turn(first)
        return first

    # Gestures, from the browser or from Python; perhaps on a callback thread.

    def _selected(self, change: Any) -> None:
        if self._drawn.turn(change.new):
            self._data = self._drawn.packed()

    def _answer_head(self, question: dict[str, Any]) -> dict[str, Any]:
        place = {
            key: question[key] for key in ("step", "batch", "layer", "head") if question.get(key) is not None
        }
        return {**place, "tensor": self._drawn.packed_head(place)}
