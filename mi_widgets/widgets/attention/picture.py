"""The attention view without a browser: the same grid and the same large head."""

from typing import Any

from .. import _marks as marks
from .._shared.scale import Scale
from .._shared.tokens import shortened
from .patterns import Patterns
from .scores import Score
from .words import head_sentence, row_sentence

_SCALE = Scale("sequential", 0.0, 1.0)
_LARGE = (400, 400)  # pixels, about, of the large head


def picture(
    patterns: Patterns, selection: dict[str, Any], scores: list[Score], off: set[tuple[int, int]]
) -> marks.Picture:
    """Thumbnails of all heads on the left, the selected head with its tokens on the right."""
    grid = marks.Thumbnails(
        patterns.thumbnail_codes(selection),
        [f"L{layer}" for layer in patterns.layers],
        [f"H{head}" for head in patterns.heads],
        lit=_cell(patterns, selection["layer"], selection["head"]),
        off=[_cell(patterns, *head) for head in off if _known(patterns, *head)],
    )
    is_off = (selection["layer"], selection["head"]) in off
    sentences = head_sentence(patterns, selection, scores, off=is_off), row_sentence(patterns, selection)
    said = [marks.Paragraph(text) for text in sentences]
    left = [grid, marks.ColourBar(_SCALE, "thumbnail = max of its cells"), marks.Column(said, gap=0)]
    step = [f"step {selection['step']}"] if patterns.steps else []
    tokens = f"{patterns.n_tokens(selection['batch'])} tokens"
    facts = [patterns.model_name, *step, tokens, patterns.unit]
    body = marks.Row([marks.Column(left), _large(patterns, selection)], gap=14)
    return marks.Picture(patterns.title, facts, body)


def _known(patterns: Patterns, layer: int, head: int) -> bool:
    return layer in patterns.layers and head in patterns.heads


def _cell(patterns: Patterns, layer: int, head: int) -> tuple[int, int]:
    return patterns.layers.index(layer), patterns.heads.index(head)


def _large(patterns: Patterns, selection: dict[str, Any]) -> marks.Cells:
    batch, query = selection["batch"], selection["query"]
    rows = [shortened(token) for token in patterns.query_tokens(batch)]
    columns = [shortened(token, 9) for token in patterns.key_tokens(batch)]
    return marks.Cells(
        patterns.head(selection),
        _SCALE,
        marks.Labels(rows, lit=query),
        marks.Labels(columns, lit=selection["key"], turned=True),
        lit=(query, None),
        largest=(20, 20),
        room=_LARGE,
    )
