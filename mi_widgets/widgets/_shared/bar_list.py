"""Rows of a name, a bar and a number, for readers without the browser. `bar_list.ts` draws the same there."""

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from . import png
from .numbers import reading

ROW = 18


@dataclass(frozen=True)
class BarRow:
    """One row.

    Attributes:
        name: what it is.
        value: how long the bar is.
        aside: in front of the name: a number that it goes by.
        text: in the number's place.
    """

    name: str
    value: float
    aside: str = ""
    text: str = ""


def bar_list(
    rows: Sequence[BarRow], *, reach: float, width: int, signed: bool = False, chosen: int | None = None
) -> Image.Image:
    """A picture of some rows.

    Args:
        rows: The first at the top.
        reach: Of the longest bar.
        width: Of everything, in pixels.
        signed: Whether bars have the colours of what raises and what lowers.
        chosen: The row that is outlined.
    """
    image = png.canvas(width, max(1, ROW * len(rows)))
    pen, face = ImageDraw.Draw(image), png.font(11)
    numbers = [row.text or reading(row.value) for row in rows]
    aside = max((face.getlength(row.aside) + 8 for row in rows if row.aside), default=0.0)
    right = width - 4 - max(map(face.getlength, numbers), default=0.0)
    room = max(20.0, right - 8 - aside - 0.3 * width)
    left = (
        4 + aside + min(room, max((face.getlength(png.one_line(row.name)) for row in rows), default=0.0)) + 8
    )
    for i, (row, number) in enumerate(zip(rows, numbers, strict=True)):
        y = i * ROW + ROW // 2
        if row.aside:
            png.text_right(pen, (aside - 4, y), row.aside)
        pen.text(
            (4 + aside, y),
            png.cut(png.one_line(row.name), left - aside - 12, face),
            png.INK,
            font=face,
            anchor="lm",
        )
        end = left + (right - 10 - left) * min(1.0, abs(row.value) / (reach or 1.0))
        if row.value:
            pen.rectangle(
                [round(left), y - 4, max(round(left), round(end)), y + 4], fill=_ink(row.value, signed)
            )
        png.text_right(pen, (width - 4, y), number, ink=png.INK)
        if i == chosen:
            pen.rectangle([0, i * ROW, width - 1, i * ROW + ROW - 1], outline=png.ACCENT)
    return image


def _ink(value: float, signed: bool) -> png.Ink:
    return (png.RAISES if value > 0 else png.LOWERS) if signed else png.ACCENT
