"""Text whose tokens stand on colours: running on line after line, or passages lined up under each other."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mi_widgets.core.numbers import count_text

from .._shared.colour import NAN
from .._shared.scale import ColourScale
from .._shared.tokens import shortened, visible
from .._shared.wire import quantise
from .inks import ACCENT, INK, QUIET, ink_of, ink_on
from .layout import Block
from .pen import Pen
from .text import TEXT, Face, cut

_ROW = 20
_MOST_ROWS = 12  # of a text; what is longer goes on in the widget
_LONGEST = 40  # characters of a token
_FACE = Face(12)
_MIDDLE = 0.56  # where the middle token begins, as a share of the width
_ASIDE = 42  # pixels for what stands before a passage


@dataclass(frozen=True)
class Tokens:
    """Running text.

    Attributes:
        texts: Of the tokens; "" is padding.
        values: One a token.
        scale: What the colours mean.
        chosen: The index of the token that is outlined.
    """

    texts: Sequence[str]
    values: np.ndarray
    scale: ColourScale
    chosen: int | None = None

    def block(self, room: float) -> Block:
        """Broken into lines between tokens; what has no room is count_text."""
        codes = quantise(self.values, low=self.scale.low, high=self.scale.high)
        places, at, row = [], 1.0, 0
        for index, text in enumerate(self.texts):
            if text == "":
                continue
            shown = shortened(text, _LONGEST)
            wide = _FACE.width(shown)
            if at + wide > room and at > 1:
                at, row = 1.0, row + 1
            places.append((index, shown, at, row, wide))
            at += wide
        kept = [place for place in places if place[3] < _MOST_ROWS]
        rows, left_out = min(row + 1, _MOST_ROWS), len(places) - len(kept)

        def draw(pen: Pen) -> None:
            for index, shown, left, row, wide in kept:
                outline = 2 * (index == self.chosen)
                _token(pen.moved(left, row * _ROW), shown, wide, int(codes[index]), self.scale, outline)
            if left_out:
                pen.text(
                    0,
                    rows * _ROW,
                    f"… {count_text(left_out, 'more token')}",
                    QUIET,
                    TEXT,
                    "la",
                )

        return Block(room, rows * _ROW + (18 if left_out else 0), draw)


@dataclass(frozen=True)
class Context:
    """A passage: what is written before it, its tokens, and a number for each."""

    aside: str
    texts: Sequence[str]
    values: np.ndarray


@dataclass(frozen=True)
class Contexts:
    """Passages under each other.

    Attributes:
        rows: The first at the top.
        scale: What the colours mean; at 0 there is none.
        middle: The index of the token that is outlined, and lined up.
    """

    rows: Sequence[Context]
    scale: ColourScale
    middle: int

    def block(self, room: float) -> Block:
        """Each on one line; what has no room is cut off."""

        def draw(pen: Pen) -> None:
            for i, row in enumerate(self.rows):
                pen.text(0, (i + 0.5) * _ROW, row.aside, QUIET)
                self._passage(pen.moved(_ASIDE, i * _ROW), row, room - _ASIDE)

        return Block(room, _ROW * len(self.rows), draw)

    def _passage(self, pen: Pen, row: Context, width: float) -> None:
        codes = quantise(row.values, low=self.scale.low, high=self.scale.high)
        codes[codes == 0] = NAN
        shown, least = [_as_written(text) for text in row.texts], _FACE.width("…")
        x = start = _MIDDLE * width
        for i in range(self.middle - 1, -1, -1):  # to the left of the middle
            text = cut(shown[i][::-1], x, _FACE)[::-1]
            if text and x >= least:
                x -= _FACE.width(text)
                _token(pen.moved(x, 0), text, _FACE.width(text), int(codes[i]), self.scale)
        x = start
        for i in range(self.middle, len(shown)):
            text = cut(shown[i], width - x, _FACE)
            if text and width - x >= least:
                wide = _FACE.width(text)
                _token(pen.moved(x, 0), text, wide, int(codes[i]), self.scale, int(i == self.middle))
                x += wide


def _token(pen: Pen, text: str, wide: float, code: int, scale: ColourScale, outline: int = 0) -> None:
    if code != NAN:
        pen.box(0, 1, wide, _ROW - 1, ink_of(code, scale.map))
    if outline:
        pen.box(0, 1, wide, _ROW - 1, outline=ACCENT, width=outline)
    pen.text(0, _ROW / 2, text, INK if code == NAN else ink_on(code, scale.map), _FACE)


def _as_written(token: str) -> str:
    """A leading space stays a space, as in running text; other whitespace is made visible."""
    return f" {visible(token[1:])}" if token.startswith(" ") and len(token) > 1 else visible(token)
