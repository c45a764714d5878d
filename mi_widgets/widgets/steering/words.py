"""What steering does and what it costs, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._shared.numbers import reading, signed
from .._shared.words import Words

_WORDS = Words(__file__)


def figures_in_words(figures: Mapping[str, Any]) -> list[str]:
    """Effect, cost, and the same of a random direction; nothing where nothing is known."""
    if not figures:
        return []
    said = [_WORDS.say("effect", effects=_effects(figures))]
    if figures["cost"] is not None:
        said.append(_WORDS.say("cost", cost=percent(figures["cost"])))
    control = figures["control"]
    if control:
        cost = None if control["cost"] is None else percent(control["cost"])
        said.append(_WORDS.say("control", effects=_effects(control), cost=cost))
    return said


def _effects(figures: Mapping[str, Any]) -> str:
    probes = [{"name": name, "sigma": signed(value, 1)} for name, value in figures["probes"]]
    return _WORDS.each("probe", probes, ", ") or _WORDS.say("moved", kl=reading(figures["kl"]))


def percent(share: float) -> str:
    """ "+6 %"."""
    return f"{signed(100 * share, 0 if abs(share) >= 0.0995 else 1)} %"
