"""A dashboard as a PNG, beside the beginning of the list: for readers without the widget."""

import numpy as np
from PIL import Image, ImageDraw

from .._shared import png
from .._shared.axis_scale import XAxis, even_axis
from .._shared.bar_list import ROW, BarRow, bar_list
from .._shared.colour import NAN, lookup
from .._shared.line_chart import chart
from .._shared.numbers import reading
from .._shared.scale import Scale
from .._shared.tokens import visible
from .._shared.wire import quantise
from .dashboards import Dashboards
from .words import label, percent, sentence

_WIDTH = 900
_MARGIN = 14
_TOP = 46
_LIST = 236
_X = _MARGIN + _LIST + 22  # where the dashboard begins
_ONE = _WIDTH - _MARGIN - _X
_HEAD = 22  # the line above a picture
_CONTEXT = 20  # the height of a context
_PEAK, _SPLIT = 42, 0.56  # the room for a context's number, and where it fires most, as a share of the rest
_CHART = 96
_BINS = 24  # of the densities
_ITEM = 19  # the height of a row of the list


def draw(drawn: Dashboards, latent: int) -> bytes:
    """PNG bytes: the list at the left; contexts, histograms, tokens and neighbours at the right; and the sentence."""
    at = drawn.at(latent)
    one = _dashboard(drawn, at)
    said = png.wrapped(sentence(drawn, latent), _WIDTH - 2 * _MARGIN, png.font(12, mono=False), most=3)
    below = _TOP + one.height + 10
    image = png.canvas(_WIDTH, below + 18 * len(said) + 12)
    png.header(image, drawn.title, drawn.model_name)
    image.paste(_list(drawn, at, one.height), (_MARGIN, _TOP))
    image.paste(one, (_X, _TOP))
    pen = ImageDraw.Draw(image)
    pen.line([(0, below), (_WIDTH, below)], png.FAINT)
    for i, line in enumerate(said):
        pen.text((_MARGIN, below + 8 + 18 * i), line, png.INK, font=png.font(12, mono=False))
    return png.encode(image)


def _list(drawn: Dashboards, chosen: int, height: int) -> Image.Image:
    """The first latents in the order of the browser, the selected one among them."""
    by = drawn.data["label_f1"] if drawn.labelled else drawn.data["peak"]
    order = np.argsort(-np.nan_to_num(by, nan=-1.0), kind="stable").tolist()
    n = (height - _HEAD) // _ITEM
    shown = order[:n]
    if chosen not in shown:
        shown[-1] = chosen
    image = png.canvas(_LIST, height)
    png.caption(image, (0, 0), f"{len(order)} latents", "by label score" if drawn.labelled else "by peak")
    pen = ImageDraw.Draw(image)
    for i, at in enumerate(shown):
        y, ink = _HEAD + i * _ITEM + _ITEM // 2, png.ACCENT if at == chosen else png.INK
        if at == chosen:
            pen.rectangle([0, y - 9, _LIST - 1, y + 9], outline=png.ACCENT)
        png.text_right(pen, (36, y), str(drawn.latents[at]))
        named = drawn.names.labels[at]
        face = png.font(12, mono=False) if named else png.font(11)
        name = png.cut(png.one_line(named or drawn.names.says[at]), _LIST - 44 - 44, face)
        pen.text((44, y), name, ink if named or at == chosen else png.QUIET, font=face, anchor="lm")
        number = "" if np.isnan(by[at]) else reading(float(by[at]))
        png.text_right(pen, (_LIST - 5, y), number, ink=ink)
    return image


def _dashboard(drawn: Dashboards, at: int) -> Image.Image:
    parts = [_head(drawn, at), _contexts(drawn, at), _charts(drawn, at), _three(drawn, at)]
    image = png.canvas(_ONE, sum(part.height for part in parts) + 12 * (len(parts) - 1))
    y = 0
    for part in parts:
        image.paste(part, (0, y))
        y += part.height + 12
    return image


def _head(drawn: Dashboards, at: int) -> Image.Image:
    image = png.canvas(_ONE, 20)
    said = [label(drawn, at)] if drawn.data["label"][at] else []
    if said and not drawn.names.labels[at]:
        said = [f"best label {said[0]}"]
    density = drawn.data["density"][at]
    if density:
        said += [f"fires at {percent(density)} of tokens", f"peak {reading(float(drawn.names.peaks[at]))}"]
    png.caption(image, (0, 2), f"Latent {drawn.latents[at]}", " · ".join(said))
    return image


def _contexts(drawn: Dashboards, at: int) -> Image.Image:
    """Lines of text, lined up where the latent fires most, with a colour bar."""
    rows = drawn.contexts(at)
    image = png.canvas(_ONE, _CONTEXT * len(rows) + 22)
    if not rows:
        pen = ImageDraw.Draw(image)
        pen.text((0, 4), "It fires at no token of these texts.", png.QUIET, font=png.font(12, mono=False))
        return image
    scale = Scale("sequential", 0.0, float(drawn.names.peaks[at]) or 1.0)
    codes = quantise(drawn.data["context_activation"][at], low=0.0, high=scale.high)
    middle = drawn.place.index(0)
    for i, row in enumerate(rows):
        texts = [drawn.tokens[n] if n >= 0 else "" for n in drawn.data["context_token"][at, row]]
        peak = float(drawn.data["context_activation"][at, row, middle])
        pen = ImageDraw.Draw(image)
        pen.text((0, i * _CONTEXT + 10), reading(peak), png.QUIET, font=png.font(11), anchor="lm")
        image.paste(_context(texts, codes[row], middle), (_PEAK, i * _CONTEXT))
    low, high = scale.ends()
    place = (0, _CONTEXT * len(rows) + 10)
    png.colour_bar(image, place, low=low, high=high, note="activation · outlined: where it fires most")
    return image


def _context(texts: list[str], codes: np.ndarray, middle: int) -> Image.Image:
    """One line: tokens on their colours, that in the middle outlined; what has no room is cut off."""
    face, width = png.font(12), _ONE - _PEAK
    image = png.canvas(width, _CONTEXT)
    pen, colours = ImageDraw.Draw(image), lookup("sequential")
    shown = [_as_written(text) for text in texts]
    widths = [face.getlength(text) for text in shown]
    x = _SPLIT * width - sum(widths[:middle])
    for i, (text, wide, code) in enumerate(zip(shown, widths, codes, strict=True)):
        if text and x + wide > 0 and x < width:
            box = [x, 2, x + wide - 1, _CONTEXT - 3]
            if code not in (0, NAN):
                pen.rectangle(box, fill=tuple(colours[code][:3].tolist()))
            ink = png.INK if code in (0, NAN) else png.ink_on(int(code))
            pen.text((x, _CONTEXT / 2), text, ink, font=face, anchor="lm")
            if i == middle:
                pen.rectangle(box, outline=png.ACCENT)
        x += wide
    return image


def _as_written(token: str) -> str:
    """A leading space stays a space, as in running text; other whitespace is made visible."""
    return f" {visible(token[1:])}" if token.startswith(" ") and len(token) > 1 else visible(token)


def _charts(drawn: Dashboards, at: int) -> Image.Image:
    half = (_ONE - 20) // 2
    image = png.canvas(_ONE, _HEAD + _CHART)
    counts, peak = drawn.data["histogram"][at], float(drawn.names.peaks[at]) or 1.0
    edges = np.linspace(0, peak, len(counts) + 1)
    png.caption(image, (0, 0), "Activations", f"above 0, at {int(counts.sum())} tokens")
    image.paste(_columns(edges, counts, XAxis([0.0, peak], whole=False), half, None), (0, _HEAD))
    densities = drawn.data["density"]
    said = f"share of tokens, {len(densities)} latents"
    png.caption(image, (half + 20, 0), "Density", said)
    edges, counts = _binned(densities)
    fire = densities[densities > 0]
    ends = [float(fire.min()), float(fire.max())] if fire.size else []
    axis = XAxis([*ends, 0.0] if fire.size < densities.size else ends, log=True)
    image.paste(_columns(edges, counts, axis, half, float(densities[at])), (half + 20, _HEAD))
    return image


def _columns(
    edges: np.ndarray, counts: np.ndarray, x: XAxis, width: int, marker: float | None
) -> Image.Image:
    columns = [(float(edges[i]), float(edges[i + 1]), float(n)) for i, n in enumerate(counts)]
    y = even_axis(0.0, float(max(counts.max(initial=0), 1)), ticks=3)
    return chart([], x, size=(width, _CHART), right=8, marker=marker, y=y, columns=columns)


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


def _three(drawn: Dashboards, at: int) -> Image.Image:
    """What it promotes, what it suppresses, and what is nearest."""
    data = drawn.data
    reach = float(np.abs([data["promoted_by"][at], data["suppressed_by"][at]]).max())
    near = [
        BarRow(drawn.names.name(int(latent)), float(cosine), aside=str(int(latent)))
        for latent, cosine in zip(data["nearest"][at], data["nearest_cosine"][at], strict=True)
    ]
    gap, third = 20, (_ONE - 40) // 3
    widths = [third - 16, third - 16, third + 32]
    pictures = [
        bar_list(_effects(drawn, at, "promoted"), reach=reach, width=widths[0], signed=True),
        bar_list(_effects(drawn, at, "suppressed"), reach=reach, width=widths[1], signed=True),
        bar_list(near, reach=1.0, width=widths[2]),
    ]
    image = png.canvas(_ONE, _HEAD + max(ROW, *(picture.height for picture in pictures)))
    heads = [("Promotes", "nats"), ("Suppresses", "nats"), ("Nearest", "cosine")]
    x = 0
    for picture, head, width in zip(pictures, heads, widths, strict=True):
        png.caption(image, (x, 0), *head)
        image.paste(picture, (x, _HEAD))
        x += width + gap
    return image


def _effects(drawn: Dashboards, at: int, which: str) -> list[BarRow]:
    numbers, effects = drawn.data[which][at], drawn.data[f"{which}_by"][at]
    return [
        BarRow(visible(drawn.tokens[number]), float(by))
        for number, by in zip(numbers, effects, strict=True)
        if number >= 0
    ]
