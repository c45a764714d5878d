"""The training view without a browser: the same panels and the same marker, and the sentence."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from .. import _marks as marks
from .._marks.lines import Kind
from .._shared.axis_scale import XAxis
from .measures import Curves, Measure
from .words import sentence

_WIDTH = 960
_ROOM = 932
_GAP = 6
_ALL_STRONG = 3  # so few lines are all strong


def picture(measures: Sequence[Measure], said: dict[str, Any], step: int, *, log: bool) -> marks.Picture:
    """One chart a measure, with the marker at a step, and the values there."""
    across = min(len(measures), 3 if len(measures) != 4 else 2)
    axis, width = XAxis(_all_steps(measures), log=log), _ROOM // across - _GAP
    charts = [marks.Lines(_lines(measure), axis, marker=step) for measure in measures]
    room = max(chart.name_room for chart in charts)
    panels = [
        marks.Column([replace(chart, right=room)], measure.name, measure.unit, width, gap=0)
        for measure, chart in zip(measures, charts, strict=True)
    ]
    rows = [marks.Row(panels[i : i + across], gap=_GAP) for i in range(0, len(panels), across)]
    facts = [*said["models"], "training step" + (", log scale" if log else "")]
    return marks.Picture(said["title"], facts, marks.Column(rows), sentence(measures, step), _WIDTH)


def _all_steps(measures: Sequence[Measure]) -> list[int]:
    curves = [curves for m in measures for curves in (m.curves, *(control.curves for control in m.controls))]
    return sorted({step for one in curves for step in one.steps})


def _lines(measure: Measure) -> list[marks.Line]:
    ours = _of(measure.curves, many="quiet", strong="main", name="")
    theirs = [
        _of(control.curves, many="other", strong="control", name=control.name) for control in measure.controls
    ]
    return [*ours, *(line for lines in theirs for line in lines)]


def _of(curves: Curves, *, many: Kind, strong: Kind, name: str) -> list[marks.Line]:
    """The lines of one Result: where they are many, the one highest at its end is the strong one."""
    ends = np.array([_last(row) for row in curves.values])
    best = int(np.nanargmax(ends)) if not np.isnan(ends).all() else 0
    all_strong = strong == "main" and len(ends) <= _ALL_STRONG
    return [
        marks.Line(name or curves.names[i], curves.steps, row, strong if all_strong or i == best else many)
        for i, row in enumerate(curves.values)
    ]


def _last(row: np.ndarray) -> float:
    finite = row[np.isfinite(row)]
    return float(finite[-1]) if finite.size else float("nan")
