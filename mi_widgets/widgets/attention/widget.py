"""`AttentionView`: attention patterns, all heads at once and one of them large."""

from collections.abc import Mapping
from typing import Any

import traitlets

from .._shared import heads_off
from .._shared.answers import answer_questions
from .._shared.bundle import bundle
from .._shared.code import Script
from .._shared.heads_off import HeadsOff
from .._shared.selection import Choices
from .._shared.view import ResultView
from .first import first_selection
from .patterns import Patterns
from .picture import draw
from .scores import read_scores


class AttentionView(ResultView):
    """Where every head of a model looks: a grid of all heads, and the selected one with its tokens.

    A view draws a Result and reports gestures as values; it never runs a model.

    Args:
        result: What `mi.attention` returns.
        selection: What to show first, any of batch, layer, head, query, key. Default: the head and the row that
            look most at something other than the first token, themselves and the token before; with `scores`, the
            head that is highest in the first of them.
        intervention: Heads to show as switched off: a value such as `mi.ablate(at.z[1, 3])`, or a stack of them.
        scores: Name -> a Result or an array of shape (layer, head), or a pair of them, the score and its control.

    Attributes:
        selection: Two-way: `{"batch": 0, "layer": 1, "head": 3, "query": 17, "key": None}`. A part may be set, as in
            `view.selection = {"head": 2}`. The layer and the head are the model's numbers, query and key positions.
        intervention: Two-way: the heads switched off with the key A, as a value for `model.intervene`.

    Raises:
        SelectionError: A selection that this view does not have; it keeps the one it had.
        ResultError: Scores of another shape than the heads.
    """

    _esm, _css = bundle("attention")

    intervention = HeadsOff()

    _ablated = traitlets.List().tag(sync=True)
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
        self._read_scores = read_scores(scores, self._patterns.values.shape[1:3])
        self._others: list[Any] = []  # what the intervention does besides switching heads off
        first = self._first_selection(selection or {})
        super().__init__(
            result,
            first,
            _header=self._patterns.header(),
            _picture=self._patterns.picture(first["batch"], first["layer"], first["head"]),
            _scores=[score.packed() for score in self._read_scores],
        )
        self.observe(self._selected, "selection")
        self.observe(self._switched, "_ablated")
        self.observe(self._intervened, "intervention")
        if intervention is not None:
            self.intervention = intervention
        answer_questions(self, {"head": self._answer_head})

    def choices(self) -> Choices:
        """Prompts, the model's numbers of layers and heads, and positions."""
        batch, _, _, n_query, n_key = self._patterns.values.shape
        return {
            "batch": range(batch),
            "layer": self._patterns.layers,
            "head": self._patterns.heads,
            "query": [*range(n_query), None],
            "key": [*range(n_key), None],
        }

    def code(self) -> str:
        """The Python that makes this result and shows it as it is shown now."""
        script = Script()
        arguments = [f"selection={self.selection!r}"]
        if self._ablated or self._others:
            arguments.append(f"intervention={self.intervention.code()}")
        if self._read_scores:
            arguments.append(f"scores={{{', '.join(score.code(script) for score in self._read_scores)}}}")
        script.add(self.result.code())
        return script.view("result.view", arguments)

    def png(self) -> bytes:
        """The grid of heads and the selected one, as the widget shows them."""
        return draw(
            self._patterns,
            self.selection,
            self._read_scores,
            {(layer, head) for layer, head in self._ablated},
        )

    def __repr__(self) -> str:
        patterns, chosen = self._patterns, self.selection
        n_layers, n_heads = patterns.values.shape[1:3]
        return (
            f"AttentionView({patterns.model_name}, {patterns.n_tokens(chosen['batch'])} tokens, "
            f"{n_layers} layers x {n_heads} heads, selected layer {chosen['layer']} head {chosen['head']})"
        )

    def show(self, result: Any) -> None:
        """Draw another Result in the same place, keeping the selection where the new one has it."""
        self._patterns = Patterns(result)
        self.result = result
        choices = self.choices()
        kept = {key: value for key, value in self.selection.items() if value in choices[key]}
        chosen = self._first_selection(kept)
        with self.hold_sync():  # one message, so that no picture is drawn with another's selection
            self._header = self._patterns.header()
            self._picture = self._patterns.picture(chosen["batch"], chosen["layer"], chosen["head"])
            self._choices = self._choices_now()
            self.selection = chosen
            self._say_code()

    def _first_selection(self, given: dict[str, Any]) -> dict[str, Any]:
        return first_selection(given, self._patterns, self.choices(), self._read_scores)

    # Gestures, from the browser or from Python; perhaps on a callback thread.

    def _selected(self, change: Any) -> None:
        if change.old.get("batch") != change.new["batch"]:
            self._picture = self._patterns.picture(
                change.new["batch"], change.new["layer"], change.new["head"]
            )

    def _switched(self, change: Any) -> None:
        pairs = [(layer, head) for layer, head in change.new]
        if heads_off.split(self.intervention)[0] != pairs:
            self.intervention = heads_off.stack_of(pairs, self._others)
        self._say_code()

    def _intervened(self, change: Any) -> None:
        heads, self._others = heads_off.split(change.new)
        self._ablated = [list(pair) for pair in heads]
        self._say_code()

    def _answer_head(self, question: dict[str, Any]) -> dict[str, Any]:
        place = {key: question[key] for key in ("batch", "layer", "head")}
        return {**place, "tensor": self._patterns.packed_head(**place)}
