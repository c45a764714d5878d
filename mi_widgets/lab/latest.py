"""`Latest`: work in the background of which only the newest matters."""

from __future__ import annotations

import atexit
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import Context
from typing import Any
from weakref import WeakSet

from mi_widgets.core.torch_defaults import torch_defaults

# While a cell computes in Python, this thread asks for the interpreter after every operation of torch's, and waits for
# it this long each time; with Python's own 5 ms a forward pass would take a second.
_SWITCH_S = 2e-4
# The end of a script waits so long for what is under way: what torch computes is not to be cut off in the middle.
_LAST_S = 5.0


class Latest:
    """Does what it is asked in a thread of its own; what is asked later ends what is under way.

    A slow answer so never keeps a newer one waiting, and the kernel's own thread stays free for the next gesture. When
    the script ends, so does the work.

    Args:
        work: called with what was asked, and with an event that is set when something newer was asked.
        failed: called with what was asked and the exception, where `work` raised one: it would reach no cell.
            `SystemExit` and `KeyboardInterrupt` of a user's function are told as well; they end no other thread.
    """

    def __init__(
        self, work: Callable[[Any, threading.Event], None], failed: Callable[[Any, BaseException], None]
    ) -> None:
        self._work, self._failed = work, failed
        self._changed = threading.Condition()
        self._waiting: list[tuple[Any, threading.Event]] = []  # the newest one, if it is not yet under way
        self._under_way: threading.Event | None = None
        self._thread: threading.Thread | None = None

    def ask(self, what: Any) -> None:
        """Begin with this as soon as what is under way has noticed that it is out of date."""
        with self._changed:
            self._waiting = [(what, threading.Event())]
            if self._under_way is not None:
                self._under_way.set()
            if self._thread is None:
                # Others are waited for at the end of a script, before it can be told to stop.
                self._thread = threading.Thread(target=self._run, name="mi_widgets.Latest", daemon=True)
                _at_work.add(self)
                self._thread.start()

    def wait(self, timeout: float | None = None) -> bool:
        """Until nothing is left to do; False if that takes longer than `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: self._thread is None, timeout)

    def end(self) -> None:
        """Do no more: what waits is forgotten, and what is under way is told to stop."""
        with self._changed:
            self._waiting = []
            if self._under_way is not None:
                self._under_way.set()

    def _run(self) -> None:
        try:
            with _switching_fast():
                self._work_off()
        finally:  # whatever happened, what is asked next finds somebody to do it
            with self._changed:
                if self._thread is threading.current_thread():
                    self._thread = self._under_way = None
                self._changed.notify_all()

    def _work_off(self) -> None:
        while True:
            with self._changed:
                if not self._waiting:
                    self._thread = self._under_way = (
                        None  # under this lock: what is asked next starts another
                    )
                    return
                [(what, stop)] = self._waiting
                self._waiting, self._under_way = [], stop
            try:
                # In a context of its own: what is active where it was asked is not what it is to see.
                with torch_defaults():
                    Context().run(self._work, what, stop)
            except BaseException as error:
                self._tell(what, error)

    def _tell(self, what: Any, error: BaseException) -> None:
        try:
            self._failed(what, error)
        except Exception:  # what it would be shown on is gone; what was asked since is done all the same
            traceback.print_exc()


_at_work: WeakSet[Latest] = WeakSet()


@atexit.register
def _end_all() -> None:
    until, workers = time.monotonic() + _LAST_S, list(_at_work)
    for worker in workers:
        worker.end()
    for worker in workers:
        worker.wait(max(0.0, until - time.monotonic()))


_hurried = 0  # threads that want the interpreter often
_hurry = threading.Lock()
_usual = sys.getswitchinterval()


@contextmanager
def _switching_fast() -> Iterator[None]:
    """The interpreter changes its thread often, until the last who wants that is done."""
    global _hurried, _usual
    with _hurry:
        if not _hurried:
            _usual = sys.getswitchinterval()
            sys.setswitchinterval(_SWITCH_S)
        _hurried += 1
    try:
        yield
    finally:
        with _hurry:
            _hurried -= 1
            if not _hurried:
                sys.setswitchinterval(_usual)
