"""What the views decide in both languages, as functions of plain values; part of the rules of `agreement.py`."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import xarray as xr

from mi_widgets.widgets.attribution.chosen import settled
from mi_widgets.widgets.attribution.parts import read_parts
from mi_widgets.widgets.attribution.words import others
from mi_widgets.widgets.dashboards.words import percent as percent_of_tokens
from mi_widgets.widgets.fourier.words import fine
from mi_widgets.widgets.fourier.words import percent as percent_of_logits
from mi_widgets.widgets.logit_lens.words import coloured_by, fate
from mi_widgets.widgets.steering.words import effect_in_words
from mi_widgets.widgets.steering.words import percent as percent_of_loss
from mi_widgets.widgets.superposition.words import described

# Terms, and the layer and the head of each, in two layers with two heads and an MLP; -1 for none.
TERMS = {
    "embed": (-1, -1),
    "L0.H0": (0, 0),
    "L0.H1": (0, 1),
    "L1.H0 from 1": (1, 0),
    "L1.H0 from 2": (1, 0),
    "L1.H1": (1, 1),
    "L1.MLP": (1, -1),
}


def _settled(chosen: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    layers, heads = np.array(list(TERMS.values())).T
    parts = read_parts(list(TERMS), layers, heads, np.full(len(TERMS), -1))
    picked = parts.picked(np.arange(len(TERMS))[None])
    return settled(chosen, before, SimpleNamespace(parts=parts, names=list(TERMS), picked=picked))  # type: ignore[arg-type]


def _described(feature: dict[str, Any]) -> str:
    drawn = SimpleNamespace(
        figures=np.array([[feature["figure"]]]),
        represented=np.array([[feature["represented"]]]),
        dimensionality=np.array([[feature["dimensionality"]]]),
        lengths=np.array([[feature["length"]]]),
        fellows=lambda instance, at: feature["fellows"],
    )
    return described(drawn, 0, 0)  # type: ignore[arg-type]


def _effect(kl: list[Any] | None, cost: list[Any] | None, read: dict[str, list[Any]]) -> list[str]:
    if kl is None:
        return effect_in_words(xr.Dataset())
    columns = {"kl": ("push", np.array(kl, np.float32)), "cost": ("push", np.array(cost, np.float32))}
    if read:
        columns["read"] = (("probe", "push"), np.array([*read.values()], np.float32))
    return effect_in_words(xr.Dataset(columns, {"push": ["given", "random"], "probe": [*read]}))


RULES: dict[str, Callable[..., Any]] = {
    "attribution others": others,
    "attribution settled": _settled,
    "share of tokens": percent_of_tokens,
    "fourier percent": percent_of_logits,
    "fourier fine": fine,
    "steering percent": percent_of_loss,
    "steering effect": _effect,
    "lens fate": fate,
    "lens coloured by": coloured_by,
    "superposition described": _described,
}
