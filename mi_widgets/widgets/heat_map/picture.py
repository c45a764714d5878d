"""The heat map without a browser: the selected page with its labels, the colours, and the sentence."""

from collections.abc import Mapping
from typing import Any

from .. import _marks as marks
from .._marks.text import plain
from .._shared.tokens import cut, shortened
from .cells import Axis, Cells
from .words import place, sentence

_LONGEST_NAME = 24  # characters
_SHORT = 5  # characters of a label that lies flat above its column


def picture(cells: Cells, selection: Mapping[str, Any], off: set[tuple[int, int]]) -> marks.Picture:
    """The cells and what their colours mean."""
    row, column = place(cells, selection)
    pages = [f"{axis.name} {selection[axis.name]}" for axis in cells.pages if len(axis.labels) > 1]
    grid = marks.Cells(
        cells.page(selection),
        cells.scale,
        _labels(cells, cells.rows, selection, row),
        _labels(cells, cells.columns, selection, column),
        lit=(row, column),
        off=_off(cells, off),
    )
    body = marks.Column([grid, marks.ColourBar(cells.scale)])
    return marks.Picture(
        cells.title, [cells.model_name, *pages, cells.unit], body, sentence(cells, selection)
    )


def _labels(cells: Cells, axis: Axis, selection: Mapping[str, Any], lit: int | None) -> marks.Labels:
    texts = [
        shortened(text) if axis.tokens else cut(plain(text), _LONGEST_NAME)
        for text in cells.texts(axis, selection)
    ]
    return marks.Labels(texts, axis.name, lit, turned=axis.tokens or max(map(len, texts)) > _SHORT)


def _off(cells: Cells, off: set[tuple[int, int]]) -> list[tuple[int, int]]:
    """Rows and columns of the heads that are switched off; none where cells are not heads."""
    found = []
    for layer, head in off if cells.of_heads else ():
        label = {"layer": layer, "head": head}
        row, column = label[cells.rows.name], label[cells.columns.name]
        if row in cells.rows.labels and column in cells.columns.labels:
            found.append((cells.rows.labels.index(row), cells.columns.labels.index(column)))
    return found
