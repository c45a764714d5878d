"""The picture in words."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from .._shared.tokens import visible
from .._shared.words import Words
from .cells import Axis, Cells

_WORDS = Words(__file__)


def sentence(cells: Cells, selection: Mapping[str, Any]) -> str:
    """ "L1.H3 · 0.99 (untrained: 0.02)": the selected cell, else the largest of what is selected."""
    pages = [
        {"axis": axis.name, "label": selection[axis.name]} for axis in cells.pages if len(axis.labels) > 1
    ]
    facts = {"pages": _WORDS.each("page", pages)}
    found = largest(cells, selection)
    if found is None:
        return _WORDS.say("sentence", **facts, empty=True)
    control = cells.control_page(selection)
    if cells.control is not None and control is not None:
        facts |= {"control": cells.control.name, "baseline": cells.scale.number_text(float(control[found]))}
    parts = cells.parts_page(selection)
    if parts is not None:
        facts |= dict(
            zip(("score", "its"), (cells.scale.number_text(float(x[found])) for x in parts), strict=True)
        )
    return _WORDS.say(
        "sentence",
        **facts,
        **_superlative(cells, selection),
        cell=_cell_name(cells, found, selection),
        value=cells.scale.number_text(float(cells.page(selection)[found])),
    )


def _superlative(cells: Cells, selection: Mapping[str, Any]) -> dict[str, str]:
    """Of what the cell is the largest; nothing where it is the selected one."""
    row, column = place(cells, selection)
    if row is not None and column is not None:
        return {}
    facts = {"superlative": _WORDS.say("superlative", signed=cells.scale.map == "diverging")}
    for axis, i in ((cells.rows, row), (cells.columns, column)):
        if i is not None:
            facts["part"] = _said(cells, axis, i, selection)
    return facts


def place(cells: Cells, selection: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """Where the selected row and column are; None where none is selected."""

    def index(axis: Axis) -> int | None:
        label = selection[axis.name]
        return None if label is None else axis.labels.index(label)

    return index(cells.rows), index(cells.columns)


def largest(cells: Cells, selection: Mapping[str, Any]) -> tuple[int, int] | None:
    """The selected cell, or the one furthest from 0 in the selected row, column or page; None without a number."""
    row, column = place(cells, selection)
    if row is not None and column is not None:
        return row, column
    size = np.abs(cells.page(selection))
    inside = np.full(size.shape, np.nan)
    here = (slice(None) if row is None else row, slice(None) if column is None else column)
    inside[here] = size[here]
    if np.isnan(inside).all():
        return None
    best = np.unravel_index(int(np.nanargmax(inside)), inside.shape)
    return int(best[0]), int(best[1])


def _cell_name(cells: Cells, at: tuple[int, int], selection: Mapping[str, Any]) -> str:
    names = {
        axis.name: _said(cells, axis, i, selection)
        for axis, i in zip((cells.rows, cells.columns), at, strict=True)
    }
    if cells.of_heads:
        return f"{names['layer']}.{names['head']}"
    return ", ".join(names.values())


def _said(cells: Cells, axis: Axis, i: int, selection: Mapping[str, Any]) -> str:
    text, label = cells.texts(axis, selection)[i], axis.labels[i]
    if axis.tokens:
        return f"{axis.name} {label} {visible(text)}"
    return text if axis.name in ("layer", "head") else f"{axis.name} {text}"
