"""A text whose tokens stand on colours, line under line, for readers without the browser."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from . import png
from .colour import NAN, MapName, lookup
from .tokens import shortened

_ROW = 20
_MOST_ROWS = 12  # of a text; what is longer goes on in the widget
_LONGEST = 40  # signs of a token


def token_lines(
    tokens: Sequence[str],
    codes: np.ndarray,
    width: int,
    *,
    name: MapName = "sequential",
    chosen: int | None = None,
) -> Image.Image:
    """The tokens as running text, each on its colour.

    Args:
        tokens: Their texts; "" is padding.
        codes: What `wire.quantise` gives, one a token.
        width: In pixels.
        name: Of the colour map.
        chosen: The index of the token that is outlined.
    """
    face = png.font(12)
    places, x, line = [], 1.0, 0
    for index, token in enumerate(tokens):
        if token == "":
            continue
        shown = shortened(token, _LONGEST)
        wide = face.getlength(shown)
        if x + wide > width and x > 1:
            x, line = 1.0, line + 1
        places.append((index, shown, x, line, wide))
        x += wide
    kept = [place for place in places if place[3] < _MOST_ROWS]
    rows, left_out = min(line + 1, _MOST_ROWS), len(places) - len(kept)
    image = png.canvas(width, rows * _ROW + (18 if left_out else 0))
    pen, colours = ImageDraw.Draw(image), lookup(name)
    for index, shown, left, row, wide in kept:
        box, code = [left, row * _ROW + 1, left + wide - 1, row * _ROW + _ROW - 2], int(codes[index])
        if code != NAN:
            pen.rectangle(box, fill=tuple(colours[code][:3].tolist()))
        if index == chosen:
            pen.rectangle(box, outline=png.ACCENT, width=2)
        pen.text((left, row * _ROW + _ROW / 2), shown, png.ink_on(code, name), font=face, anchor="lm")
    if left_out:
        pen.text((0, rows * _ROW), f"… {left_out} more tokens", png.QUIET, font=png.font(12, mono=False))
    return image
