"""The view of latents as a PNG: the text in the selected latent's colours, and the strongest latents as bars."""

from collections.abc import Mapping
from typing import Any

from PIL import ImageDraw

from .._shared import png
from .._shared.bar_list import BarRow, bar_list
from .._shared.latent_names import LatentNames
from .._shared.numbers import reading
from .._shared.scale import Scale
from .._shared.token_lines import token_lines
from .._shared.wire import quantise
from .fired import Fired
from .words import sentence, where

_WIDTH = 900
_MARGIN = 14
_TOP = 46
_MOST = 12  # bars


def draw(
    fired: Fired,
    selection: Mapping[str, Any],
    names: LatentNames | None,
    changes: Mapping[int, float | None],
) -> bytes:
    """PNG bytes: the text, the colour bar, the bars, and the sentence."""
    row = fired.batch.index(selection["batch"])
    strongest = fired.strongest(selection, _MOST)
    reach = max((value for _, value in fired.strongest({**selection, "pos": None}, 1)), default=1.0)
    scale, values = Scale("sequential", 0.0, reach), fired.over_text(selection)
    chosen = None if selection["pos"] is None else fired.pos.index(selection["pos"])
    tokens = [str(token) for token in fired.tokens[row]]
    text = token_lines(tokens, quantise(values, low=0.0, high=reach), _WIDTH - 2 * _MARGIN, chosen=chosen)
    rows = [_row(latent, value, names, changes) for latent, value in strongest]
    at = next((i for i, (latent, _) in enumerate(strongest) if latent == selection["latent"]), None)
    bars = bar_list(rows, reach=reach, width=_WIDTH // 2, chosen=at)
    below = _TOP + text.height + 10
    said = png.wrapped(
        sentence(fired, selection, names), _WIDTH - 2 * _MARGIN, png.font(12, mono=False), most=2
    )
    image = png.canvas(_WIDTH, below + 50 + bars.height + 14 + 18 * len(said) + 8)
    n = sum(token != "" for token in tokens)
    png.header(image, fired.title, f"{fired.model_name} · {n} tokens · {fired.unit}")
    image.paste(text, (_MARGIN, _TOP))
    low, high = scale.ends()
    note = "" if selection["latent"] is None else f"activation of latent {selection['latent']}"
    png.colour_bar(image, (_MARGIN, below), low=low, high=high, note=note)
    png.caption(image, (_MARGIN, below + 26), "Strongest", where(fired, selection))
    image.paste(bars, (_MARGIN, below + 46))
    pen, y = ImageDraw.Draw(image), below + 46 + bars.height + 14
    for i, line in enumerate(said):
        pen.text((_MARGIN, y + 18 * i), line, png.INK, font=png.font(12, mono=False))
    return png.encode(image)


def _row(latent: int, value: float, names: LatentNames | None, changes: Mapping[int, float | None]) -> BarRow:
    name = "" if names is None else names.name(latent)
    done = "" if latent not in changes else "out" if changes[latent] is None else "held"
    return BarRow(name, value, aside=str(latent), text=done or reading(value))
