"""The superposition view as a PNG: the same pictures, for readers without the widget."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from .._shared import png
from .._shared.axis_scale import XAxis, YAxis
from .._shared.line_chart import Line, chart, name_room
from .._shared.thinning import thinned
from .._shared.wire import quantise
from .instances import Instances
from .words import sentence

_WIDTH = 960
_MARGIN = 14
_TOP = 46
_HEAD = 22  # the line above a picture
_SIDE = 300  # of the plane
_GRID = 300  # of all cells, at most
_CURVE = 210
_FINER = 3  # lines are drawn larger and made smaller, which rounds their edges
_EDGE = 1.16  # as much room beyond the longest vector, for its name
_NUMBERED = 30  # pixels of a cell, from which on there is a number in it
_GREY: png.Ink = (168, 168, 178)


def draw(drawn: Instances, selection: Mapping[str, Any]) -> bytes:
    """PNG bytes: the vectors where there are two dimensions, the grid, the curve and the sentence."""
    instance, feature = drawn.place(selection)
    grid = _grid(drawn, instance, feature)
    across = grid.width if drawn.vectors is None else _SIDE + 26 + grid.width
    beside = _WIDTH - 2 * _MARGIN - across - 26
    height = max(grid.height, _SIDE if drawn.vectors is not None else 0)
    curve = _curve(drawn, instance, (beside, max(_CURVE, height - 30)))
    said = png.wrapped(sentence(drawn, selection), _WIDTH - 2 * _MARGIN, png.font(12, mono=False))
    image = png.canvas(_WIDTH, _TOP + _HEAD + height + 18 * len(said) + 22)
    png.header(image, drawn.title, " · ".join(map(str, drawn.header()["facts"])))
    x = _MARGIN
    if drawn.vectors is not None:
        png.caption(image, (x, _TOP), "Features", "as vectors")
        image.paste(_vectors(drawn, instance, feature), (x, _TOP + _HEAD))
        x += _SIDE + 26
    png.caption(image, (x, _TOP), "Wᵀ W", f"at S = {drawn.sparsity_labels[instance]}")
    image.paste(grid, (x, _TOP + _HEAD))
    x += grid.width + 26
    over = "over 1/(1 − S)" if drawn.by_sparsity else "by instance"
    png.caption(image, (x, _TOP), "Dimensions per feature", over)
    image.paste(curve, (x, _TOP + _HEAD))
    pen = ImageDraw.Draw(image)
    for nth, text in enumerate(said):
        place = _MARGIN, _TOP + _HEAD + height + 12 + 18 * nth
        pen.text(place, text, png.INK, font=png.font(12, mono=False))
    return png.encode(image, name="diverging")


def _vectors(drawn: Instances, instance: int, feature: int) -> Image.Image:
    """Features as lines from the middle, the circle of length 1, and the numbers of those that are represented."""
    assert drawn.vectors is not None
    size = _SIDE * _FINER
    large = png.canvas(size, size)
    pen = ImageDraw.Draw(large)
    middle, unit = size / 2, size / 2 / (drawn.reach * _EDGE)
    pen.line([(0, middle), (size, middle)], png.FAINT, width=_FINER)
    pen.line([(middle, 0), (middle, size)], png.FAINT, width=_FINER)
    pen.ellipse([middle - unit, middle - unit, middle + unit, middle + unit], outline=png.FAINT, width=_FINER)
    x, y = np.nan_to_num(drawn.vectors[instance])
    order = [i for i in range(len(drawn.features)) if i != feature] + [feature]
    for i in order:
        there = bool(drawn.represented[instance, i])
        ink = png.INK if i == feature else png.ACCENT if there else _GREY
        tip = middle + unit * float(x[i]), middle - unit * float(y[i])
        pen.line([(middle, middle), tip], ink, width=(3 if i == feature else 2) * _FINER)
        r = 3.5 * _FINER
        pen.ellipse([tip[0] - r, tip[1] - r, tip[0] + r, tip[1] + r], fill=ink)
        if there or i == feature:
            length = float(np.hypot(x[i], y[i])) or 1.0
            out = 12 * _FINER
            at = tip[0] + out * float(x[i]) / length, tip[1] - out * float(y[i]) / length
            pen.text(at, str(drawn.features[i]), ink, font=png.font(11 * _FINER), anchor="mm")
    pen.rectangle([0, 0, size - 1, size - 1], outline=png.FAINT, width=_FINER)
    return large.resize((_SIDE, _SIDE), Image.Resampling.LANCZOS)


def _grid(drawn: Instances, instance: int, feature: int) -> Image.Image:
    """Wᵀ W with labels above and at the left, its numbers where there is room, and a colour bar."""
    order = drawn.order(instance)
    values = drawn.interference[instance][np.ix_(order, order)]
    scale = drawn.scale
    codes = quantise(values, low=scale.low, high=scale.high)
    cell = max(2, min(44, _GRID // len(order)))
    heat = png.heat(codes, cell=cell, name="diverging")
    left, top = 40, 22
    image = png.canvas(max(left + heat.width + 6, 250), top + heat.height + 34)
    image.paste(heat, (left, top))
    pen = ImageDraw.Draw(image)
    pen.rectangle([left - 1, top - 1, left + heat.width, top + heat.height], outline=png.FAINT)
    at = order.index(feature)
    for i in thinned(len(order), step_px=cell, min_px=22, always=at):
        ink, middle = png.ACCENT if i == at else png.QUIET, (i + 0.5) * cell
        label = str(drawn.features[order[i]])
        png.text_right(pen, (left - 6, top + middle), label, ink=ink, size=10)
        pen.text((left + middle, top - 6), label, ink, font=png.font(10), anchor="ms")
    if cell >= _NUMBERED:
        for i, j in np.ndindex(values.shape):
            place = left + (j + 0.5) * cell, top + (i + 0.5) * cell
            ink = png.ink_on(int(codes[i, j]), "diverging")
            pen.text(place, scale.write(float(values[i, j])), ink, font=png.font(10), anchor="mm")
    low, high = scale.ends()
    bar = left, top + heat.height + 14
    png.colour_bar(image, bar, low=low, high=high, name="diverging")
    return image


def _curve(drawn: Instances, instance: int, size: tuple[int, int]) -> Image.Image:
    """m/‖W‖², the dimensionality of each feature where they are few, and those of the figures as dashed lines."""
    order = np.argsort(drawn.x, kind="stable")
    x = drawn.x[order].tolist()
    main = Line("m/‖W‖²", x, drawn.per_feature[order], "main")
    each = [Line("", x, drawn.dimensionality[order, i], "quiet") for i in drawn.curves]
    fractions = drawn.levels.items()
    levels = [Line(name, [], np.array([value]), "control", dashed=True) for name, value in fractions]
    lines = [*levels, *each, main]
    axis = XAxis(x, log=drawn.by_sparsity)
    # What is hardly above 1 is drawn on an axis that ends there.
    high = max(float(np.nanmax(line.y, initial=0.0)) for line in lines)
    ends = YAxis(lambda value: value, [(n / 5, f"{n / 5:.1f}") for n in range(6)]) if high < 1.05 else None
    marker = float(drawn.x[instance])
    return chart(lines, axis, size=size, right=min(160, name_room(lines)), marker=marker, y=ends)
