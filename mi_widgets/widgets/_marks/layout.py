"""Where marks are placed: beside and under each other, with captions; and the marks that are texts and colour bars."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from .._shared.colour import LEVELS
from .._shared.scale import ColourScale
from .inks import FAINT, INK, QUIET, Ink
from .pen import Pen
from .text import MONO, STRONG, TEXT, Face, wrapped

LINE = 18  # from one line of a paragraph to the next
_CAPTION = 22


@dataclass(frozen=True)
class Block:
    """A mark that knows its size in pixels; `draw` draws it with a pen that stands at its left and top."""

    width: float
    height: float
    draw: Callable[[Pen], None]


class Mark(Protocol):
    """A part of a picture, as plain values."""

    def block(self, room: float) -> Block:
        """Lay it out in a width of pixels."""
        ...


@dataclass(frozen=True)
class Column:
    """Marks under each other.

    Attributes:
        marks: From the top.
        name: The caption above them.
        said: Behind the name, quietly, what more there is to say.
        width: In pixels. Default: as wide as they are.
        gap: Pixels between two.
    """

    marks: Sequence[Mark]
    name: str = ""
    said: str = ""
    width: float = 0
    gap: float = 10

    def block(self, room: float) -> Block:
        """Lay them out, each with all the room."""
        blocks = [mark.block(self.width or room) for mark in self.marks]
        top = _CAPTION if self.name else 0
        places = [top + sum(block.height + self.gap for block in blocks[:i]) for i in range(len(blocks))]
        named = STRONG.width(self.name) + 8

        def draw(pen: Pen) -> None:
            if self.name:
                pen.text(0, 0, self.name, INK, STRONG, "la")
                pen.text(named, 0, self.said, QUIET, TEXT, "la")
            for block, place in zip(blocks, places, strict=True):
                block.draw(pen.moved(0, place))

        caption = named + TEXT.width(self.said) if self.name else 0
        width = self.width or max([caption, *(block.width for block in blocks)])
        return Block(width, places[-1] + blocks[-1].height if blocks else top, draw)


@dataclass(frozen=True)
class Row:
    """Marks beside each other; each takes the width it needs of what those at its left have left over."""

    marks: Sequence[Mark]
    gap: float = 26

    def block(self, room: float) -> Block:
        """Lay them out from the left."""
        blocks: list[Block] = []
        places = [0.0]
        for mark in self.marks:
            blocks.append(mark.block(room - places[-1]))
            places.append(places[-1] + blocks[-1].width + self.gap)

        def draw(pen: Pen) -> None:
            for block, place in zip(blocks, places, strict=False):
                block.draw(pen.moved(place, 0))

        return Block(places[-1] - self.gap, max((block.height for block in blocks), default=0), draw)


@dataclass(frozen=True)
class Paragraph:
    """A text in as many lines as it needs, or at most `most`; it takes no width from what stands beside it."""

    text: str
    ink: Ink = INK
    face: Face = TEXT
    most: int | None = None

    def block(self, room: float) -> Block:
        """Break it into lines."""
        lines = wrapped(self.text, room, self.face, most=self.most)

        def draw(pen: Pen) -> None:
            for i, line in enumerate(lines):
                pen.text(0, LINE * i, line, self.ink, self.face, "la")

        return Block(max(map(self.face.width, lines)), LINE * len(lines), draw)


@dataclass(frozen=True)
class ColourBar:
    """What the colours of a scale mean.

    Attributes:
        scale: The colours, and the numbers at their ends.
        note: Behind the numbers.
        ends: How the ends are written. Default: as numbers.
    """

    scale: ColourScale
    note: str = ""
    ends: tuple[str, str] | None = None

    def block(self, room: float) -> Block:
        """A bar of 120 pixels between two numbers."""
        low, high = self.ends or self.scale.ends()
        start, behind = int(MONO.width(low)) + 8, f"{high}   {self.note}".rstrip()
        ramp = np.linspace(0, LEVELS - 1, 120).astype(np.uint8)[None]

        def draw(pen: Pen) -> None:
            pen.text(0, 6, low, QUIET)
            pen.heat(start, 1, ramp, (1, 10), self.scale.map)
            pen.box(start - 1, 0, start + 121, 12, outline=FAINT)
            pen.text(start + 128, 6, behind, QUIET)

        return Block(start + 128 + MONO.width(behind), 14, draw)
