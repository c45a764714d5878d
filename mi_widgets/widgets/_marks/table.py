"""Short texts in rows and columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

from .inks import ACCENT, INK, Ink
from .layout import Block
from .pen import Pen
from .text import TEXT, Face, wrapped

_LINE = 17
_GAP = 7  # between two rows
_MOST = 8  # lines of a text; of a longer one the beginning is shown
_BESIDE = 12  # pixels between a text and the next one on its line


class StyledText(NamedTuple):
    """A text with its look."""

    text: str
    ink: Ink = INK
    face: Face = TEXT


@dataclass(frozen=True)
class Entry:
    """A row: the texts of each cell, and whether it is the chosen one. The last cell goes on to the right end."""

    cells: Sequence[Sequence[StyledText]]
    chosen: bool = False


@dataclass(frozen=True)
class Table:
    """Rows of cells.

    Attributes:
        rows: The first at the top.
        edges: Where each column begins, in pixels.
    """

    rows: Sequence[Entry]
    edges: Sequence[float]

    def block(self, room: float) -> Block:
        """As high as the texts are when they are broken into lines."""
        rows = [self._placed(row, room) for row in self.rows]
        heights = [_LINE * (1 + max(line for _, line, _ in row)) for row in rows]
        tops = [0, *accumulate(height + _GAP for height in heights)]

        def draw(pen: Pen) -> None:
            for row, texts, height, top in zip(self.rows, rows, heights, tops, strict=False):
                if row.chosen:
                    pen.box(-14, top - 2, -10, top + height + 1, ACCENT)
                for left, line, said in texts:
                    pen.text(left, top + line * _LINE, *said, "la")

        return Block(room, tops[-1], draw)

    def _placed(self, row: Entry, room: float) -> list[tuple[float, int, StyledText]]:
        """Where each line of the texts is: from the left, and how many lines down."""
        ends = [*(edge - _BESIDE for edge in self.edges[1 : len(row.cells)]), room]
        placed: list[tuple[float, int, StyledText]] = []
        for texts, left, end in zip(row.cells, self.edges, ends, strict=False):
            line, x = 0, left
            for said in texts:
                lines = wrapped(said.text, end - left, said.face, most=_MOST)
                if x > left and (len(lines) > 1 or x + said.face.width(lines[0]) > end):
                    line, x = line + 1, left
                placed += [(x, line + i, said._replace(text=text)) for i, text in enumerate(lines)]
                line, x = line + len(lines) - 1, x + said.face.width(lines[-1]) + _BESIDE
        return placed
