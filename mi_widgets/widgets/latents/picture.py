"""The view of latents without a browser: the text in the selected latent's colours, and the strongest latents."""

from collections.abc import Mapping
from typing import Any

from mi_widgets.core.numbers import count_text

from .. import _marks as marks
from .._shared.scale import ColourScale, highest
from .activations import LatentActivations
from .words import sentence, where

_WIDTH = 900
_MOST = 12  # bars


def picture(
    fired: LatentActivations, selection: Mapping[str, Any], changes: Mapping[int, float | None]
) -> marks.Picture:
    """The text, its colours, and the bars."""
    strongest, latent = fired.strongest(selection, _MOST), selection["latent"]
    reach = highest(fired.activations(selection)) or 1.0
    scale, tokens = ColourScale("sequential", 0.0, 1.0 if latent is None else reach), fired.tokens(selection)
    text = marks.Tokens(tokens, fired.over_text(selection), scale, fired.at(selection))
    done = {changed: "out" if value is None else "held" for changed, value in changes.items()}
    rows = [
        marks.Bar(fired.names.name(other), value, done.get(other, ""), aside=str(other))
        for other, value in strongest
    ]
    chosen = next((i for i, (other, _) in enumerate(strongest) if other == latent), None)
    bars = marks.Bars(rows, reach, chosen=chosen, width=_WIDTH // 2)
    note = "" if latent is None else f"activation of latent {latent}"
    body = [text, marks.ColourBar(scale, note), marks.Column([bars], "Strongest", where(fired, selection))]
    header, n = fired.header(), sum(token != "" for token in tokens)
    facts = [header["model"], count_text(n, "token"), header["unit"]]
    said = sentence(fired, selection)
    return marks.Picture(header["title"], facts, marks.Column(body), said, width=_WIDTH, most=2)
