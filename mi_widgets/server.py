"""A Jupyter server extension: what a kernel says reaches the page at once.

By default the server lets the operating system collect small messages before it sends them (Nagle's algorithm), and an
answer then waits for the page to acknowledge the one before: some 30 ms on one machine. With this extension every
websocket to a kernel is told to wait for nothing (TCP_NODELAY). It comes with the package and is on by itself; it is
switched off by `jupyter server extension disable mi_widgets.server`, and nothing depends on it.
"""

from __future__ import annotations

import inspect
from functools import wraps
from typing import Any


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "mi_widgets.server"}]


def _load_jupyter_server_extension(app: Any) -> None:
    # Only a server that loads this needs it, and has it.
    from jupyter_server.services.kernels.websocket import KernelWebsocketHandler

    without_delay(KernelWebsocketHandler)
    app.log.info("mi_widgets.server: messages of kernels are sent without delay")


def without_delay(handler: Any) -> None:
    """Have every websocket of a handler's send what it is given at once.

    Args:
        handler: a class of tornado's `WebSocketHandler`.
    """
    if getattr(handler.open, "without_delay", False):
        return
    opened = handler.open

    @wraps(opened)
    async def open_without_delay(self: Any, *args: Any, **kwargs: Any) -> None:
        self.set_nodelay(True)
        waiting = opened(self, *args, **kwargs)
        if inspect.isawaitable(waiting):
            await waiting

    open_without_delay.without_delay = True  # type: ignore[attr-defined]
    handler.open = open_without_delay
