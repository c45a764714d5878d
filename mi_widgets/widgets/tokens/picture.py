"""The tokens view as a PNG: the same colours and the same curve, for readers without the widget."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from .._shared import png
from .._shared.axis_scale import XAxis
from .._shared.line_chart import Line, chart, name_room
from .._shared.token_lines import token_lines
from .._shared.wire import quantise
from .texts import Texts
from .words import sentence

_WIDTH = 900
_MARGIN = 14
_TOP = 46
_CHART_HEIGHT = 110


def draw(texts: Texts, selection: Mapping[str, Any]) -> bytes:
    """PNG bytes: each line of colours with its name, the curve, the colour bar and the sentence."""
    row = texts.batch.index(selection["batch"])
    tokens = [str(token) for token in texts.tokens[row]]
    values = texts.at(selection)
    blocks = [_text(tokens, numbers, texts, selection["pos"]) for numbers in values]
    named = len(blocks) > 1
    height = sum(block.height + 10 + (18 if named else 0) for block in blocks)
    image = png.canvas(_WIDTH, _TOP + height + _CHART_HEIGHT + 56)
    n = sum(token != "" for token in tokens)
    facts = [texts.model_name, f"{n} tokens", texts.unit]
    if texts.steps:
        facts.append(f"step {selection['step']}")
    png.header(image, texts.title, " · ".join(facts))
    pen, y = ImageDraw.Draw(image), _TOP
    for name, block in zip(texts.names, blocks, strict=True):
        if named:
            pen.text((_MARGIN, y), png.one_line(name), png.QUIET, font=png.font(12, mono=False))
            y += 18
        image.paste(block, (_MARGIN, y))
        y += block.height + 10
    image.paste(_chart(texts, values, selection["pos"]), (_MARGIN, y))
    y += _CHART_HEIGHT + 10
    low, high = texts.scale.ends()
    png.colour_bar(image, (_MARGIN, y), low=low, high=high, note=texts.unit, name=texts.scale.map)
    pen.text(
        (_MARGIN, y + 18),
        png.one_line(sentence(texts, values, tokens, selection)),
        png.INK,
        font=png.font(12, mono=False),
    )
    return png.encode(image, name=texts.scale.map)


def _text(tokens: list[str], numbers: np.ndarray, texts: Texts, chosen: int | None) -> Image.Image:
    codes = quantise(numbers, low=texts.scale.low, high=texts.scale.high)
    at = None if chosen is None else texts.pos.index(chosen)
    return token_lines(tokens, codes, _WIDTH - 2 * _MARGIN, name=texts.scale.map, chosen=at)


def _chart(texts: Texts, values: np.ndarray, chosen: int | None) -> Image.Image:
    lines = [
        Line(name if len(values) > 1 else "", texts.pos, numbers, "control" if i else "main")
        for i, (name, numbers) in enumerate(zip(texts.names, values, strict=True))
    ]
    size = (_WIDTH - 2 * _MARGIN, _CHART_HEIGHT)
    return chart(lines, XAxis(texts.pos), size=size, right=min(150, name_room(lines)), marker=chosen)
