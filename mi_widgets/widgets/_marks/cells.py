"""Numbers as colours in rows and columns: a heat map with its labels, and many small ones."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .._shared.colour import LEVELS, NAN, MapName
from .._shared.pool import max_pool
from .._shared.scale import ColourScale
from .._shared.thinning import thinned
from .._shared.tokens import shortened
from .._shared.wire import quantise
from .inks import ACCENT, FAINT, QUIET, WHITE, Ink, ink_on
from .layout import Block
from .pen import Pen
from .text import MONO, SMALL

_SMALLEST = 14  # pixels, where so few cells leave room for it
_HAIRLINES = 8  # from this size on cells are set apart
_GAP = 5  # between small maps
_TURNED = 60  # degrees


@dataclass(frozen=True)
class Labels:
    """What stands at the left or above the cells.

    Attributes:
        texts: One a row or column.
        name: Of the axis.
        lit: The label in the accent colour, which is written whatever its place.
        turned: Whether those above climb to the right.
    """

    texts: Sequence[str]
    name: str = ""
    lit: int | None = None
    turned: bool = False

    def ink(self, i: int) -> Ink:
        """Of one of them."""
        return ACCENT if i == self.lit else QUIET

    @cached_property
    def width(self) -> float:
        """Of the widest."""
        return max(map(MONO.width, self.texts), default=0)


@dataclass(frozen=True)
class Cells:
    """A heat map.

    Attributes:
        values: (rows, columns).
        scale: What the colours mean, and how the numbers are written.
        rows: The labels at the left.
        columns: The labels above.
        texts: Tokens that are written in the cells where they have room. Default: the numbers.
        lit: The row and the column that are outlined; where one of them is None, all of it.
        off: Rows and columns of cells that are switched off.
        largest: Pixels of a cell, across and down.
        room: Pixels of all cells.
        needs: Pixels of a cell with a text.
    """

    values: np.ndarray
    scale: ColourScale
    rows: Labels
    columns: Labels
    texts: np.ndarray | None = None
    lit: tuple[int | None, int | None] = (None, None)
    off: Collection[tuple[int, int]] = ()
    largest: tuple[int, int] = (58, 30)
    room: tuple[int, int] = (620, 460)
    needs: tuple[int, int] = (36, 16)

    def block(self, room: float) -> Block:
        """Cells as large as they may be, with labels around them."""
        n_rows, n_columns = self.values.shape
        size, name = self._size(), self.scale.map
        codes = quantise(self.values, low=self.scale.low, high=self.scale.high)
        pooled = _pooled(codes, name, max(self.room))
        width, height = pooled.shape[1] * size[0], pooled.shape[0] * size[1]
        sides = (self.rows, "↓"), (self.columns, "→")
        named = [f"{labels.name} {arrow}" if labels.name else "" for labels, arrow in sides]
        left = int(max(self.rows.width, *(SMALL.width(text) + 8 for text in named))) + 12
        flat = 34 if any(named) else 22
        climbs = self.columns.width if self.columns.turned else 0
        top = max(flat, int(climbs * 0.87) + 16)
        step = width / n_columns, height / n_rows

        def draw(pen: Pen) -> None:
            pen = pen.moved(left, top)
            pen.heat(0, 0, pooled, size, name)
            if min(size) >= _HAIRLINES:
                for x in range(size[0], width + 1, size[0]):
                    pen.box(x - 1, 0, x, height, WHITE)
                for y in range(size[1], height + 1, size[1]):
                    pen.box(0, y - 1, width, y, WHITE)
            pen.box(-1, -1, width + 1, height + 1, outline=FAINT)
            if size[0] >= self.needs[0] and size[1] >= self.needs[1]:
                self._write(pen, codes, size)
            pen.text(-12, -24, named[1], QUIET, SMALL, "rm")
            pen.text(-12, -11, named[0], QUIET, SMALL, "rm")
            self._label(pen, *step)
            self._mark(pen, *step)

        return Block(left + width + (climbs * 0.5 + 12 if climbs else 6), top + height + 3, draw)

    def _size(self) -> tuple[int, int]:
        """As large as there is room for where texts are; else no longer than wide, but never tiny without need."""
        n_rows, n_columns = self.values.shape
        across = max(1, min(self.largest[0], self.room[0] // n_columns))
        down = max(1, min(self.largest[1], self.room[1] // n_rows))
        if across >= self.needs[0] and down >= self.needs[1]:
            return across, down
        side = min(across, down)
        widened = [
            min(room, max(side, _SMALLEST)) if side * n < 100 else side
            for room, n in ((across, n_columns), (down, n_rows))
        ]
        return widened[0], widened[1]

    def _write(self, pen: Pen, codes: np.ndarray, size: tuple[int, int]) -> None:
        face = MONO if size[0] >= 36 else SMALL
        characters = int((size[0] - 6) / face.width("0"))
        for (i, j), code in np.ndenumerate(codes):
            if code == NAN or (i, j) in self.off:
                continue
            if self.texts is None:
                text = self.scale.number_text(float(self.values[i, j]))
            else:
                text = shortened(str(self.texts[i, j]), characters)
            x, y = (j + 0.5) * size[0] - 0.5, (i + 0.5) * size[1] - 0.5
            pen.text(x, y, text, ink_on(int(code), self.scale.map), face, "mm")

    def _label(self, pen: Pen, across: float, down: float) -> None:
        rows, columns = self.rows, self.columns
        for i in thinned(len(rows.texts), step_px=down, min_px=12, always=rows.lit):
            pen.text(-6, (i + 0.5) * down, rows.texts[i], rows.ink(i), anchor="rm")
        apart, angle, up = (12, _TURNED, 4) if columns.turned else (columns.width + 6, 0, 6)
        for j in thinned(len(columns.texts), step_px=across, min_px=apart, always=columns.lit):
            pen.text((j + 0.5) * across, -up, columns.texts[j], columns.ink(j), MONO, "ms", angle)

    def _mark(self, pen: Pen, across: float, down: float) -> None:
        """What is off, and what is lit."""
        for i, j in self.off:
            pen.box(j * across, i * down, (j + 1) * across - 1, (i + 1) * down - 1, WHITE)
            text = "off" if across >= 24 else "×"
            pen.text((j + 0.5) * across, (i + 0.5) * down, text, QUIET, SMALL, "mm")
        row, column = self.lit
        if row is None and column is None:
            return
        n_rows, n_columns = self.values.shape
        left, right = (0, n_columns) if column is None else (column, column + 1)
        top, bottom = (0, n_rows) if row is None else (row, row + 1)
        left, top, right, bottom = left * across, top * down, right * across, bottom * down
        for away, ink in ((3, WHITE), (1, ACCENT)):
            pen.box(left - away, top - away, right + away, bottom + away, outline=ink, width=2)


@dataclass(frozen=True)
class Thumbnails:
    """Many small maps in rows and columns.

    Attributes:
        codes: (rows, columns, down, across), as `wire.quantise` makes them.
        rows: Names at the left.
        columns: Names above.
        lit: The row and the column of the one that is chosen.
        off: Rows and columns of maps that are switched off.
    """

    codes: np.ndarray
    rows: Sequence[str]
    columns: Sequence[str]
    lit: tuple[int, int] | None = None
    off: Collection[tuple[int, int]] = ()

    def block(self, room: float) -> Block:
        """All as large as there is room for."""
        n_rows, n_columns, down, across = self.codes.shape
        cell = max(1, min(60, 460 // n_columns, 460 // n_rows) // max(down, across))
        left, top, width, height = 30, 20, across * cell, down * cell
        step_x, step_y = width + _GAP, height + _GAP
        # One array for all of them, coloured once: an image each would take three times as long.
        whole = np.full((n_rows * step_y, n_columns * step_x), NAN, np.uint8)
        for i, j in np.ndindex(n_rows, n_columns):
            if (i, j) not in self.off:
                part = self.codes[i, j].repeat(cell, axis=0).repeat(cell, axis=1)
                whole[i * step_y : i * step_y + height, j * step_x : j * step_x + width] = part

        def draw(pen: Pen) -> None:
            pen = pen.moved(left, top)
            pen.heat(0, 0, whole, (1, 1), "sequential")
            for j in thinned(n_columns, step_px=step_x, min_px=24):
                pen.text(j * step_x + width / 2, -12, self.columns[j], QUIET, SMALL, "mm")
            for i in thinned(n_rows, step_px=step_y, min_px=12):
                pen.text(-6, i * step_y + height / 2, self.rows[i], QUIET, SMALL, "rm")
            for i, j in np.ndindex(n_rows, n_columns):
                at = pen.moved(j * step_x, i * step_y)
                if (i, j) in self.off:
                    at.text(width / 2, height / 2, "off", QUIET, SMALL, "mm")
                away, ink = (2, ACCENT) if (i, j) == self.lit else (1, FAINT)
                at.box(-away, -away, width + away, height + away, outline=ink, width=away)

        return Block(left + n_columns * step_x, top + n_rows * step_y, draw)


def _pooled(codes: np.ndarray, name: MapName, side: int) -> np.ndarray:
    """No more cells than pixels; of those that share one the furthest from the middle of the colours."""
    highest = max_pool(codes, side=side)
    if name != "diverging" or highest.shape == codes.shape:
        return highest
    mirrored = np.where(codes == NAN, codes, LEVELS - 1 - codes)
    lowest = max_pool(mirrored.astype(np.uint8), side=side)
    # Both are NaN in the same places, where neither is higher.
    return np.where(lowest > highest, LEVELS - 1 - lowest, highest).astype(np.uint8)
