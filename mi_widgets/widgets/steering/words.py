"""What steering does and what it costs, in words."""

from __future__ import annotations

import math

import xarray as xr

from mi_widgets.core.numbers import number_text, signed

from .._shared.words import Words

_WORDS = Words(__file__)


def effect_in_words(effect: xr.Dataset) -> list[str]:
    """Effect, cost, and the same of a random direction; nothing where nothing is known."""
    if not effect:
        return []
    given, random = (_facts(effect.sel(push=push)) for push in ("given", "random"))
    said = [_WORDS.say("effect", **given), _WORDS.say("cost", **given), _WORDS.say("control", **random)]
    return [line for line in said if line]


def _facts(push: xr.Dataset) -> dict[str, str]:
    cost = push["cost"].item()
    return {"effects": _effects(push), "cost": "" if math.isnan(cost) else percent(cost)}


def _effects(push: xr.Dataset) -> str:
    """What the probes read, or how far the next token moved where there is none; empty where nothing is known."""
    kl = push["kl"].item()
    if math.isnan(kl):
        return ""
    if "read" not in push:
        return _WORDS.say("moved", kl=number_text(kl))
    unit = "nats" if push["read"].attrs.get("units") == "nats" else "σ"  # without texts nobody knows σ
    read = zip(push["probe"].values.tolist(), push["read"].values.tolist(), strict=True)
    probes = [{"name": name, "moved": signed(moved, 1), "unit": unit} for name, moved in read]
    return _WORDS.each("probe", probes, ", ") or _WORDS.say("moved", kl=number_text(kl))


def percent(share: float) -> str:
    """ "+6 %"."""
    return f"{signed(100 * share, 0 if abs(share) >= 0.0995 else 1)} %"
