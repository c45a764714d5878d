"""The largest terms as bars around 0, and one bar for all others. `bars.ts` draws the same in the browser."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from .._shared import png
from .._shared.axis_scale import round_ends
from .._shared.colour import LEVELS, lookup
from .._shared.scale import Scale
from .sent import Sent
from .words import others, term

MOST = 20
_ROW = 19
_EDGE = 5  # between the numbers and the right end
_LABELS = 0.42  # of the width, at most
_STRONG = 0.18  # the place of the colours of bars on the map, from either end
CONTROL: png.Ink = (150, 150, 160)
_REST = 1.5  # how much longer than the longest term the bar of the others may be


@dataclass(frozen=True)
class Bar:
    """One bar: a term, or where `index` is None all those that have no bar."""

    name: str
    value: float
    control: float | None
    index: int | None


def bars_of(sent: Sent, selection: Mapping[str, Any]) -> list[Bar]:
    """The largest terms of the selected prompt, the selected one if it is smaller, and the sum of the others."""
    terms = sent.terms
    row, n_terms = terms.row(selection), len(terms.names)
    sizes = np.nan_to_num(np.abs(terms.values[row, sent.kept]))
    order = sent.kept[np.argsort(-sizes, kind="stable")]
    shown = [int(i) for i in order[: MOST + (n_terms == MOST + 1)]]
    chosen = None if selection["term"] is None else terms.names.index(selection["term"])
    if chosen is not None and chosen not in shown:
        shown.append(chosen)
    found = []
    for i in shown:
        part = term(terms, row, i)
        found.append(Bar(part.name, part.value, part.control, i))
    rest = np.ones(n_terms, bool)
    rest[shown] = False
    if not rest.any():
        return found
    control = None if terms.control is None else float(terms.control.values[row, rest].sum(dtype=np.float64))
    value = float(terms.values[row, rest].sum(dtype=np.float64))
    return [*found, Bar(others(int(rest.sum())), value, control, None)]


def draw_bars(sent: Sent, selection: Mapping[str, Any], off: set[tuple[int, int]], width: int) -> Image.Image:
    """The bars with their names, their numbers and an axis, and beneath them what they add up to."""
    terms, found = sent.terms, bars_of(sent, selection)
    scale = Scale("diverging", -sent.reach[0], sent.reach[0])
    rest = max((abs(bar.value) for bar in found if bar.index is None), default=0.0)
    # The others together may be far larger than any term: their bar is broken off rather than all made tiny.
    reach = 1.02 * max(sent.reach[0], min(rest, _REST * sent.reach[0]))
    names = [_short(bar.name) for bar in found]
    numbers = [scale.write(bar.value) for bar in found]
    whole = scale.write(float(terms.differences[terms.row(selection)]))
    face = png.font(11)
    left = int(min(_LABELS * width, max(map(face.getlength, names)))) + 10
    right = width - int(max(map(face.getlength, [*numbers, whole]))) - _EDGE - 10
    image = png.canvas(width, _ROW * (len(found) + 1) + 28)
    pen = ImageDraw.Draw(image)
    _axis(pen, (left, right), _ROW * len(found), reach)
    for i, (bar, name, number) in enumerate(zip(found, names, numbers, strict=True)):
        y, chosen = i * _ROW, bar.index is not None and terms.names[bar.index] == selection["term"]
        _bar(pen, bar, (left, right, y), reach)
        ink = png.ACCENT if chosen else png.INK if bar.index is not None else png.QUIET
        switched = bar.index is not None and _head(sent, bar.index) in off
        png.text_right(pen, (left - 8, y + _ROW / 2), name, ink=png.QUIET if switched else ink)
        png.text_right(pen, (width - _EDGE, y + _ROW / 2), "off" if switched else number, ink=ink)
        if chosen:
            pen.rectangle([0, y, width - 1, y + _ROW - 1], outline=png.ACCENT)
    y = _ROW * len(found) + 18
    pen.line([(0, y), (width, y)], png.FAINT)
    pen.text(
        (_EDGE, y + 13), "logit difference", png.INK, font=png.font(11, mono=False, bold=True), anchor="lm"
    )
    pen.text((width - _EDGE, y + 13), whole, png.INK, font=png.font(11, bold=True), anchor="rm")
    return image


def _axis(pen: ImageDraw.ImageDraw, ends: tuple[int, int], height: int, reach: float) -> None:
    left, right = ends
    _, high, step = round_ends(0.0, reach, ticks=3)
    n = round(high / step)
    for i in range(-n, n + 1):
        if abs(i * step) > reach:
            continue
        x = round((left + right) / 2 + i * step / reach * (right - left) / 2)
        pen.line([(x, 0), (x, height)], png.FAINT if i else CONTROL)
        text = f"{i * step:.3g}".replace("-", "−")
        pen.text((x, height + 8), text, png.QUIET, font=png.font(10), anchor="mm")


def _bar(pen: ImageDraw.ImageDraw, bar: Bar, place: tuple[int, int, int], reach: float) -> None:
    left, right, y = place
    middle, half = (left + right) / 2, (right - left) / 2

    def box(value: float, top: int, bottom: int) -> list[int]:
        end = middle + max(-1.0, min(1.0, value / reach)) * half
        return [round(min(middle, end)), top, round(max(middle, end)), bottom]

    if np.isfinite(bar.value):
        deep = y + (11 if bar.control is not None else 14)
        pen.rectangle(box(bar.value, y + 4, deep), fill=_ink(bar))
        if abs(bar.value) > reach:  # it goes on beyond the picture
            end = right if bar.value > 0 else left
            for away in (6, 10):
                x = end - away if bar.value > 0 else end + away
                pen.line([(x - 2, deep), (x + 2, y + 4)], "white", width=2)
    if bar.control is not None and np.isfinite(bar.control):
        pen.rectangle(box(bar.control, y + 13, y + 15), fill=CONTROL)


def _ink(bar: Bar) -> png.Ink:
    place = 1 - _STRONG if bar.value > 0 else _STRONG
    red, green, blue = (int(part) for part in lookup("diverging")[round(place * (LEVELS - 1)), :3])
    if bar.index is not None:
        return red, green, blue
    return (red + 255) // 2, (green + 255) // 2, (blue + 255) // 2


def _head(sent: Sent, index: int) -> tuple[int, int] | None:
    parts = sent.terms.parts
    row, column = parts.cells[index]
    return (parts.layers[row], parts.heads[column]) if row >= 0 and column < len(parts.heads) else None


def _short(name: str) -> str:
    name = png.one_line(name)
    return name if len(name) <= 24 else f"{name[:23]}…"
