"""What every panel has: a picture beside the widgets, for readers without a kernel."""

from __future__ import annotations

import base64
from typing import Any

import ipywidgets


class Panel(ipywidgets.VBox):
    """Views one below the other, with the model that they act on. A subclass gives `png`."""

    def png(self) -> bytes:
        """What it shows, for readers without a kernel."""
        raise NotImplementedError

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        data = super()._repr_mimebundle_(**kwargs)
        return data and {**data, "image/png": base64.b64encode(self.png()).decode("ascii")}
