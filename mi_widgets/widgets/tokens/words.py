"""The colours in words."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from mi_widgets.core.numbers import number_text

from .._shared.tokens import shortened
from .._shared.words import Words
from .texts import Texts

_LONGEST = 24  # characters of a token in running text
_WORDS = Words(__file__)


def sentence(texts: Texts, values: np.ndarray, tokens: list[str], selection: Mapping[str, Any]) -> str:
    """ "Token 17 ·fox: 0.01 nats (previous-token head out: 6.30)"; the means where no token is selected.

    Args:
        texts: What is drawn.
        values: The numbers of the selected text, the first row its own, the others those of controls.
        tokens: Of the selected text.
        selection: With the position, or None.
    """
    pos = selection["pos"]
    if pos is None:
        known = [row[np.isfinite(row)] for row in values]
        said = [float(row.mean(dtype=np.float64)) if row.size else float("nan") for row in known]
        whose = _WORDS.say("mean", n=known[0].size)
    else:
        index = texts.pos.index(pos)
        said = [float(row[index]) for row in values]
        whose = _WORDS.say("token", pos=pos, token=shortened(tokens[index], _LONGEST))
    controls = [
        {"name": name, "value": number_text(value)}
        for name, value in zip(texts.names[1:], said[1:], strict=True)
    ]
    return _WORDS.say(
        "sentence",
        whose=whose,
        value=number_text(said[0]),
        unit=None if np.isnan(said[0]) else texts.unit,
        controls=_WORDS.each("control", controls, ", "),
    )
