"""The tokens view without a browser: the same colours and the same curve, and the sentence."""

from collections.abc import Mapping
from typing import Any

from mi_widgets.core.numbers import count_text

from .. import _marks as marks
from .._marks.inks import QUIET
from .._shared.axis_scale import XAxis
from .texts import Texts
from .words import sentence


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
    facts = [texts.model_name, count_text(sum(token != "" for token in tokens), "token"), texts.unit, *step]
    said = sentence(texts, values, tokens, selection)
    return marks.Picture(texts.title, facts, marks.Column(body), said, width=900)
