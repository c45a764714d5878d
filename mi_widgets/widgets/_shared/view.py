"""What every view of a Result has: a selection, a header, its own code, links, and a picture without a browser."""

import base64
from threading import get_ident
from typing import Any, Generic, Protocol, TypeVar

import anywidget
import traitlets

from mi_widgets.core.public import public_name
from mi_widgets.core.recording import record_of
from mi_widgets.core.script import Script

from .._marks import Picture, render
from .closable import ClosableWidget
from .selection import Choices, Selection, changes_from_linked, complete_selection


class ViewData(Protocol):
    """What a view has read from what it was given, ready to be drawn."""

    def choices(self) -> Choices:
        """The labels that can be selected, for each key of the selection; None among them where nothing may be."""
        ...

    def first(self) -> dict[str, Any]:
        """What is selected where nobody has chosen: every key of `choices`."""
        ...

    def header(self) -> dict[str, Any]:
        """What the header says: title, model, unit, warnings, and whatever else the view puts there."""
        ...

    def packed(self) -> dict[str, Any]:
        """The labelled data for the browser, as `pack_dataset` makes it."""
        ...


D = TypeVar("D", bound=ViewData)


class ResultView(ClosableWidget, anywidget.AnyWidget, Generic[D]):
    """A picture of a Result that is also a control. It reports gestures as values and never runs a model.

    A subclass gives `_picture` and `__repr__`, `_arguments` where it was given more than its result and its selection,
    and a `show` that calls `_show`.

    Args:
        result: What is drawn.
        drawn: What was read from it, ready to be drawn.
        selection: What to open with, as far as it is given.
        traits: The subclass's own.
    """

    selection = Selection().tag(sync=True)

    _choices = traitlets.Dict().tag(sync=True)
    _header = traitlets.Dict().tag(sync=True)
    _data = traitlets.Dict().tag(sync=True)
    _code = traitlets.Unicode().tag(sync=True)
    _links = traitlets.List().tag(sync=True)

    def __init__(self, result: Any, drawn: D, selection: dict[str, Any] | None, **traits: Any) -> None:
        self.result, self._drawn = result, drawn
        self._applying: set[int] = set()  # the threads that apply a change from the browser
        self._first = self._first_selection(selection)
        super().__init__(selection=self._first, _choices=self._choices_now(), **self._traits_now(), **traits)
        self.observe(self._say_code, "selection")
        self.on_msg(self._on_code_request)
        self._say_code()

    def choices(self) -> Choices:
        """The labels that can be selected, for each key of the selection; None among them where nothing may be."""
        return self._drawn.choices()

    def code(self) -> str:
        """The Python that makes this result and shows it as it is shown now."""
        script = Script()
        self.write(script)
        return script.text()

    def write(self, script: Script) -> None:
        """Add the lines of `code` to a script."""
        result = script.assign(record_of(self.result, "result"), "result")
        chosen = [f"selection={self.selection!r}"] if self.selection else []
        arguments = [result, *chosen, *self._arguments(script)]
        script.show(public_name(type(self)) or type(self).__name__, arguments)

    def _arguments(self, script: Script) -> list[str]:
        """What the view was given besides its result and its selection, as Python; the script makes what it needs."""
        return []

    def png(self) -> bytes:
        """The same picture for readers without a kernel (GitHub, nbconvert)."""
        return render(self._picture())

    def _picture(self) -> Picture:
        """What is shown now, of marks."""
        raise NotImplementedError

    def follow(self, selection: dict[str, Any]) -> None:
        """Select what another view has selected, as far as this one has it."""
        change = changes_from_linked(selection, self.selection, self._choices_now())
        if change:  # complete: what the other view has nothing of is not let go
            self.selection = {**self.selection, **change}

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

    def send_state(self, key: Any = None) -> None:
        """Send traits, the data first: the browser hears of the traits of one message in their order."""
        if key is not None and not isinstance(key, str):
            key = sorted(key, key=lambda name: name != "_data")
        super().send_state(key)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """The widget, and the picture beside it."""
        bundled = super()._repr_mimebundle_(**kwargs)
        if bundled is None:
            return None
        data, metadata = bundled
        return {**data, "image/png": base64.b64encode(self.png()).decode("ascii")}, metadata

    def _show(self, result: Any, drawn: D, **traits: Any) -> None:
        """Draw something else in the same place, keeping the selection where it has it; `traits` are the subclass's."""
        self.result, self._drawn = result, drawn
        choices, before = self._choices_now(), self.selection
        kept = {key: label for key, label in before.items() if label in choices.get(key, ())}
        after = self._first_selection(kept)  # first: what is sent may depend on it
        # One message, so that nothing is drawn with another's selection; the selection last, which is checked.
        changed = {**self._traits_now(), **traits, "_choices": choices}
        if after != before:  # what is selected meanwhile, in another thread, stays where it can
            changed["selection"] = after
        with self.hold_sync():
            for name, value in changed.items():
                setattr(self, name, value)
            self._say_code()

    def _traits_now(self) -> dict[str, Any]:
        """The synced traits that follow from what is drawn."""
        return {"_header": self._drawn.header(), "_data": self._drawn.packed()}

    def _first_selection(self, given: Any) -> dict[str, Any]:
        """A complete selection: what is given, and else what is first."""
        return complete_selection({} if given is None else given, self._drawn.first(), self.choices())

    def _chosen(self) -> str:
        """What is selected, for a `repr`: "layer 1, head 3"."""
        return ", ".join(f"{key} {label}" for key, label in self.selection.items() if label is not None)

    def _choices_now(self) -> dict[str, list[Any]]:
        return {key: list(labels) for key, labels in self.choices().items()}

    def _current_selection(self) -> dict[str, Any]:
        return self._trait_values.get("selection") or self._first

    def _say_code(self, _change: Any = None, *, hash_weights: bool = False) -> None:
        """Send the code; where all weights of a model would have to be hashed for it, only when it is asked for."""
        script = Script(hash_weights=hash_weights)
        try:
            self.write(script)
            self._code = script.text() if script.complete else ""
        except Exception as error:  # such as a function of the user's: the picture is there all the same
            self._code = f"# {' '.join(str(error).split())}"

    def _on_code_request(self, _view: Any, content: Any, _buffers: Any) -> None:
        if isinstance(content, dict) and content.get("do") == "code":
            self._say_code(hash_weights=True)
