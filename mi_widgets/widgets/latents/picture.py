"""The view of latents without a browser: the text in the selected latent's colours, and the strongest latents."""

from collections.abc import Mapping
from typing import Any

from .. import _marks as marks
from .._shared.latent_names import LatentNames
from .._shared.scale import Scale
from .fired import Fired
from .words import sentence, where

_WIDTH = 900
_MOST = 12  # bars


def picture(
    fired: Fired,
    selection: Mapping[str, Any],
    names: LatentNames | None,
    changes: Mapping[int, float | None],
) -> marks.Picture:
    """The text, its colours, and the bars."""
    strongest = fired.strongest(selection, _MOST)
    reach = max((value for _, value in fired.strongest({**selection, "pos": None}, 1)), default=1.0)
    scale, latent, pos = Scale("sequential", 0.0, reach), selection["latent"], selection["pos"]
    tokens = [str(token) for token in fired.tokens[fired.batch.index(selection["batch"])]]
    at = None if pos is None else fired.pos.index(pos)
    text = marks.Tokens(tokens, fired.over_text(selection), scale, at)
    rows = [_row(latent, value, names, changes) for latent, value in strongest]
    chosen = next((i for i, (other, _) in enumerate(strongest) if other == latent), None)
    bars = marks.Bars(rows, reach, chosen=chosen, width=_WIDTH // 2)
    note = "" if latent is None else f"activation of latent {latent}"
    body = [text, marks.ColourBar(scale, note), marks.Column([bars], "Strongest", where(fired, selection))]
    n = sum(token != "" for token in tokens)
    return marks.Picture(
        fired.title,
        [fired.model_name, f"{n} tokens", fired.unit],
        marks.Column(body),
        sentence(fired, selection, names),
        width=_WIDTH,
        most=2,
    )


def _row(
    latent: int, value: float, names: LatentNames | None, changes: Mapping[int, float | None]
) -> marks.Bar:
    name = "" if names is None else names.name(latent)
    done = "" if latent not in changes else "out" if changes[latent] is None else "held"
    return marks.Bar(name, value, done, aside=str(latent))
