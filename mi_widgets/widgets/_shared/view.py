"""What every view of a Result has: a selection, a header, its own code, links, and a picture without a browser."""

import base64
from threading import get_ident
from typing import Any

import anywidget
import traitlets

from mi_widgets.core.errors import InterventionError

from .closing import Closing
from .code import Script
from .selection import Choices, Selection, shared


class ResultView(Closing, anywidget.AnyWidget):
    """A picture of a Result that is also a control. It reports gestures as values and never runs a model.

    A subclass gives `choices`, `png` and `__repr__`, and `code` where it shows more than its result and selection. It
    sets what `choices` reads before it calls `super().__init__`.

    Args:
        result: What is drawn.
        first: The selection to open with, complete.
        traits: The subclass's own.
    """

    selection = Selection().tag(sync=True)

    _choices = traitlets.Dict().tag(sync=True)
    _header = traitlets.Dict().tag(sync=True)
    _code = traitlets.Unicode().tag(sync=True)
    _links = traitlets.List().tag(sync=True)

    def __init__(self, result: Any, first: dict[str, Any], **traits: Any) -> None:
        self.result = result
        self._applying: set[int] = set()  # the threads that apply a change from the browser
        self._first = first
        super().__init__(selection=first, _choices=self._choices_now(), **traits)
        self.observe(self._say_code, "selection")
        self._say_code()

    def choices(self) -> Choices:
        """The labels that can be selected, for each key of the selection; None among them where nothing may be."""
        raise NotImplementedError

    def code(self) -> str:
        """The Python that makes this result and shows it as it is shown now."""
        script = Script()
        script.add(self.result.code())
        return script.view("result.view", [f"selection={self.selection!r}"])

    def png(self) -> bytes:
        """The same picture for readers without a kernel (GitHub, nbconvert)."""
        raise NotImplementedError

    def follow(self, selection: dict[str, Any]) -> None:
        """Select what another view has selected, as far as this one has it."""
        change = shared(selection, self.selection, self._choices_now())
        if change:
            self.selection = change

    @property
    def moved_in_browser(self) -> bool:
        """Whether what changes now comes from the browser; a callback's thread may apply it while a cell runs."""
        return get_ident() in self._applying

    def set_state(self, sync_data: Any) -> None:
        """Apply a change that comes from the browser."""
        self._applying.add(get_ident())
        try:
            super().set_state(sync_data)
        finally:
            self._applying.discard(get_ident())

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """The widget, and the picture beside it."""
        bundled = super()._repr_mimebundle_(**kwargs)
        if bundled is None:
            return None
        data, metadata = bundled if isinstance(bundled, tuple) else (bundled, {})
        return {**data, "image/png": base64.b64encode(self.png()).decode("ascii")}, metadata

    def _choices_now(self) -> dict[str, list[Any]]:
        return {key: list(labels) for key, labels in self.choices().items()}

    def _current_selection(self) -> dict[str, Any]:
        return self._trait_values.get("selection") or self._first

    def _say_code(self, _change: Any = None) -> None:
        try:
            self._code = self.code()
        except InterventionError as error:  # a function of the user's cannot be written
            self._code = f"# {error}"
