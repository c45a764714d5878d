"""The grid without a browser: a cell for each head and MLP. `grid.ts` draws the same in the browser."""

from collections.abc import Mapping
from typing import Any

from .. import _marks as marks
from .._shared.scale import Scale
from .sent import Sent

_WIDE = 70  # pixels of a cell in one of few columns


def grid(sent: Sent, selection: Mapping[str, Any], off: set[tuple[int, int]], width: int) -> marks.Column:
    """Layers down and their parts across, and what the colours mean for all prompts and the control."""
    terms, parts = sent.terms, sent.terms.parts
    row = terms.row(selection)
    scale = Scale("diverging", -sent.reach[1], sent.reach[1])
    cells = marks.Cells(
        parts.grid(terms.values[row : row + 1])[0],
        scale,
        marks.Labels([f"L{layer}" for layer in parts.layers]),
        marks.Labels(parts.columns),
        lit=_chosen_cell(sent, selection),
        off=[
            (parts.layers.index(layer), parts.heads.index(head))
            for layer, head in off
            if layer in parts.layers and head in parts.heads
        ],
        largest=(46 if len(parts.columns) > 4 else _WIDE, 26),
        room=(width - 48, 330),
    )
    name = "Heads" if parts.heads else "Layers"
    return marks.Column([cells, marks.ColourBar(scale)], name, _summed(sent))


def _summed(sent: Sent) -> str:
    """What the cells of the grid are sums of, with their unit."""
    parts = sent.terms.parts
    if parts.alone[parts.cells[:, 0] >= 0].all():
        return sent.terms.unit
    return f"{sent.terms.unit}, {'positions' if parts.heads else 'neurons'} summed up"


def _chosen_cell(sent: Sent, selection: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """The cell of what is selected; none where that is in no layer, or nothing is."""
    terms, parts = sent.terms, sent.terms.parts
    if selection["term"] is not None:
        row, column = parts.cells[terms.names.index(selection["term"])]
        return (int(row), int(column)) if row >= 0 else (None, None)
    layer, head = selection.get("layer"), selection.get("head")
    if layer is None or head is None:
        return None, None
    return parts.layers.index(layer), parts.heads.index(head)
