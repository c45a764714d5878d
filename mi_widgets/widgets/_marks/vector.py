"""The pen of SVG and PDF: matplotlib's artists, placed in pixels. It escapes the texts, and keeps them as texts."""

import warnings
from collections.abc import Sequence
from io import BytesIO
from typing import Any, Literal

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, Rectangle
from matplotlib.text import Text
from matplotlib.transforms import IdentityTransform

from .._shared.colour import MapName
from .inks import INK, Ink, on_white
from .pen import Point
from .text import MONO, Face, loaded, plain

_PER_INCH = 72  # so that a pixel is a point, in which fonts are measured
_ALIGNED: dict[str, Literal["left", "center", "right"]] = {"l": "left", "m": "center", "r": "right"}
# Of TrueType fonts in a PDF only the letters that occur; in an SVG letters stay letters.
_AS_TEXT: dict[Any, Any] = {"svg.fonttype": "none", "pdf.fonttype": 42, "svg.hashsalt": "mi_widgets"}


class Vector:
    """The pen of print."""

    def __init__(self, width: int, height: int):
        self._size = width, height
        self._figure = Figure(figsize=(width / _PER_INCH, height / _PER_INCH), dpi=_PER_INCH)
        self._drawn = 0

    def box(
        self,
        box: tuple[float, float, float, float],
        *,
        fill: Ink | None = None,
        outline: Ink | None = None,
        width: int = 1,
    ) -> None:
        """A rectangle; its outline is inside."""
        left, top, right, bottom = box
        inside = width / 2 if outline else 0
        size = right - left - 2 * inside, bottom - top - 2 * inside
        self._add(Rectangle(self._at(left + inside, bottom - inside), *size, **_look(fill, outline, width)))

    def lines(self, runs: Sequence[Sequence[Point]], ink: Ink, width: float = 1) -> None:
        """Lines through points."""
        for run in runs:
            x, y = zip(*(self._at(*point) for point in run), strict=True)
            self._add(Line2D(x, y, color=_part(ink), linewidth=width))

    def text(
        self, at: Point, text: str, ink: Ink = INK, face: Face = MONO, anchor: str = "lm", angle: int = 0
    ) -> None:
        """A text at a point, or climbing from it."""
        if not text:
            return
        ascent, descent = loaded(face).getmetrics()
        down = 0 if angle else {"a": ascent, "m": (ascent - descent) / 2, "s": 0}[anchor[1]]
        x, y = self._at(at[0], at[1] + down)
        self._add(
            Text(
                x,
                y,
                plain(text),
                color=_part(ink),
                fontsize=face.size,
                fontfamily="DejaVu Sans Mono" if face.mono else "DejaVu Sans",
                fontweight="bold" if face.bold else "normal",
                horizontalalignment="left" if angle else _ALIGNED[anchor[0]],
                verticalalignment="baseline",
                rotation=angle,
                rotation_mode="anchor",
                parse_math=False,
            )
        )

    def heat(self, at: Point, codes: np.ndarray, size: tuple[int, int], name: MapName) -> None:
        """Codes in the colours of a map."""
        across, down = self._size
        width, height = codes.shape[1] * size[0], codes.shape[0] * size[1]
        left, bottom = self._at(at[0], at[1] + height)
        axes = self._figure.add_axes((left / across, bottom / down, width / across, height / down))
        axes.set_axis_off()
        axes.imshow(on_white(name)[codes], interpolation="none", aspect="auto")
        axes.set_zorder(self._next())

    def dot(
        self, at: Point, radius: float, *, fill: Ink | None = None, outline: Ink | None = None, width: int = 1
    ) -> None:
        """A disc or a circle."""
        self._add(Circle(self._at(*at), radius, **_look(fill, outline, width)))

    def saved(self, kind: Literal["svg", "pdf"]) -> bytes:
        """The picture's bytes, the same at any time."""
        buffer = BytesIO()
        undated = {"Date": None} if kind == "svg" else {"CreationDate": None}
        with mpl.rc_context(_AS_TEXT), warnings.catch_warnings():
            # In an SVG the reader's fonts have them; in a PDF they are a box, as in a PNG.
            warnings.filterwarnings("ignore", "Glyph .* missing from font")
            self._figure.savefig(buffer, format=kind, metadata=undated)
        return buffer.getvalue()

    def _at(self, x: float, y: float) -> Point:
        return x, self._size[1] - y

    def _add(self, artist: Any) -> None:
        artist.set_transform(IdentityTransform())
        artist.set_zorder(self._next())
        self._figure.add_artist(artist, clip=False)

    def _next(self) -> int:
        # Artists of a figure are drawn in the order of this number, whatever the order in which they were added.
        self._drawn += 1
        return self._drawn


def _look(fill: Ink | None, outline: Ink | None, width: int) -> dict[str, Any]:
    return {
        "facecolor": "none" if fill is None else _part(fill),
        "edgecolor": "none" if outline is None else _part(outline),
        "linewidth": width if outline else 0,
    }


def _part(ink: Ink) -> tuple[float, float, float]:
    red, green, blue = ink
    return red / 255, green / 255, blue / 255
