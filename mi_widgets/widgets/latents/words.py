"""The latents in words. `words.ts` says the same in the browser."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from .._shared.latent_names import LatentNames
from .._shared.numbers import reading
from .._shared.tokens import visible
from .fired import Fired

_LONGEST = 24  # signs of a token


def sentence(fired: Fired, selection: Mapping[str, Any], names: LatentNames | None) -> str:
    """ "Latent 370 (↑ ·Idaho ·Georgia) fires at 2 of 11 tokens, most at 4 ·of: 21.9"."""
    latent = selection["latent"]
    if latent is None:
        return f"Strongest {where(fired, selection)}: {spoken(fired, selection, names)}"
    values = fired.over_text(selection)
    n, real = int((values > 0).sum()), int(np.isfinite(values).sum())
    called = f"Latent {titled(latent, names)}"
    if not n:
        return f"{called} fires at none of {real} tokens"
    at = int(np.nanargmax(values))
    row = fired.batch.index(selection["batch"])
    most = f"most at {fired.pos[at]} {_short(str(fired.tokens[row, at]))}: {reading(float(values[at]))}"
    return f"{called} fires at {n} of {real} tokens, {most}"


def where(fired: Fired, selection: Mapping[str, Any]) -> str:
    """ "at 4 ·of"; "in the whole text"."""
    if selection["pos"] is None:
        return "in the whole text"
    row, at = fired.batch.index(selection["batch"]), fired.pos.index(selection["pos"])
    return f"at {selection['pos']} {_short(str(fired.tokens[row, at]))}"


def spoken(fired: Fired, selection: Mapping[str, Any], names: LatentNames | None) -> str:
    """The strongest latent; "nothing"."""
    found = fired.strongest(selection, 1)
    return f"latent {titled(found[0][0], names)} {reading(found[0][1])}" if found else "nothing fires"


def titled(latent: int, names: LatentNames | None) -> str:
    """ "370 (↑ ·Idaho ·Georgia)"."""
    name = "" if names is None else names.name(latent)
    return f"{latent} ({name})" if name else str(latent)


def _short(token: str) -> str:
    shown = visible(token)
    return shown if len(shown) <= _LONGEST else shown[: _LONGEST - 1] + "…"
