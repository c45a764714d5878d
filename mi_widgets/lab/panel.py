"""What every panel has: a picture for readers without a kernel, and ears while a cell runs."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import ipywidgets

from mi_widgets.widgets._shared.closing import Closing


class Panel(Closing, ipywidgets.VBox):
    """Views one below the other, with the model that they act on. A subclass gives `png`."""

    def __init__(self, children: Sequence[Any]) -> None:
        super().__init__(children)
        for child in children:
            hear_in_subshell(child)

    def png(self) -> bytes:
        """What it shows, for readers without a kernel."""
        raise NotImplementedError

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        data = super()._repr_mimebundle_(**kwargs)
        return data and {**data, "image/png": base64.b64encode(self.png()).decode("ascii")}


def hear_in_subshell(widget: Any) -> None:
    """Have gestures heard in the subshell that the front end sends them to, while a cell runs too.

    ipykernel 7.4 sends a widget's next message to wherever the kernel last spoke for it: after a cell or a thread has,
    to the main thread, where it waits for the running cell to end. Our widgets ask nothing back, so that rule, which is
    for replies, need not hold for them.
    """
    if hasattr(widget.comm, "_reply_subshell_for"):
        widget.comm._reply_subshell_for = lambda _data, named: named
