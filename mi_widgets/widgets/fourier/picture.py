"""The Fourier view without a browser: the same three pictures, and the sentence."""

from collections.abc import Mapping
from typing import Any

from .. import _marks as marks
from .._marks.inks import ACCENT, GREY, ink_of
from .._shared.axis_scale import XAxis, even_axis
from .._shared.colour import LEVELS
from .._shared.labels import labels_of
from .._shared.scale import ColourScale
from .spectrum import Spectrum
from .words import sentence

_SIDE = 330  # of the circle
_EDGE = 1.14  # as much room beyond the outermost number, for its name
_SIZES = "size of each component over a and b"
_APART = 34  # pixels between two names


def picture(spectrum: Spectrum, selection: Mapping[str, Any]) -> marks.Picture:
    """The norms, the selected circle, and the selected spectrum if there is one."""
    step = [] if spectrum.steps is None else [f"step {selection['step']}"]
    norms = f"{spectrum.unit}, by frequency; key frequencies have a number"
    numbers = marks.ColourBar(
        ColourScale("viridis", 0.0, spectrum.p - 1.0), "number", ("0", str(spectrum.p - 1))
    )
    circle = [_circle(spectrum, selection), numbers]
    below = [marks.Column(circle, f"Frequency {selection['frequency']}", "numbers along its cosine and sine")]
    if spectrum.targets:
        plane = marks.Column(_plane(spectrum, selection), selection["target"], _SIZES, gap=4)
        below.append(plane)
    return marks.Picture(
        spectrum.title,
        [spectrum.model_name, f"p = {spectrum.p}", *step, spectrum.unit],
        marks.Column([marks.Column([_norms(spectrum, selection)], "Norms", norms), marks.Row(below)]),
        sentence(spectrum, selection),
        width=900,
    )


def _norms(spectrum: Spectrum, selection: Mapping[str, Any]) -> marks.Lines:
    now, chosen = spectrum.moment(selection), spectrum.place(selection)
    frequencies = list(map(str, spectrum.frequencies))
    columns = zip(now["norm"].values.tolist(), now["key"].values, frequencies, strict=True)
    bins = [
        marks.Bin(i, i + 0.85, norm, ACCENT if key else GREY, name if key else "", i == chosen)
        for i, (norm, key, name) in enumerate(columns)
    ]
    places = [chosen, *range(len(bins))]
    return marks.Lines(
        [],
        XAxis([0, len(bins)]),
        even_axis(0.0, spectrum.highest, ticks=4),
        bins,
        names=[(i + 0.42, frequencies[i]) for i in places],
        lit=frequencies[chosen],
        height=132,
    )


def _circle(spectrum: Spectrum, selection: Mapping[str, Any]) -> marks.Plane:
    """The numbers of a frequency, each in its colour, joined in the order of their angles."""
    circle = spectrum.moment(selection)[["x", "y"]].sel(frequency=selection["frequency"])
    x, y = (circle[along].values.tolist() for along in "xy")
    last = max(1, spectrum.p - 1)
    points = [
        marks.Point(x[n], y[n], ink_of(round(n / last * (LEVELS - 1)), "viridis"), str(n))
        for n in spectrum.ring(selection["frequency"]).tolist()
    ]
    return marks.Plane(points, spectrum.reaches[spectrum.place(selection)] * _EDGE, _SIDE, apart=_APART)


def _plane(spectrum: Spectrum, selection: Mapping[str, Any]) -> list[marks.Mark]:
    """The selected spectrum, and its colours."""
    plane = spectrum.moment(selection)["spectrum"].sel(target=selection["target"])
    scale = ColourScale(
        "sequential", 0.0, spectrum.plane_reaches[spectrum.targets.index(selection["target"])]
    )
    lit = f"cos {selection['frequency']}"
    sides = ((name, labels_of(plane, f"component_{name}")) for name in "ab")
    rows, columns = (
        marks.Labels([text[:9] for text in texts], name, texts.index(lit) if lit in texts else None, True)
        for name, texts in sides
    )
    cells = marks.Cells(plane.values, scale, rows, columns, largest=(20, 20), room=(340, 340))
    return [cells, marks.ColourBar(scale, "scale without the constant")]
