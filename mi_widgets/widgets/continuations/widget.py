"""`ContinuationsView`: what a model goes on to say, line under line."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import anywidget
import traitlets

from .._shared.bundle import bundle
from .._shared.closable import ClosableWidget


@dataclass(frozen=True)
class Line:
    """One line.

    Attributes:
        name: what was done, as in "corrupted".
        prompt: what the model was given.
        continuation: what it has written so far.
        likely: its likeliest next tokens with their probabilities.
        writing: whether it is still at it.
        error: what went wrong, if something did.
    """

    name: str
    prompt: str
    continuation: str = ""
    likely: Sequence[tuple[str, float]] = ()
    writing: bool = False
    error: str = ""


class ContinuationsView(ClosableWidget, anywidget.AnyWidget):
    """Some prompts, what the model adds to each, and its likeliest next tokens. It draws what it is told.

    Args:
        model_name: for the header.
        lines: what to show.

    Attributes:
        lines: what is shown; set it anew to change it.
    """

    _esm, _css = bundle("continuations")

    _header = traitlets.Dict().tag(sync=True)
    _lines = traitlets.List().tag(sync=True)

    def __init__(self, model_name: str, lines: Sequence[Line] = ()) -> None:
        self.model_name, self.lines = model_name, ()
        super().__init__(_header={"title": "What it goes on to say", "model": model_name})
        self.show(lines)

    @property
    def error(self) -> str:
        """What went wrong in the first line where something did; empty where nothing did."""
        return next((line.error for line in self.lines if line.error), "")

    def show(self, lines: Sequence[Line]) -> None:
        """Show other lines."""
        self.lines = tuple(lines)
        self._lines = [_packed(line) for line in self.lines]

    def __repr__(self) -> str:
        said = "; ".join(f"{line.name}: {line.continuation!r}" for line in self.lines)
        return f"ContinuationsView({self.model_name}, {said})"


def _packed(line: Line) -> dict[str, Any]:
    return {**asdict(line), "likely": [[token, round(p, 4)] for token, p in line.likely]}
