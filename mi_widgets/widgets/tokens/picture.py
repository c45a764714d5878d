"""The tokens view without a browser: the same colours and the same curve, and the sentence."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from .. import _marks as marks
from .._marks.inks import QUIET
from .._shared.axes import XAxis
from .._shared.numbers import reading
from .texts import Texts


def picture(texts: Texts, selection: Mapping[str, Any]) -> marks.Picture:
    """Each line of colours with its name, the curve, and what the colours mean."""
    tokens = [str(token) for token in texts.tokens[texts.batch.index(selection["batch"])]]
    values, pos = texts.at(selection), selection["pos"]
    chosen = None if pos is None else texts.pos.index(pos)
    named = len(values) > 1
    body: list[marks.Mark] = []
    for name, numbers in zip(texts.names, values, strict=True):
        text = marks.Tokens(tokens, numbers, texts.scale, chosen)
        body.append(marks.Column([marks.Paragraph(name, QUIET), text], gap=0) if named else text)
    lines = [
        marks.Line(name if named else "", texts.pos, numbers, "control" if i else "main")
        for i, (name, numbers) in enumerate(zip(texts.names, values, strict=True))
    ]
    body.append(marks.Lines(lines, XAxis(texts.pos), marker=pos, height=110))
    body.append(marks.ColourBar(texts.scale, texts.unit))
    step = [f"step {selection['step']}"] if texts.steps else []
    facts = [texts.model_name, f"{sum(token != '' for token in tokens)} tokens", texts.unit, *step]
    said = _sentence(texts, values, tokens, selection)
    return marks.Picture(texts.title, facts, marks.Column(body), said, width=900)


def _sentence(texts: Texts, values: np.ndarray, tokens: list[str], selection: Mapping[str, Any]) -> str:
    pos = selection["pos"]
    if pos is None:
        n = int(np.isfinite(values[0]).sum())
        known = [row[np.isfinite(row)] for row in values]
        said = [float(row.mean()) if row.size else float("nan") for row in known]
        start = f"Mean of {n} tokens"
    else:
        index = texts.pos.index(pos)
        said = [float(row[index]) for row in values]
        start = f"Token {pos} {marks.shortened(tokens[index], 24)}"
    controls = ", ".join(
        f"{name}: {reading(value)}" for name, value in zip(texts.names[1:], said[1:], strict=True)
    )
    unit = "" if np.isnan(said[0]) else f" {texts.unit}"
    return f"{start}: {reading(said[0])}{unit}" + (f" ({controls})" if controls else "")
