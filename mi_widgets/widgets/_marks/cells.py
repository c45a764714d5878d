"""Numbers as colours in rows and columns: a heat map with its labels, and many small ones."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .._shared.colour import LEVELS, NAN, MapName
from .._shared.pool import max_pool
from .._shared.scale import Scale
from .._shared.wire import quantise
from .inks import ACCENT, FAINT, QUIET, WHITE, ink_on
from .layout import Block
from .pen import Pen
from .text import MONO, SMALL, shortened, thinned

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
    scale: Scale
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
        named = [f"{labels.name} {arrow}" if labels.name else "" for labels, arrow in self._sides()]
        left = int(max(self.rows.width, *(SMALL.width(text) + 8 for text in named))) + 12
        flat = 34 if any(named) else 22
        climbs = self.columns.width if self.columns.turned else 0
        top = max(flat, int(climbs * 0.87) + 16)
        step = width / n_columns, height / n_rows

        def draw(pen: Pen, x: float, y: float) -> None:
            x, y = x + left, y + top
            pen.heat((x, y), pooled, size, name)
            if min(size) >= _HAIRLINES:
                _hairlines(pen, (x, y), size, (width, height))
            pen.box((x - 1, y - 1, x + width + 1, y + height + 1), outline=FAINT)
            if size[0] >= self.needs[0] and size[1] >= self.needs[1]:
                self._write(pen, (x, y), codes, size)
            pen.text((x - 12, y - 24), named[1], QUIET, SMALL, "rm")
            pen.text((x - 12, y - 11), named[0], QUIET, SMALL, "rm")
            self._label(pen, (x, y), step)
            self._mark(pen, (x, y), step, (width, height))

        return Block(left + width + (climbs * 0.5 + 12 if climbs else 6), top + height + 3, draw)

    def _sides(self) -> tuple[tuple[Labels, str], tuple[Labels, str]]:
        return (self.rows, "↓"), (self.columns, "→")

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

    def _write(self, pen: Pen, at: tuple[float, float], codes: np.ndarray, size: tuple[int, int]) -> None:
        face = MONO if size[0] >= 36 else SMALL
        signs = int((size[0] - 6) / face.width("0"))
        for (i, j), code in np.ndenumerate(codes):
            if code == NAN or (i, j) in self.off:
                continue
            number = float(self.values[i, j])
            text = self.scale.write(number) if self.texts is None else shortened(str(self.texts[i, j]), signs)
            middle = at[0] + (j + 0.5) * size[0] - 0.5, at[1] + (i + 0.5) * size[1] - 0.5
            pen.text(middle, text, ink_on(int(code), self.scale.map), face, "mm")

    def _label(self, pen: Pen, at: tuple[float, float], step: tuple[float, float]) -> None:
        rows, columns = self.rows, self.columns
        for i in thinned(len(rows.texts), step_px=step[1], min_px=12, always=rows.lit):
            ink = ACCENT if i == rows.lit else QUIET
            pen.text((at[0] - 6, at[1] + (i + 0.5) * step[1]), rows.texts[i], ink, MONO, "rm")
        apart = 12 if columns.turned else columns.width + 6
        for j in thinned(len(columns.texts), step_px=step[0], min_px=apart, always=columns.lit):
            ink, x = ACCENT if j == columns.lit else QUIET, at[0] + (j + 0.5) * step[0]
            if columns.turned:
                pen.text((x, at[1] - 4), columns.texts[j], ink, MONO, angle=_TURNED)
            else:
                pen.text((x, at[1] - 6), columns.texts[j], ink, MONO, "ms")

    def _mark(
        self, pen: Pen, at: tuple[float, float], step: tuple[float, float], size: tuple[float, float]
    ) -> None:
        """What is off, and what is lit."""
        for i, j in self.off:
            x, y = at[0] + j * step[0], at[1] + i * step[1]
            pen.box((x, y, x + step[0] - 1, y + step[1] - 1), fill=WHITE)
            text = "off" if step[0] >= 24 else "×"
            pen.text((x + step[0] / 2, y + step[1] / 2), text, QUIET, SMALL, "mm")
        row, column = self.lit
        if row is None and column is None:
            return
        left, right = (0, size[0]) if column is None else (column * step[0], (column + 1) * step[0])
        top, bottom = (0, size[1]) if row is None else (row * step[1], (row + 1) * step[1])
        for away, ink in ((3, WHITE), (1, ACCENT)):
            box = at[0] + left - away, at[1] + top - away, at[0] + right + away, at[1] + bottom + away
            pen.box(box, outline=ink, width=2)


@dataclass(frozen=True)
class Thumbnails:
    """Many small maps in rows and columns.

    Attributes:
        codes: (rows, columns, down, across), as `wire.quantise` makes them.
        rows: Names at the left.
        columns: Names above.
        lit: The row and the column of the one that is chosen.
        off: Rows and columns of maps that are switched off.
        name: Of the colour map.
    """

    codes: np.ndarray
    rows: Sequence[str]
    columns: Sequence[str]
    lit: tuple[int, int] | None = None
    off: Collection[tuple[int, int]] = ()
    name: MapName = "sequential"

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

        def draw(pen: Pen, x: float, y: float) -> None:
            x, y = x + left, y + top
            pen.heat((x, y), whole, (1, 1), self.name)
            for j in thinned(n_columns, step_px=step_x, min_px=24):
                pen.text((x + j * step_x + width / 2, y - 12), self.columns[j], QUIET, SMALL, "mm")
            for i in thinned(n_rows, step_px=step_y, min_px=12):
                pen.text((x - 6, y + i * step_y + height / 2), self.rows[i], QUIET, SMALL, "rm")
            for i, j in np.ndindex(n_rows, n_columns):
                at = x + j * step_x, y + i * step_y
                if (i, j) in self.off:
                    pen.text((at[0] + width / 2, at[1] + height / 2), "off", QUIET, SMALL, "mm")
                away, ink = (2, ACCENT) if (i, j) == self.lit else (1, FAINT)
                box = at[0] - away, at[1] - away, at[0] + width + away, at[1] + height + away
                pen.box(box, outline=ink, width=away)

        return Block(left + n_columns * step_x, top + n_rows * step_y, draw)


def _hairlines(pen: Pen, at: tuple[float, float], size: tuple[int, int], whole: tuple[float, float]) -> None:
    (x, y), (width, height) = at, whole
    for right in range(size[0], int(width) + 1, size[0]):
        pen.box((x + right - 1, y, x + right, y + height), fill=WHITE)
    for bottom in range(size[1], int(height) + 1, size[1]):
        pen.box((x, y + bottom - 1, x + width, y + bottom), fill=WHITE)


def _pooled(codes: np.ndarray, name: MapName, side: int) -> np.ndarray:
    """No more cells than pixels; of those that share one the furthest from the middle of the colours."""
    highest = max_pool(codes, side=side)
    if name != "diverging" or highest.shape == codes.shape:
        return highest
    mirrored = np.where(codes == NAN, codes, LEVELS - 1 - codes)
    lowest = max_pool(mirrored.astype(np.uint8), side=side)
    # Both are NaN in the same places, where neither is higher.
    return np.where(lowest > highest, LEVELS - 1 - lowest, highest).astype(np.uint8)
