"""What marks are drawn with, and the pen that draws them with Pillow, which is fast: it runs at every display."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from copy import copy
from functools import cache
from io import BytesIO
from typing import Self

import numpy as np
from PIL import Image, ImageDraw

from .._shared.colour import LEVELS, MapName
from .inks import ACCENT, EVERY, GOOD, INK, WARN, WHITE, Ink, on_white
from .text import MONO, Face, loaded, plain

Point = tuple[float, float]

_FINER = 3  # what is not level is drawn larger and made smaller, which rounds its edges


class Pen(ABC):
    """Draws in pixels, counted from where it stands to the right and down."""

    def __init__(self) -> None:
        self._x = self._y = 0.0

    def moved(self, right: float, down: float) -> Self:
        """The same pen, standing elsewhere."""
        there = copy(self)
        there._x, there._y = self._x + right, self._y + down
        return there

    @abstractmethod
    def box(
        self,
        left: float,
        top: float,
        right: float,
        bottom: float,
        fill: Ink | None = None,
        outline: Ink | None = None,
        width: int = 1,
    ) -> None:
        """A rectangle, up to its right and its bottom; the outline is inside."""

    @abstractmethod
    def lines(self, runs: Sequence[Sequence[Point]], ink: Ink, width: float = 1) -> None:
        """Lines through points."""

    @abstractmethod
    def text(
        self,
        x: float,
        y: float,
        text: str,
        ink: Ink = INK,
        face: Face = MONO,
        anchor: str = "lm",
        angle: int = 0,
    ) -> None:
        """A text at a point: l, m or r of it across, and a (top), m or s (baseline) of it down, as Pillow calls them.

        A text that climbs at an angle begins at the point, whatever the anchor.
        """

    @abstractmethod
    def heat(self, x: float, y: float, codes: np.ndarray, size: tuple[int, int], name: MapName) -> None:
        """Codes (rows, columns) in the colours of a map, each of them `size` pixels wide and high."""

    @abstractmethod
    def dot(
        self,
        x: float,
        y: float,
        radius: float,
        fill: Ink | None = None,
        outline: Ink | None = None,
        width: int = 1,
    ) -> None:
        """A disc or a circle."""


class Raster(Pen):
    """The pen of a PNG."""

    def __init__(self, width: int, height: int):
        super().__init__()
        self.image = Image.new("RGB", (width, height), "white")
        self._draw = ImageDraw.Draw(self.image)
        self._maps: dict[MapName, None] = {}

    def box(self, left, top, right, bottom, fill=None, outline=None, width=1) -> None:
        """A rectangle, up to its right and its bottom; the outline is inside."""
        left, right = round(self._x + left), round(self._x + right)
        top, bottom = round(self._y + top), round(self._y + bottom)
        if right > left and bottom > top:
            self._draw.rectangle([left, top, right - 1, bottom - 1], fill, outline, width)

    def lines(self, runs, ink, width=1.0) -> None:
        """Lines through points: sharp where all are level or upright, else smooth."""
        moved = [[(self._x + x, self._y + y) for x, y in run] for run in runs]
        if all(len(run) == 2 and (run[0][0] == run[1][0] or run[0][1] == run[1][1]) for run in moved):
            for run in moved:
                self._draw.line([(round(x), round(y)) for x, y in run], ink, round(width))
            return
        points = np.array([point for run in moved for point in run])
        with _Mask(self.image, points.min(0) - width - 1, points.max(0) + width + 2, ink) as mask:
            for run in moved:
                mask.draw.line([mask.at(x, y) for x, y in run], 255, round(width * _FINER), "curve")

    def text(self, x, y, text, ink=INK, face=MONO, anchor="lm", angle=0) -> None:
        """A text at a point, or climbing from it."""
        x, y, text = self._x + x, self._y + y, plain(text)
        if not angle:
            self._draw.text((x, y), text, ink, font=loaded(face), anchor=anchor)
            return
        mask = Image.new("L", (int(face.width(text)) + 2, face.size + 4), 0)
        ImageDraw.Draw(mask).text((0, mask.height // 2), text, 255, font=loaded(face), anchor="lm")
        turned = mask.rotate(angle, expand=True, resample=Image.Resampling.BICUBIC)
        self.image.paste(ink, (int(x) - face.size // 2, int(y) - turned.height), turned)

    def heat(self, x, y, codes, size, name) -> None:
        """Codes in the colours of a map."""
        self._maps[name] = None
        image = Image.fromarray(on_white(name)[codes])
        image = image.resize((image.width * size[0], image.height * size[1]), Image.Resampling.NEAREST)
        self.image.paste(image, (round(self._x + x), round(self._y + y)))

    def dot(self, x, y, radius, fill=None, outline=None, width=1) -> None:
        """A disc or a circle."""
        at, reach = (self._x + x, self._y + y), radius + width + 1
        for ink, outlined in ((fill, False), (outline, True)):
            if ink is None:
                continue
            with _Mask(self.image, np.subtract(at, reach), np.add(at, reach), ink) as mask:
                box = [mask.at(at[0] - radius, at[1] - radius), mask.at(at[0] + radius, at[1] + radius)]
                mask.draw.ellipse(box, None if outlined else 255, 255, width * _FINER if outlined else 1)

    def saved(self) -> bytes:
        """PNG bytes, in a palette of the colour maps' colours: a third of the size of true colour."""
        buffer = BytesIO()
        palette = _palette(tuple(sorted(self._maps)))
        self.image.quantize(palette=palette, dither=Image.Dither.NONE).save(buffer, "PNG", compress_level=6)
        return buffer.getvalue()


class _Mask:
    """A part of a picture, finer, in which 255 is where ink will be."""

    def __init__(self, image: Image.Image, start: np.ndarray, end: np.ndarray, ink: Ink):
        self._image, self._ink = image, ink
        self._x, self._y = (max(0, int(place)) for place in start)
        right, bottom = (min(int(place), most) for place, most in zip(end, image.size, strict=True))
        size = max(1, right - self._x) * _FINER, max(1, bottom - self._y) * _FINER
        self._mask = Image.new("L", size)
        self.draw = ImageDraw.Draw(self._mask)

    def at(self, x: float, y: float) -> Point:
        # The middle of a pixel is where Pillow's own lines have it.
        return (x + 0.5 - self._x) * _FINER, (y + 0.5 - self._y) * _FINER

    def __enter__(self) -> "_Mask":
        return self

    def __exit__(self, *_failed: object) -> None:
        self._image.paste(self._ink, (self._x, self._y), self._mask.reduce(_FINER))


@cache
def _palette(maps: tuple[MapName, ...]) -> Image.Image:
    # Pillow finds a colour's place in the palette in steps of 8: what is that close to white must not replace it.
    every = 2 * max(1, len(maps))
    colours = [
        colour.tolist() for name in maps for colour in on_white(name)[:LEVELS:every] if colour.min() < 246
    ]
    # The edges of letters.
    greys = [(grey, grey, min(255, grey + 6)) for grey in range(26, 250, 4)]
    tints = [
        tuple(255 - (255 - part) * n // 8 for part in ink)
        for ink in (GOOD, WARN, ACCENT)
        for n in range(1, 8)
    ]
    palette = Image.new("P", (1, 1))
    palette.putpalette([part for colour in [*colours, WHITE, *EVERY, *greys, *tints] for part in colour])
    return palette
