"""What every panel has: gestures answered in the background, a picture for readers without a kernel, and ears."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from threading import Event
from typing import Any, Generic, TypeVar

import ipywidgets

from mi_widgets.core.interventions import Stack
from mi_widgets.core.script import Script
from mi_widgets.widgets._shared.closable import ClosableWidget
from mi_widgets.widgets._shared.view import ResultView

from .latest import Latest
from .words import in_words

V = TypeVar("V", bound=ResultView[Any])


class Panel(ClosableWidget, ipywidgets.VBox, Generic[V]):
    """Views one below the other, with the model that they act on.

    What is asked is answered in a thread of its own, and whatever is newer ends what is under way. A subclass gives
    `view`, `interventions`, `write`, `_answer` and `_say_error`.

    Args:
        children: what is shown. Those parts that say what went wrong have `error`.

    Attributes:
        view: what is seen of it without a kernel.
    """

    view: V

    _worker: Any = None

    def __init__(self, children: Sequence[Any]) -> None:
        self._worker = Latest(self._answer, self._failed)
        super().__init__(children)
        for part in _parts(self):
            hear_in_subshell(part)

    @property
    def interventions(self) -> Stack:
        """What is done to the model now, as a value for `model.intervene`."""
        raise NotImplementedError

    @property
    def error(self) -> str:
        """What went wrong, as the panel says it; empty where nothing did."""
        return next((said for part in _parts(self) if (said := getattr(part, "error", ""))), "")

    def wait(self, timeout: float | None = None) -> bool:
        """Until everything that was asked is answered; False if that takes longer than `timeout` seconds."""
        return self._worker.wait(timeout)

    def close(self) -> None:
        """Take it off the page, and compute no more for it."""
        if self._worker is not None:  # else it was never whole: what it was given was refused
            self._worker.end()
        super().close()

    def code(self) -> str:
        """The Python that does what the panel does now."""
        script = Script()
        self.write(script)
        return script.text()

    def write(self, script: Script) -> None:
        """Add the lines of `code` to a script."""
        raise NotImplementedError

    def png(self) -> bytes:
        """What it shows, for readers without a kernel."""
        return self.view.png()

    def _answer(self, request: Any, stop: Event) -> None:
        """Answer what `_worker` was asked. Its thread alone writes answers, so none that is out of date comes last."""
        raise NotImplementedError

    def _say_error(self, request: Any, error: str) -> None:
        """Show what went wrong: an exception of the worker's thread would reach no cell."""
        raise NotImplementedError

    def _failed(self, request: Any, error: BaseException) -> None:
        self._say_error(request, in_words(error))

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        data = super()._repr_mimebundle_(**kwargs)
        return data and {**data, "image/png": base64.b64encode(self.png()).decode("ascii")}


def _parts(box: ipywidgets.Box) -> Iterator[Any]:
    for child in box.children:
        yield child
        if isinstance(child, ipywidgets.Box):
            yield from _parts(child)


def hear_in_subshell(widget: Any) -> None:
    """Have gestures heard in the subshell that the front end sends them to, while a cell runs too.

    ipykernel 7.4 sends a widget's next message to wherever the kernel last spoke for it: after a cell or a thread has,
    to the main thread, where it waits for the running cell to end. Our widgets ask nothing back, so that rule, which is
    for replies, need not hold for them.
    """
    if hasattr(widget.comm, "_reply_subshell_for"):
        widget.comm._reply_subshell_for = lambda _data, named: named
