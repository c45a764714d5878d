"""The latents in words."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from .._shared.latent_names import LatentNames
from .._shared.numbers import reading
from .._shared.tokens import shortened
from .._shared.words import Words
from .fired import Fired

_LONGEST = 24  # signs of a token
_WORDS = Words(__file__)


def sentence(fired: Fired, selection: Mapping[str, Any], names: LatentNames | None) -> str:
    """ "Latent 370 (↑ ·Idaho ·Georgia) fires at 2 of 11 tokens, most at 4 ·of: 21.9"."""
    latent = selection["latent"]
    if latent is None:
        return _WORDS.say("sentence", where=where(fired, selection), **_strongest(fired, selection, names))
    values = fired.over_text(selection)
    n, real = int((values > 0).sum()), int(np.isfinite(values).sum())
    facts = {"titled": titled(latent, names), "real": real}
    if n:
        at = int(np.nanargmax(values))
        token = str(fired.tokens[fired.batch.index(selection["batch"]), at])
        facts |= {
            "n": n,
            "pos": fired.pos[at],
            "token": shortened(token, _LONGEST),
            "value": reading(float(values[at])),
        }
    return _WORDS.say("sentence", **facts)


def where(fired: Fired, selection: Mapping[str, Any]) -> str:
    """ "at 4 ·of"; "in the whole text"."""
    pos = selection["pos"]
    if pos is None:
        return _WORDS.say("where")
    token = str(fired.tokens[fired.batch.index(selection["batch"]), fired.pos.index(pos)])
    return _WORDS.say("where", pos=pos, token=shortened(token, _LONGEST))


def titled(latent: int, names: LatentNames | None) -> str:
    """ "370 (↑ ·Idaho ·Georgia)"."""
    name = "" if names is None else names.name(latent)
    return f"{latent} ({name})" if name else str(latent)


def _strongest(fired: Fired, selection: Mapping[str, Any], names: LatentNames | None) -> dict[str, str]:
    found = fired.strongest(selection, 1)
    return {"strongest": titled(found[0][0], names), "value": reading(found[0][1])} if found else {}
