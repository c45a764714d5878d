"""The attention view without a browser: the same grid and the same large head."""

from typing import Any

from mi_widgets.core.numbers import count_text

from .. import _marks as marks
from .._shared.scale import ColourScale
from .._shared.tokens import shortened
from .patterns import Patterns
from .words import head_sentence, row_sentence

_SCALE = ColourScale("sequential", 0.0, 1.0)
_LARGE = (400, 400)  # pixels, about, of the large head


def picture(patterns: Patterns, selection: dict[str, Any], off: set[tuple[int, int]]) -> marks.Picture:
    """Thumbnails of all heads on the left, the selected head with its tokens on the right."""
    layers, heads = patterns.labels["layer"], patterns.labels["head"]
    cells = {(layer, head): (i, j) for i, layer in enumerate(layers) for j, head in enumerate(heads)}
    selected = selection["layer"], selection["head"]
    grid = marks.Thumbnails(
        patterns.thumbnail_codes(selection),
        [f"L{layer}" for layer in layers],
        [f"H{head}" for head in heads],
        lit=cells[selected],
        off=[cells[head] for head in off if head in cells],
    )
    sentences = head_sentence(patterns, selection, off=selected in off), row_sentence(patterns, selection)
    said = marks.Column([marks.Paragraph(text) for text in sentences], gap=0)
    left = marks.Column([grid, marks.ColourBar(_SCALE, "thumbnail = max of its cells"), said])
    header, step = patterns.header(), [f"step {selection['step']}"] if "step" in selection else []
    facts = [
        header["model"],
        *step,
        count_text(patterns.n_tokens(selection["batch"]), "token"),
        header["unit"],
    ]
    return marks.Picture(header["title"], facts, marks.Row([left, _large(patterns, selection)], gap=14))


def _large(patterns: Patterns, selection: dict[str, Any]) -> marks.Cells:
    batch, query = selection["batch"], selection["query"]
    rows = [shortened(token) for token in patterns.tokens("query", batch)]
    columns = [shortened(token, 9) for token in patterns.tokens("key", batch)]
    return marks.Cells(
        patterns.head(selection),
        _SCALE,
        marks.Labels(rows, lit=query),
        marks.Labels(columns, lit=selection["key"], turned=True),
        lit=(query, None),
        largest=(20, 20),
        room=_LARGE,
    )
