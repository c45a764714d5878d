"""`AttentionView`: attention patterns, all heads at once and one of them large."""

from collections.abc import Mapping
from typing import Any

import traitlets

from mi_widgets.core.script import Script

from .._marks import render
from .._shared.answers import answer_questions
from .._shared.bundle import bundle
from .._shared.given import warnings_of
from .._shared.heads_off import HeadSwitchView
from .._shared.selection import Choices
from .first import first_selection
from .patterns import Patterns
from .picture import picture
from .scores import read_scores


class AttentionView(HeadSwitchView):
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
        ResultError: Scores of another shape than the heads.
    """

    _esm, _css = bundle("attention")

    _picture = traitlets.Dict().tag(sync=True)
    _scores = traitlets.List().tag(sync=True)

    def __init__(
        self,
        result: Any,
        *,
        selection: dict[str, Any] | None = None,
        intervention: Any = None,
        scores: Mapping[str, Any] | None = None,
    ):
        self._patterns = Patterns(result)
        self._read_scores = read_scores(scores, self._patterns.grid, self._patterns.steps)
        first = self._first_selection(selection or {})
        super().__init__(
            result,
            first,
            _header=self._said_above(result),
            _picture=self._patterns.picture(first),
            _scores=[score.packed() for score in self._read_scores],
        )
        self.observe(self._selected, "selection")
        self._join_gestures(intervention)
        answer_questions(self, {"head": self._answer_head})

    def choices(self) -> Choices:
        """Steps, if there are any, prompts, the model's numbers of layers and heads, and positions."""
        patterns = self._patterns
        n_query, n_key = patterns.values.shape[4:]
        return {
            **({"step": patterns.steps} if patterns.steps else {}),
            "batch": range(patterns.n_batch),
            "layer": patterns.layers,
            "head": patterns.heads,
            "query": [*range(n_query), None],
            "key": [*range(n_key), None],
        }

    def _arguments(self, script: Script) -> list[str]:
        scores = [score.code(script) for score in self._read_scores]
        said = [f"scores={{{', '.join(scores)}}}"] if scores else []
        return [*self._intervention_code(script), *said]

    def png(self) -> bytes:
        """The grid of heads and the selected one, as the widget shows them."""
        return render(picture(self._patterns, self.selection, self._read_scores, self._heads_off()))

    def __repr__(self) -> str:
        patterns, chosen = self._patterns, self.selection
        n_layers, n_heads = patterns.grid
        step = f"step {chosen['step']}, " if patterns.steps else ""
        return (
            f"AttentionView({patterns.model_name}, {step}{patterns.n_tokens(chosen['batch'])} tokens, "
            f"{n_layers} layers x {n_heads} heads, selected layer {chosen['layer']} head {chosen['head']})"
        )

    def show(self, result: Any) -> None:
        """Draw another Result in the same place, keeping the selection where the new one has it.

        Raises:
            ResultError: The view's scores are not of the new one's heads or steps.
        """
        patterns = Patterns(result)
        given = {score.name: score.given for score in self._read_scores}
        self._read_scores = read_scores(given, patterns.grid, patterns.steps)
        self._patterns, self.result = patterns, result
        choices = self.choices()
        kept = {key: value for key, value in self.selection.items() if value in choices.get(key, ())}
        chosen = self._first_selection(kept)
        with self.hold_sync():  # one message, so that no picture is drawn with another's selection
            self._header = self._said_above(result)
            self._picture = self._patterns.picture(chosen)
            self._choices = self._choices_now()
            self.selection = chosen
            self._say_code()

    def _said_above(self, result: Any) -> dict[str, Any]:
        scores = [score.given for score in self._read_scores]
        return {**self._patterns.header(), "warnings": warnings_of(result, *scores)}

    def _first_selection(self, given: dict[str, Any]) -> dict[str, Any]:
        return first_selection(given, self._patterns, self.choices(), self._read_scores)

    # Gestures, from the browser or from Python; perhaps on a callback thread.

    def _selected(self, change: Any) -> None:
        moved = {key for key, label in change.new.items() if change.old.get(key) != label}
        if "batch" in moved or ("step" in moved and not self._patterns.steps_fit):
            self._picture = self._patterns.picture(change.new)

    def _answer_head(self, question: dict[str, Any]) -> dict[str, Any]:
        place = {
            key: question[key] for key in ("step", "batch", "layer", "head") if question.get(key) is not None
        }
        return {**place, "tensor": self._patterns.packed_head(place)}
