"""The latents in words."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from mi_widgets.core.numbers import number_text

from .._shared.tokens import shortened
from .._shared.words import Words
from .activations import LatentActivations

_LONGEST = 24  # characters of a token
_WORDS = Words(__file__)


def sentence(fired: LatentActivations, selection: Mapping[str, Any]) -> str:
    """ "Latent 370 (↑ ·Idaho ·Georgia) fires at 2 of 11 tokens, most at 4 ·of: 21.9"."""
    latent = selection["latent"]
    if latent is None:
        facts: dict[str, Any] = {"where": where(fired, selection)}
        for first, value in fired.strongest(selection, 1):
            facts |= {"strongest": titled(fired, first), "value": number_text(value)}
        return _WORDS.say("sentence", **facts)
    values = fired.over_text(selection)
    n, real = int((values > 0).sum()), int((~np.isnan(values)).sum())
    facts = {"titled": titled(fired, latent), "real": real}
    if n:
        at = int(np.nanargmax(values))
        token = shortened(fired.tokens(selection)[at], _LONGEST)
        facts |= {"n": n, "pos": fired.pos[at], "token": token, "value": number_text(float(values[at]))}
    return _WORDS.say("sentence", **facts)


def where(fired: LatentActivations, selection: Mapping[str, Any]) -> str:
    """ "at 4 ·of"; "in the whole text"."""
    at = fired.at(selection)
    token = None if at is None else shortened(fired.tokens(selection)[at], _LONGEST)
    return _WORDS.say("where", pos=selection["pos"], token=token)


def titled(fired: LatentActivations, latent: int) -> str:
    """ "370 (↑ ·Idaho ·Georgia)"."""
    name = fired.names.name(latent)
    return f"{latent} ({name})" if name else str(latent)
