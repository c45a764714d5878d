"""A view in which something is written that a panel answers."""

import traitlets

from .view import D, ResultView


class PromptView(ResultView[D]):
    """A view with a text to write, where somebody answers it; and what is said of the answer."""

    prompt = traitlets.Unicode(None, allow_none=True).tag(sync=True)

    _said = traitlets.Dict(default_value={"error": "", "busy": ""}).tag(sync=True)

    @property
    def error(self) -> str:
        """What went wrong, as it is shown; empty where nothing did."""
        return self._said["error"]

    def say(self, *, error: str | None = None, busy: str | bool | None = None) -> None:
        """Tell the reader what went wrong with what was asked, or whether, or what, is still being done."""
        said = {"error": error, "busy": busy}
        self._said = {**self._said, **{name: value for name, value in said.items() if value is not None}}
