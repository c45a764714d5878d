"""How a text goes on: what panels tell their readers while it is being written."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from threading import Event
from typing import Any

from mi_widgets.model.model import Model
from mi_widgets.widgets.continuations.widget import Line

from .prompt_text import shown

_LIKELY = 5  # tokens that are shown with their probabilities
# What grows is told so often: more messages would keep the page from painting the answer that came before them.
_EVERY_S = 0.05


def throttled(tell: Callable[[Any], object]) -> Callable[[Any], None]:
    """Passes on what it is called with, but seldom; the first after a while too."""
    last = time.perf_counter()

    def told(what: Any) -> None:
        nonlocal last
        if time.perf_counter() - last >= _EVERY_S:
            last = time.perf_counter()
            tell(what)

    return told


class ContinuationWriter:
    """Lines of continuations.

    Args:
        model: what writes, under the interventions that are active then.
        max_new_tokens: how many.
    """

    def __init__(self, model: Model, max_new_tokens: int) -> None:
        self._model, self.max_new_tokens = model, max_new_tokens

    def line(
        self,
        name: str,
        prompt: str | Sequence[int],
        stop: Event,
        tell: Callable[[Line], object] | None = None,
    ) -> Line:
        """One line; what is likeliest next is told after a single forward pass, the rest as it is written.

        Args:
            name: what was done, for the reader.
            prompt: what is continued, a text or token ids.
            stop: once it is set, nothing is told any more, and writing ends.
            tell: called with the line as it grows.
        """

        def say(continuation: str, *, writing: bool = True) -> Line:
            line = Line(name, shown(self._model, prompt), continuation, likely, writing)
            if tell is not None and not stop.is_set():
                tell(line)
            return line

        found = self._model.run(prompt).next_tokens(_LIKELY).dataset.isel(batch=0)
        tokens, shares = found["token"].values.tolist(), found["probability"].values.tolist()
        likely = list(zip(tokens, shares, strict=True))
        say(tokens[0])
        generation = self._model.generate(
            prompt,
            max_new_tokens=self.max_new_tokens,
            on_token=throttled(lambda so_far: say(so_far.text)),
            cancel=stop,
        )
        return say(generation.text, writing=False)
