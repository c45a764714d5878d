"""A whole picture, and what it is written as."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Literal

from .inks import FAINT, INK, QUIET
from .layout import LINE, Mark, Paragraph
from .pen import Pen, Raster
from .text import TEXT, Face

_MARGIN, _TOP = 14, 46
_WIDEST, _NARROWEST = 960, 340
_TITLE = Face(13, mono=False, bold=True)


@dataclass(frozen=True)
class Picture:
    """Marks under a header, and a sentence under them.

    Attributes:
        title: What it is.
        facts: Of what, in which unit.
        body: A mark; those in rows and columns are a mark too.
        sentence: What is seen.
        width: In pixels. Default: what the marks and the header need.
        most: How many lines the sentence may have. Default: as many as it needs.
    """

    title: str
    facts: Sequence[str]
    body: Mark
    sentence: str = ""
    width: int = 0
    most: int | None = None


def render(picture: Picture, kind: Literal["png", "svg", "pdf"] = "png") -> bytes:
    """Draw a picture: a PNG is what notebooks show, SVG and PDF are for print.

    Args:
        picture: What is drawn.
        kind: In which format.
    """
    body = picture.body.block((picture.width or _WIDEST) - 2 * _MARGIN)
    facts = " · ".join(filter(None, picture.facts))
    titled = 26 + _TITLE.width(picture.title)
    header = min(_WIDEST, titled + TEXT.width(facts) + _MARGIN)
    width = picture.width or ceil(max(body.width + 2 * _MARGIN, header, _NARROWEST))
    said = Paragraph(picture.sentence, most=picture.most).block(width - 2 * _MARGIN)
    below = _TOP + body.height + 10
    height = ceil(below + (said.height if picture.sentence else -LINE / 2) + 10)

    def draw(pen: Pen) -> None:
        pen.text(_MARGIN, 14, picture.title, INK, _TITLE, "la")
        pen.text(titled, 15, facts, QUIET, TEXT, "la")
        pen.box(0, 37, width, 38, FAINT)
        body.draw(pen.moved(_MARGIN, _TOP))
        said.draw(pen.moved(_MARGIN, below))

    if kind == "png":
        raster = Raster(width, height)
        draw(raster)
        return raster.saved()
    from .vector import Vector  # matplotlib is for print

    vector = Vector(width, height)
    draw(vector)
    return vector.saved(kind)
