"""The picture in words."""

import math
from collections.abc import Mapping
from typing import Any

from mi_widgets.core.numbers import fixed, number_text, scientific

from .._shared.words import Words
from .spectrum import Spectrum

_WORDS = Words(__file__)


def sentence(spectrum: Spectrum, selection: Mapping[str, Any]) -> str:
    """ "Frequency 17: norm 2.31, 34.0 % of the logits' variance, key · Loss 2.4e-7, 100 % right"."""
    now = spectrum.moment(selection)
    one = now[["norm", "share", "key"]].sel(frequency=selection["frequency"])
    return _WORDS.say(
        "sentence",
        step=None if spectrum.steps is None else selection["step"],
        frequency=selection["frequency"],
        norm=number_text(float(one["norm"])),
        share=percent(float(one["share"])),
        key=bool(one["key"]),
        loss=fine(float(now["loss"])),
        right=percent(float(now["accuracy"])),
        guessed=spectrum.guesses(selection),
    )


def percent(share: float) -> str:
    """A share as 34.0 %; 0 % and 100 % are said only where they are meant."""
    if math.isnan(share):
        return "none"
    if share in (0, 1):
        return f"{share * 100:.0f} %"
    if 0 < share < 0.0005:
        return "<0.1 %"
    if 0.9995 <= share < 1:
        return ">99.9 %"
    return f"{fixed(share * 100, 1)} %"


def fine(value: float) -> str:
    """As `number_text`, but of a small number two digits: a loss falls by powers of ten."""
    return scientific(value, 1) if 0 < value < 0.01 else number_text(value)
