"""The Fourier view as a PNG: the same three pictures, for readers without the widget."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from .._shared import png
from .._shared.axis_scale import round_ends
from .._shared.colour import LEVELS, lookup
from .._shared.numbers import reading
from .._shared.pool import max_pool
from .._shared.scale import Scale
from .._shared.thinning import thinned
from .._shared.wire import quantise
from .spectrum import Spectrum
from .words import sentence

_WIDTH = 900
_MARGIN = 14
_TOP = 46
_HEAD = 22  # the line above a picture
_BARS = 132
_SIDE = 330  # of the circle
_EDGE = 1.14  # as much room beyond the outermost number, for its name
_FINER = 3  # lines are drawn larger and made smaller, which rounds their edges
_GREY: png.Ink = (168, 168, 178)


def draw(spectrum: Spectrum, selection: Mapping[str, Any]) -> bytes:
    """PNG bytes: the norms, the selected circle, the selected spectrum if there is one, and the sentence."""
    plane = None if spectrum.planes is None else _plane(spectrum, selection, spectrum.planes)
    below = _TOP + _HEAD + _BARS + 12
    side = max(_SIDE, 0 if plane is None else plane.height - 18)
    image = png.canvas(_WIDTH, below + _HEAD + side + 54)
    facts = [spectrum.model_name, f"p = {spectrum.p}"]
    facts += [] if spectrum.steps is None else [f"step {selection['step']}"]
    png.header(image, spectrum.title, " · ".join([*facts, spectrum.unit]))
    png.caption(
        image, (_MARGIN, _TOP), "Norms", f"{spectrum.unit}, by frequency; key frequencies have a number"
    )
    image.paste(_norms(spectrum, selection), (_MARGIN, _TOP + _HEAD))
    name = f"Frequency {selection['frequency']}"
    png.caption(image, (_MARGIN, below), name, "numbers along its cosine and sine")
    image.paste(_circle(spectrum, selection), (_MARGIN, below + _HEAD))
    end = str(spectrum.p - 1)
    png.colour_bar(
        image, (_MARGIN, below + _HEAD + _SIDE + 8), low="0", high=end, name="viridis", note="number"
    )
    if plane is not None:
        x = _MARGIN + _SIDE + 26
        png.caption(image, (x, below), str(selection["target"]), "size of each component over a and b")
        image.paste(plane, (x, below + _HEAD - 8))
    place = _MARGIN, image.height - 24
    ImageDraw.Draw(image).text(place, sentence(spectrum, selection), png.INK, font=png.font(12, mono=False))
    return _encoded(image)


def _encoded(image: Image.Image) -> bytes:
    """PNG bytes in the picture's own colours: two colour maps have no room in one palette of the core."""
    buffer = BytesIO()
    image.quantize(256, dither=Image.Dither.NONE).save(buffer, "PNG", compress_level=6)
    return buffer.getvalue()


def _norms(spectrum: Spectrum, selection: Mapping[str, Any]) -> Image.Image:
    step, chosen = spectrum.place(selection)
    n, left, top = len(spectrum.frequencies), 44, 16
    image = png.canvas(_WIDTH - 2 * _MARGIN, _BARS)
    pen = ImageDraw.Draw(image)
    _, high, tick = round_ends(0.0, spectrum.highest, ticks=4)
    room, width = image.height - top - 18, (image.width - left - 4) / n
    for i in range(round(high / tick) + 1):
        y = round(top + room * (1 - i * tick / high))
        pen.line([(left, y), (image.width, y)], png.FAINT)
        png.text_right(pen, (left - 6, y), reading(i * tick), size=10)
    for i, norm in enumerate(spectrum.norms[step]):
        x, end = left + i * width, left + (i + 1) * width - max(1, width * 0.2)
        key = bool(spectrum.keys[step, i])
        height = 0.0 if np.isnan(norm) else room * float(norm) / high
        box = [round(x), round(top + room - height), round(end), top + room]
        pen.rectangle(box, fill=png.ACCENT if key else _GREY)
        if i == chosen:
            pen.rectangle([box[0] - 2, box[1] - 2, box[2] + 2, box[3] + 2], outline=png.INK)
        if key:
            middle = (x + end) / 2, box[1] - 3
            pen.text(middle, str(spectrum.frequencies[i]), png.ACCENT, font=png.font(10), anchor="ms")
    for i in thinned(n, step_px=width, min_px=24, always=chosen):
        ink, at = png.INK if i == chosen else png.QUIET, (left + (i + 0.4) * width, image.height - 4)
        pen.text(at, str(spectrum.frequencies[i]), ink, font=png.font(10), anchor="ms")
    return image


def _circle(spectrum: Spectrum, selection: Mapping[str, Any]) -> Image.Image:
    step, place = spectrum.place(selection)
    size = _SIDE * _FINER
    large = png.canvas(size, size)
    pen = ImageDraw.Draw(large)
    middle, reach = size / 2, spectrum.reach(place) * _EDGE
    pen.line([(0, middle), (size, middle)], png.FAINT, width=_FINER)
    pen.line([(middle, 0), (middle, size)], png.FAINT, width=_FINER)
    x = middle * (1 + np.nan_to_num(spectrum.circles[step, 0, place]) / reach)
    y = middle * (1 - np.nan_to_num(spectrum.circles[step, 1, place]) / reach)
    ring = spectrum.ring(selection["frequency"])
    pen.line([(x[n], y[n]) for n in [*ring, ring[0]]], _GREY, width=_FINER)
    colours = lookup("viridis")
    for n in range(spectrum.p):
        level = round(n / max(1, spectrum.p - 1) * (LEVELS - 1))
        r = 3.2 * _FINER
        ink = tuple(int(part) for part in colours[level, :3])
        pen.ellipse([x[n] - r, y[n] - r, x[n] + r, y[n] + r], fill=ink, outline="white")
    pen.rectangle([0, 0, size - 1, size - 1], outline=png.FAINT, width=_FINER)
    _name_numbers(pen, x - middle, y - middle, ring, middle)
    return large.resize((_SIDE, _SIDE), Image.Resampling.LANCZOS)


def _name_numbers(
    pen: ImageDraw.ImageDraw, x: np.ndarray, y: np.ndarray, ring: np.ndarray, middle: float
) -> None:
    """Numbers outside of their points, one in so many along the circle that none touch."""
    distance = np.hypot(x, y)
    around = 2 * np.pi * float(distance.mean()) / len(ring)
    face = png.font(10 * _FINER)
    for i in thinned(len(ring), step_px=around, min_px=30 * _FINER) if around > 0 else []:
        n = int(ring[i])
        out = 1 + 12 * _FINER / max(float(distance[n]), 1.0)
        at = middle + float(x[n]) * out, middle + float(y[n]) * out
        pen.text(at, str(n), png.QUIET, font=face, anchor="mm")


def _plane(spectrum: Spectrum, selection: Mapping[str, Any], planes: np.ndarray) -> Image.Image:
    """The selected spectrum with labels above and at the left, and a colour bar."""
    target = spectrum.targets.index(selection["target"])
    values = planes[spectrum.step(selection), target]
    scale = Scale("sequential", 0.0, spectrum.plane_reach(target))
    cell = max(1, min(20, 340 // max(values.shape)))
    codes = quantise(values, low=0.0, high=scale.high)
    heat = png.heat(max_pool(codes, side=340), cell=cell)
    left, top = 62, 56
    image = png.canvas(left + heat.width + 44, top + heat.height + 34)
    image.paste(heat, (left, top))
    pen = ImageDraw.Draw(image)
    pen.rectangle([left - 1, top - 1, left + heat.width, top + heat.height], outline=png.FAINT)
    png.text_right(pen, (left - 10, top - 24), "b →", size=10)
    png.text_right(pen, (left - 10, top - 11), "a ↓", size=10)
    rows, columns = spectrum.components
    lit = f"cos {selection['frequency']}"
    for labels, across in ((rows, False), (columns, True)):
        step = (heat.width if across else heat.height) / len(labels)
        chosen = labels.index(lit) if lit in labels else None
        for i in thinned(len(labels), step_px=step, min_px=12, always=chosen):
            ink = png.ACCENT if i == chosen else png.QUIET
            if across:
                png.rotated_label(image, (int(left + (i + 0.5) * step), top - 4), labels[i][:9], ink=ink)
            else:
                png.text_right(pen, (left - 6, top + (i + 0.5) * step), labels[i][:9], ink=ink)
    low, high = scale.ends()
    png.colour_bar(
        image, (left, top + heat.height + 12), low=low, high=high, note="scale without the constant"
    )
    return image
