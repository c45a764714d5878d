"""What steering does and what it costs, in words. `words.ts` says the same in the browser."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._shared.numbers import reading, signed


def figures_in_words(figures: Mapping[str, Any]) -> list[str]:
    """Effect, cost, and the same of a random direction; nothing where nothing is known."""
    if not figures:
        return []
    said = [f"effect: {_effects(figures)}"]
    if figures["cost"] is not None:
        said.append(f"cost: loss on ordinary text {percent(figures['cost'])}")
    control = figures["control"]
    if control:
        cost = "" if control["cost"] is None else f", {percent(control['cost'])}"
        said.append(f"control: random direction of the same norm {_effects(control)}{cost}")
    return said


def _effects(figures: Mapping[str, Any]) -> str:
    probes = [f"{name} probe {signed(value, 1)} σ" for name, value in figures["probes"]]
    return ", ".join(probes or [f"next token moved by {reading(figures['kl'])} nats"])


def percent(share: float) -> str:
    """ "+6 %"."""
    return f"{signed(100 * share, 0 if abs(share) >= 0.0995 else 1)} %"
