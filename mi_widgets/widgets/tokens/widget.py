"""`TokensView`: a text whose tokens are coloured by a number each."""

from typing import Any

from mi_widgets.core.numbers import count_text
from mi_widgets.core.script import Script

from .._marks import Picture
from .._shared.bundle import bundle
from .._shared.control import quoted
from .._shared.view import ResultView
from .picture import picture
from .texts import Texts


class TokensView(ResultView[Texts]):
    """A text with one number a token: as colours, as a curve over the positions, and under other conditions beneath.

    Args:
        result: A Result with the axis `pos` and its texts (`pos_token`), perhaps also `batch` and `step`, such as
            `mi.loss_per_token(run)`.
        control: A Result of the same shape on the same text, drawn beneath in the same colours, or several by name; one
            without a name is called "untrained".
        selection: What to show first, any of batch, pos, and step if there is one. Default: the first prompt, no
            token, the last step.

    Attributes:
        selection: Two-way: `{"batch": 0, "pos": 17}`, and `"step"` if there is one; `pos` may be None.

    Raises:
        ResultError: A Result without `pos` or its texts, or a control on another text.
        SelectionError: A selection that this view does not have; it keeps the one it had.
    """

    _esm, _css = bundle("tokens")

    def __init__(
        self,
        result: Any,
        *,
        control: Any = None,
        selection: dict[str, Any] | None = None,
    ):
        super().__init__(result, Texts(result, control), selection)

    def _picture(self) -> Picture:
        """The same text in the same colours, and the same curve."""
        return picture(self._drawn, self.selection)

    def __repr__(self) -> str:
        read, chosen = self._drawn, self.selection
        n = sum(token != "" for token in read.tokens[read.batch.index(chosen["batch"])])
        parts = [read.model_name, f"{read.title.lower()} of {count_text(n, 'token')}"]
        if read.controls:
            parts.append(f"beside {' and '.join(read.controls)}")
        return f"TokensView({', '.join([*parts, self._chosen()])})"

    def show(self, result: Any, *, control: Any = None) -> None:
        """Draw another Result in the same place, keeping the selection where the new one has it.

        Args:
            result: As for a new view.
            control: As for a new view; without it those of the old one are shown no more.
        """
        self._show(result, Texts(result, control))

    def _arguments(self, script: Script) -> list[str]:
        entries = [
            f"{quoted(name)}: {script.expression(control, f'{name} control')}"
            for name, control in self._drawn.controls.items()
        ]
        return [f"control={{{', '.join(entries)}}}"] if entries else []
