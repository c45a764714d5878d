"""The superposition view without a browser: the same three pictures, and the sentence."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from .. import _marks as marks
from .._marks.inks import ACCENT, GREY, INK
from .._shared.axis_scale import XAxis, YAxis
from .._shared.scale import highest
from .instances import Instances
from .words import sentence

_EDGE = 1.16  # as much room beyond the longest vector, for its name


def picture(drawn: Instances, selection: Mapping[str, Any]) -> marks.Picture:
    """The vectors where there are two dimensions, the grid, and the curve."""
    instance, feature = drawn.place(selection)
    over = "over 1/(1 − S)" if drawn.by_sparsity else "by instance"
    parts = [
        marks.Column(_grid(drawn, instance, feature), "Wᵀ W", f"at S = {drawn.sparsity_labels[instance]}"),
        marks.Column([_curve(drawn, instance)], "Dimensions per feature", over),
    ]
    if drawn.vectors is not None:
        vectors = _vectors(drawn, drawn.vectors[instance], instance, feature)
        parts.insert(0, marks.Column([vectors], "Features", "as vectors"))
    facts = list(map(str, drawn.header()["facts"]))
    return marks.Picture(drawn.title, facts, marks.Row(parts), sentence(drawn, selection), width=960)


def _vectors(drawn: Instances, vectors: np.ndarray, instance: int, feature: int) -> marks.Plane:
    """Features as arrows; those that are represented have their number."""
    points = []
    for i, (x, y) in enumerate(vectors.T.tolist()):
        chosen, there = i == feature, bool(drawn.represented[instance, i])
        ink = INK if chosen else ACCENT if there else GREY
        points.append(marks.Point(x, y, ink, str(drawn.features[i]) if there or chosen else "", chosen))
    points.append(points.pop(feature))  # over all others
    return marks.Plane(points, drawn.reach * _EDGE, arrows=True)


def _grid(drawn: Instances, instance: int, feature: int) -> list[marks.Mark]:
    """Wᵀ W, features of one figure side by side, and its colours."""
    order = drawn.order(instance)
    labels = marks.Labels([str(drawn.features[i]) for i in order], lit=order.index(feature))
    values = drawn.interference[instance][np.ix_(order, order)]
    cells = marks.Cells(
        values, drawn.scale, labels, labels, largest=(44, 44), room=(300, 300), needs=(30, 30)
    )
    return [cells, marks.ColourBar(drawn.scale)]


def _curve(drawn: Instances, instance: int) -> marks.Lines:
    """m/‖W‖², the dimensionality of each feature where they are few, and those of the figures as dashed lines."""
    order = np.argsort(drawn.x, kind="stable")
    x = drawn.x[order].tolist()
    fractions = drawn.levels.items()
    lines = [
        *(marks.Line(name, [], np.array([value]), "control", dashed=True) for name, value in fractions),
        *(marks.Line("", x, drawn.dimensionality[order, i], "quiet") for i in drawn.curves),
        marks.Line("m/‖W‖²", x, drawn.per_feature[order], "main"),
    ]
    # What is hardly above 1 is drawn on an axis that ends there.
    high = highest(*(np.abs(line.y) for line in lines))
    ends = YAxis(lambda value: value, [(n / 5, f"{n / 5:.1f}") for n in range(6)]) if high < 1.05 else None
    axis = XAxis(x, log=drawn.by_sparsity)
    return marks.Lines(lines, axis, y=ends, marker=float(drawn.x[instance]), height=280)
