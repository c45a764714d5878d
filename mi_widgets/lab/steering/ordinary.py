"""Ordinary text of the shipped language models: what it costs to steer them is measured there."""

from __future__ import annotations

from mi_widgets.model.model import Model
from mi_widgets.zoo.data import data

_OF_ATLAS = ("atlas", "atlas-shortcut")
_TEXTS, _SEED = 24, 77


def ordinary_texts(model: Model) -> list[str] | None:
    """Held-out texts of a shipped language model's own corpus; None for every other model."""
    if model.name.partition(" at step ")[0] not in _OF_ATLAS:
        return None
    return [text.text for text in data("atlas", "test", n=_TEXTS, seed=_SEED)]
