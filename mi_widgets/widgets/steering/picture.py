"""The steering panel as a PNG: sliders, both continuations, the next tokens, and what it does and costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PIL import Image, ImageDraw

from .._shared import png
from .._shared.numbers import fixed
from .._shared.tokens import shortened
from .shown import Said, Shown
from .words import figures_in_words

_WIDTH, _MARGIN, _TOP, _ROW = 980, 14, 48, 24
_TRACK = (180, 220)  # where a slider begins, and how wide it is
_COLUMN, _BARS = 300, 320
_LINE = 17


def draw(shown: Shown) -> bytes:
    """PNG bytes."""
    left = _WIDTH - _BARS - 2 * _MARGIN
    columns = [_lines(said, shown.prompt) for said in (shown.plain, shown.steered)]
    rows = shown.tokens
    body = max(_LINE * max(map(len, columns)), 26 * len(rows)) + 30
    middle = _TOP + _ROW * len(shown.sliders) + 10
    below = figures_in_words(shown.figures)
    said = png.wrapped(" · ".join(below), _WIDTH - 2 * _MARGIN, png.font(12, mono=False))
    image = png.canvas(_WIDTH, middle + body + 14 + 18 * len(said) + 8)
    pen = ImageDraw.Draw(image)
    active = sum(scale != 0 for scale in shown.scales)
    png.header(image, "Steering", f"{shown.model_name} · {active} of {len(shown.sliders)} active")
    for i, (slider, scale) in enumerate(zip(shown.sliders, shown.scales, strict=True)):
        _slider(pen, _TOP + _ROW * i, slider.name, slider.note, scale, slider.reach)
    for i, (name, lines) in enumerate(zip(("as it is", "steered"), columns, strict=True)):
        x = _MARGIN + i * (left // 2)
        png.caption(image, (x, middle), name, "")
        for j, (line, ink) in enumerate(lines):
            pen.text((x, middle + 22 + _LINE * j), line, ink, font=png.font(12))
    _bars(image, (left, middle), rows)
    for i, line in enumerate(said):
        pen.text((_MARGIN, middle + body + 14 + 18 * i), line, png.INK, font=png.font(12, mono=False))
    return png.encode(image)


def _slider(pen: ImageDraw.ImageDraw, y: int, name: str, note: str, scale: float, reach: float) -> None:
    start, width = _TRACK
    centre, face = y + 9, png.font(12, mono=False)
    pen.text((_MARGIN, y + 1), png.cut(png.one_line(name), start - 2 * _MARGIN, face), png.INK, font=face)
    pen.line([(start, centre), (start + width, centre)], png.FAINT, width=4)
    zero, at = start + width / 2, start + width * (1 + max(-1.0, min(1.0, scale / reach))) / 2
    pen.line([(min(zero, at), centre), (max(zero, at), centre)], png.ACCENT, width=4)
    pen.ellipse([at - 6, centre - 6, at + 6, centre + 6], fill="white", outline=png.ACCENT, width=2)
    x = start + width + 16
    pen.text((x, y + 2), f"{scale:+.2f}" if scale else "0", png.INK, font=png.font(12))
    room = _WIDTH - x - 60 - _MARGIN
    pen.text((x + 60, y + 1), png.cut(png.one_line(note), room, face), png.QUIET, font=face)


def _lines(said: Said, prompt: str) -> list[tuple[str, png.Ink]]:
    """The prompt's end and what was added, in lines."""
    face = png.font(12)
    shown = said.error or f"{prompt}{said.text}"
    return [(line, png.WARN if said.error else png.INK) for line in png.wrapped(shown, _COLUMN, face, most=9)]


def _bars(image: Image.Image, at: tuple[int, int], rows: Sequence[Sequence[Any]]) -> None:
    pen = ImageDraw.Draw(image)
    png.caption(image, at, "next token", "grey as it is, blue steered")
    most = max((max(p, q) for _, p, q in rows), default=1.0) or 1.0
    for i, (token, before, after) in enumerate(rows):
        y = at[1] + 24 + 26 * i
        pen.text((at[0], y + 2), shortened(token, 12), png.INK, font=png.font(11))
        for j, (value, ink) in enumerate(((before, png.QUIET), (after, png.ACCENT))):
            x = at[0] + 90
            pen.rectangle([x, y + 9 * j, x + max(1, round(150 * value / most)), y + 9 * j + 7], fill=ink)
        pen.text((at[0] + 252, y + 2), fixed(after, 2), png.INK, font=png.font(11))
