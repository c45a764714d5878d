"""`PromptTexts`: what the text in a panel stands for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from mi_widgets.core.prompts import one_prompt
from mi_widgets.model.model import Model


class PromptTexts:
    """Prompts as the texts that a panel shows and its reader edits. Token ids are run as long as nobody edits them.

    Args:
        caller: the panel, for messages.
        model: whose tokens they are.
    """

    def __init__(self, caller: str, model: Model) -> None:
        self._caller, self._model = caller, model
        self._ids: dict[str, list[int]] = {}

    def take(self, prompt: Any) -> str:
        """The text that a prompt, a text or token ids, is shown as.

        Raises:
            PromptError: no prompt, or several.
        """
        if isinstance(prompt, str):
            self._ids.pop(prompt, None)
            return prompt
        given = one_prompt(f"{self._caller}: prompt", prompt)
        text = shown(self._model, given).strip()
        if not isinstance(given, str):
            self._ids[text] = list(self._model.tokenize(given).spans.ids[0])
        return text

    def show(self, prompt: Any, view: Any, ask: Callable[[], None]) -> None:
        """Have a view show a prompt.

        Args:
            prompt: as in `take`.
            view: its `prompt` is set; whoever observes it runs what is shown.
            ask: runs it too; for ids that read as the text that is shown, of which no observer hears.

        Raises:
            PromptError: no prompt, or several.
        """
        before = self(view.prompt)
        text = self.take(prompt)
        if text != view.prompt:
            view.prompt = text
        elif self(text) != before:
            ask()

    def __call__(self, text: str) -> str | list[int]:
        """What is run for a text."""
        return self._ids.get(text, text)


def shown(model: Model, prompt: str | Sequence[int]) -> str:
    """A prompt as a line shows it."""
    return prompt if isinstance(prompt, str) else "".join(model.vocabulary_of(prompt))
