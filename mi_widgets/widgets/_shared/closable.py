"""Closing a widget together with all that was made for it."""

import ipywidgets


class ClosableWidget(ipywidgets.DOMWidget):
    """A widget of which `close` leaves nothing open.

    ipywidgets holds every open widget, and closes only the one that it is told to: the layout that each has, its style
    and its children would stay for as long as the kernel runs.
    """

    def close(self) -> None:
        """Close it, and all that only it shows."""
        if self.comm is not None:  # else it is closed already
            _close_parts(self)
        super().close()


def _close_parts(widget: ipywidgets.Widget) -> None:
    named = (getattr(widget, name, None) for name in ("layout", "style"))
    for part in (*getattr(widget, "children", ()), *named):
        if isinstance(part, ipywidgets.Widget):
            _close_parts(part)
            part.close()
