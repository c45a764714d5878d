"""A dashboard without a browser, beside the beginning of the list, and the sentence."""

from typing import Any

import numpy as np

from mi_widgets.core.numbers import number_text

from .. import _marks as marks
from .._marks.inks import QUIET
from .._shared.axis_scale import XAxis, even_axis
from .._shared.scale import ColourScale, highest
from .._shared.tokens import visible
from .dashboards import Dashboards, binned
from .words import label, percent, sentence

_WIDTH = 900
_LIST, _ONE = 236, 614
_CHART = 96
_BESIDE = 10  # rows of the list beside the charts; each context and each row of bars has one more beside it


def picture(drawn: Dashboards, latent: int) -> marks.Picture:
    """The list at the left; contexts, histograms, tokens and neighbours at the right."""
    one, peak = drawn.of(latent), highest(drawn.names.peak(latent)) or 1.0
    parts = [_contexts(drawn, one, peak), _charts(drawn, one, peak), _three(drawn, one)]
    dashboard = marks.Column(parts, f"Latent {latent}", _said(drawn, latent, one), width=_ONE, gap=12)
    n = _BESIDE + len(one["context_token"]) + max(len(one["promoted"]), 1)
    body = marks.Row([_list(drawn, latent, n), dashboard], gap=22)
    header = drawn.header()
    return marks.Picture(
        header["title"], [header["model"]], body, sentence(drawn, latent), width=_WIDTH, most=3
    )


def _list(drawn: Dashboards, chosen: int, n: int) -> marks.Column:
    """The first latents in the order of the browser, the selected one among them."""
    score, names = drawn.score, drawn.names
    shown = np.argsort(-np.nan_to_num(score, nan=-1.0), kind="stable")[:n].tolist()
    at = drawn.latents.index(chosen)
    if at not in shown:
        shown[-1] = at
    rows = [
        marks.Bar(
            names.name(latent),
            text="" if np.isnan(score[i]) else number_text(float(score[i])),
            aside=str(latent),
            quiet=not names.label(latent) and latent != chosen,
        )
        for i, latent in ((i, drawn.latents[i]) for i in shown)
    ]
    bars = marks.Bars(rows, chosen=shown.index(at))
    said = "by label score" if drawn.labelled else "by peak"
    return marks.Column([bars], f"{len(drawn.latents)} latents", said, width=_LIST)


def _said(drawn: Dashboards, latent: int, one: dict[str, Any]) -> str:
    guess, names = label(one), drawn.names
    said = [guess if names.label(latent) else f"best label {guess}"] if guess else []
    if one["density"]:
        said += [f"fires at {percent(one['density'])} of tokens", f"peak {number_text(names.peak(latent))}"]
    return " · ".join(said)


def _contexts(drawn: Dashboards, one: dict[str, Any], peak: float) -> marks.Mark:
    """Lines of text, lined up where the latent fires most, with their colours."""
    if not len(one["context_token"]):
        return marks.Paragraph("It fires at no token of these texts.", QUIET)
    scale, middle = ColourScale("sequential", 0.0, peak), drawn.middle
    contexts = [
        marks.Context(
            number_text(float(values[middle])), [drawn.tokens[n] if n >= 0 else "" for n in numbers], values
        )
        for numbers, values in zip(one["context_token"], one["context_activation"], strict=True)
    ]
    bar = marks.ColourBar(scale, "activation · outlined: where it fires most")
    return marks.Column([marks.Contexts(contexts, scale, middle), bar])


def _charts(drawn: Dashboards, one: dict[str, Any], peak: float) -> marks.Row:
    counts, every = one["histogram"], binned(drawn.data["density"].values)
    edges, never = every["edges"], every["never"]
    activations = _bins(np.linspace(0, peak, len(counts) + 1), counts)
    dead = [marks.Bin(0.0, edges[0] if edges else 1.0, never)] if never else []
    densities = [*dead, *_bins(edges, every["counts"])]
    axis = XAxis([*edges, 0.0] if never else edges, log=True)
    n = f"above 0, at {int(counts.sum())} tokens"
    share = f"share of tokens, {len(drawn.latents)} latents"
    return marks.Row(
        [
            _histogram("Activations", n, activations, XAxis([0.0, peak], whole=False)),
            _histogram("Density", share, densities, axis, float(one["density"])),
        ],
        gap=20,
    )


def _bins(edges: Any, counts: Any) -> list[marks.Bin]:
    ends = zip(edges, edges[1:], counts, strict=False)  # one edge is left over
    return [marks.Bin(float(start), float(end), float(n)) for start, end, n in ends]


def _histogram(
    name: str, said: str, bins: list[marks.Bin], x: XAxis, marker: float | None = None
) -> marks.Column:
    y = even_axis(0.0, max([1.0, *(bin.value for bin in bins)]), ticks=3)
    chart = marks.Lines([], x, y, bins, marker, width=(_ONE - 20) // 2, height=_CHART, right=8)
    return marks.Column([chart], name, said, gap=0)


def _three(drawn: Dashboards, one: dict[str, Any]) -> marks.Row:
    """What it promotes, what it suppresses, and what is nearest."""
    reach = highest(np.abs(one["promoted_by"]), np.abs(one["suppressed_by"]))
    third = (_ONE - 40) // 3

    def logit_effects_column(title: str, variable: str) -> marks.Column:
        rows = [
            marks.Bar(visible(drawn.tokens[token]), float(by))
            for token, by in zip(one[variable], one[f"{variable}_by"], strict=True)
            if token >= 0
        ]
        return marks.Column([marks.Bars(rows, reach, signed=True)], title, "nats", width=third - 16)

    near = [
        marks.Bar(drawn.names.name(int(latent)), float(cosine), aside=str(int(latent)))
        for latent, cosine in zip(one["nearest"], one["nearest_cosine"], strict=True)
    ]
    nearest = marks.Column([marks.Bars(near)], "Nearest", "cosine", width=third + 32)
    return marks.Row(
        [
            logit_effects_column("Promotes", "promoted"),
            logit_effects_column("Suppresses", "suppressed"),
            nearest,
        ],
        gap=20,
    )
