"""`TokensView`: a text whose tokens are coloured by a number each."""

from collections.abc import Mapping
from typing import Any

import traitlets

from .._marks import render
from .._shared.bundle import bundle
from .._shared.code import Script
from .._shared.control import quoted
from .._shared.selection import Choices, checked
from .._shared.view import ResultView
from .picture import picture
from .texts import Texts


class TokensView(ResultView):
    """A text with one number a token: as colours, as a curve over the positions, and under other conditions beneath.

    Args:
        result: A Result with the axis `pos` and its texts (`pos_token`), perhaps also `batch` and `step`, such as
            `mi.loss_per_token(run)`.
        controls: Name -> a Result of the same shape on the same text, drawn beneath in the same colours.
        selection: What to show first, any of batch, pos, and step if there is one. Default: the first prompt, no
            token, the last step.

    Attributes:
        selection: Two-way: `{"batch": 0, "pos": 17}`, and `"step"` if there is one; `pos` may be None.

    Raises:
        ResultError: A Result without `pos` or its texts, or a control on another text.
        SelectionError: A selection that this view does not have; it keeps the one it had.
    """

    _esm, _css = bundle("tokens")

    _texts = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        result: Any,
        *,
        controls: Mapping[str, Any] | None = None,
        selection: dict[str, Any] | None = None,
    ):
        self._read, self._controls = Texts(result, controls), _named(controls)
        first = self._first_selection({} if selection is None else selection)
        super().__init__(result, first, _header=self._read.header(), _texts=self._read.packed())

    def choices(self) -> Choices:
        """Prompts, positions, and steps if there are any."""
        found = {"batch": self._read.batch, "pos": [*self._read.pos, None]}
        return {**found, "step": self._read.steps} if self._read.steps else found

    def code(self) -> str:
        """The Python that makes this result and shows it as it is shown now."""
        script = Script()
        arguments = ["result", f"selection={self.selection!r}"]
        entries = [
            f"{quoted(name)}: {script.called(control, f'{name} control')}"
            for name, control in self._controls.items()
        ]
        if entries:
            arguments.insert(1, f"controls={{{', '.join(entries)}}}")
        script.add(self.result.code())
        return script.view("mi.TokensView", arguments)

    def png(self) -> bytes:
        """The same text in the same colours, and the same curve."""
        return render(picture(self._read, self.selection))

    def __repr__(self) -> str:
        read, chosen = self._read, self.selection
        n = sum(token != "" for token in read.tokens[read.batch.index(chosen["batch"])])
        parts = [read.model_name, f"{read.title.lower()} of {n} tokens"]
        if self._controls:
            parts.append(f"beside {' and '.join(self._controls)}")
        parts += [f"{key} {label}" for key, label in chosen.items() if label is not None]
        return f"TokensView({', '.join(parts)})"

    def show(self, result: Any, *, controls: Mapping[str, Any] | None = None) -> None:
        """Draw another Result in the same place, keeping the selection where the new one has it.

        Args:
            result: As for a new view.
            controls: As for a new view; without them those of the old one are shown no more.
        """
        self._read, self._controls, self.result = Texts(result, controls), _named(controls), result
        choices = self.choices()
        kept = {key: label for key, label in self.selection.items() if label in choices.get(key, ())}
        with self.hold_sync():  # one message, so that no text is drawn with another's selection
            self._header = self._read.header()
            self._texts = self._read.packed()
            self._choices = self._choices_now()
            self.selection = self._first_selection(kept)
            self._say_code()

    def _first_selection(self, given: dict[str, Any]) -> dict[str, Any]:
        somewhere = {"batch": self._read.batch[0], "pos": None}
        if self._read.steps:
            somewhere["step"] = self._read.steps[-1]
        return checked(given, somewhere, self.choices())


def _named(controls: Mapping[str, Any] | None) -> dict[str, Any]:
    return {str(name): control for name, control in (controls or {}).items()}
