"""A dashboard without a browser, beside the beginning of the list, and the sentence."""

from collections.abc import Sequence

import numpy as np

from .. import _marks as marks
from .._marks.inks import QUIET
from .._shared.axis_scale import XAxis, even_axis
from .._shared.numbers import reading
from .._shared.scale import Scale
from .._shared.tokens import visible
from .dashboards import Dashboards
from .words import label, percent, sentence

_WIDTH = 900
_LIST, _ONE = 236, 614
_CHART = 96
_BINS = 24  # of the densities
_BESIDE = 10  # rows of the list beside the charts; each context and each row of bars has one more beside it


def picture(drawn: Dashboards, latent: int) -> marks.Picture:
    """The list at the left; contexts, histograms, tokens and neighbours at the right."""
    at = drawn.at(latent)
    parts = [_contexts(drawn, at), _charts(drawn, at), _three(drawn, at)]
    one = marks.Column(parts, f"Latent {drawn.latents[at]}", _said(drawn, at), width=_ONE, gap=12)
    n = _BESIDE + len(drawn.contexts(at)) + max(drawn.data["promoted"].shape[1], 1)
    body = marks.Row([_list(drawn, at, n), one], gap=22)
    return marks.Picture(drawn.title, [drawn.model_name], body, sentence(drawn, latent), width=_WIDTH, most=3)


def _list(drawn: Dashboards, chosen: int, n: int) -> marks.Column:
    """The first latents in the order of the browser, the selected one among them."""
    by = drawn.data["label_f1"] if drawn.labelled else drawn.data["peak"]
    order = np.argsort(-np.nan_to_num(by, nan=-1.0), kind="stable").tolist()
    shown = order[:n]
    if chosen not in shown:
        shown[-1] = chosen
    names = drawn.names
    rows = [
        marks.Bar(
            names.labels[at] or names.says[at],
            text="" if np.isnan(by[at]) else reading(float(by[at])),
            aside=str(drawn.latents[at]),
            quiet=not names.labels[at] and at != chosen,
        )
        for at in shown
    ]
    bars = marks.Bars(rows, chosen=shown.index(chosen))
    said = "by label score" if drawn.labelled else "by peak"
    return marks.Column([bars], f"{len(order)} latents", said, width=_LIST)


def _said(drawn: Dashboards, at: int) -> str:
    said = [label(drawn, at)] if drawn.data["label"][at] else []
    if said and not drawn.names.labels[at]:
        said = [f"best label {said[0]}"]
    density = drawn.data["density"][at]
    if density:
        said += [f"fires at {percent(density)} of tokens", f"peak {reading(float(drawn.names.peaks[at]))}"]
    return " · ".join(said)


def _contexts(drawn: Dashboards, at: int) -> marks.Mark:
    """Lines of text, lined up where the latent fires most, with their colours."""
    rows = drawn.contexts(at)
    if not rows:
        return marks.Paragraph("It fires at no token of these texts.", QUIET)
    scale = Scale("sequential", 0.0, float(drawn.names.peaks[at]) or 1.0)
    middle = drawn.place.index(0)
    numbers, values = drawn.data["context_token"][at], drawn.data["context_activation"][at]
    contexts = [
        marks.Context(
            reading(float(values[row, middle])),
            [drawn.tokens[n] if n >= 0 else "" for n in numbers[row]],
            values[row],
        )
        for row in rows
    ]
    bar = marks.ColourBar(scale, "activation · outlined: where it fires most")
    return marks.Column([marks.Contexts(contexts, scale, middle), bar])


def _charts(drawn: Dashboards, at: int) -> marks.Row:
    counts, peak = drawn.data["histogram"][at], float(drawn.names.peaks[at]) or 1.0
    edges = np.linspace(0, peak, len(counts) + 1)
    densities = drawn.data["density"]
    fire = densities[densities > 0]
    ends = [float(fire.min()), float(fire.max())] if fire.size else []
    axis = XAxis([*ends, 0.0] if fire.size < densities.size else ends, log=True)
    activations = _histogram(edges, counts, XAxis([0.0, peak], whole=False))
    density = _histogram(*_binned(densities), axis, float(densities[at]))
    return marks.Row(
        [
            marks.Column([activations], "Activations", f"above 0, at {int(counts.sum())} tokens", gap=0),
            marks.Column([density], "Density", f"share of tokens, {len(densities)} latents", gap=0),
        ],
        gap=20,
    )


def _histogram(
    edges: np.ndarray, counts: Sequence[int] | np.ndarray, x: XAxis, marker: float | None = None
) -> marks.Lines:
    bins = [marks.Bin(float(edges[i]), float(edges[i + 1]), float(n)) for i, n in enumerate(counts)]
    y = even_axis(0.0, float(max(*counts, 1)), ticks=3)
    return marks.Lines([], x, y, bins, marker, width=(_ONE - 20) // 2, height=_CHART, right=8)


def _binned(densities: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Edges even in factors, and how many latents lie between; those that never fire come first."""
    fire = densities[densities > 0]
    if not fire.size:
        return np.array([0.0, 1.0]), np.array([len(densities)])
    low, high = float(fire.min()), float(fire.max())
    edges = np.geomspace(low, high, _BINS + 1) if high > low else np.array([low, low])
    counts = np.histogram(fire, edges)[0] if high > low else np.array([fire.size])
    dead = len(densities) - fire.size
    if not dead:
        return edges, counts
    return np.concatenate([[0.0], edges]), np.concatenate([[dead], counts])


def _three(drawn: Dashboards, at: int) -> marks.Row:
    """What it promotes, what it suppresses, and what is nearest."""
    data = drawn.data
    reach = float(np.abs([data["promoted_by"][at], data["suppressed_by"][at]]).max())
    near = [
        marks.Bar(drawn.names.name(int(latent)), float(cosine), aside=str(int(latent)))
        for latent, cosine in zip(data["nearest"][at], data["nearest_cosine"][at], strict=True)
    ]
    third = (_ONE - 40) // 3
    both = {"Promotes": "promoted", "Suppresses": "suppressed"}
    effects = [
        marks.Column(
            [marks.Bars(_effects(drawn, at, which), reach, signed=True)], name, "nats", width=third - 16
        )
        for name, which in both.items()
    ]
    nearest = marks.Column([marks.Bars(near)], "Nearest", "cosine", width=third + 32)
    return marks.Row([*effects, nearest], gap=20)


def _effects(drawn: Dashboards, at: int, which: str) -> list[marks.Bar]:
    numbers, effects = drawn.data[which][at], drawn.data[f"{which}_by"][at]
    return [
        marks.Bar(visible(drawn.tokens[number]), float(by))
        for number, by in zip(numbers, effects, strict=True)
        if number >= 0
    ]
