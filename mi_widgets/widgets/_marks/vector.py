"""The pen of SVG and PDF: matplotlib's artists, placed in pixels. It escapes the texts, and keeps them as texts."""

import warnings
from io import BytesIO
from itertools import count
from typing import Any, Literal

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, Rectangle
from matplotlib.text import Text
from matplotlib.transforms import IdentityTransform

from .inks import INK, Ink, on_white
from .pen import Pen, Point
from .text import MONO, loaded, plain

_PER_INCH = 72  # so that a pixel is a point, in which fonts are measured
_ALIGNED: dict[str, Literal["left", "center", "right"]] = {"l": "left", "m": "center", "r": "right"}
# Of TrueType fonts in a PDF only the letters that occur; in an SVG letters stay letters.
_AS_TEXT: dict[Any, Any] = {"svg.fonttype": "none", "pdf.fonttype": 42, "svg.hashsalt": "mi_widgets"}


class Vector(Pen):
    """The pen of print."""

    def __init__(self, width: int, height: int):
        super().__init__()
        self._size = width, height
        self._figure = Figure(figsize=(width / _PER_INCH, height / _PER_INCH), dpi=_PER_INCH)
        # Artists of a figure are drawn in the order of this number, whatever the order in which they were added.
        self._order = count()

    def box(self, left, top, right, bottom, fill=None, outline=None, width=1) -> None:
        """A rectangle, up to its right and its bottom; the outline is inside."""
        inside = width / 2 if outline else 0
        size = right - left - 2 * inside, bottom - top - 2 * inside
        self._add(Rectangle(self._at(left + inside, bottom - inside), *size, **_look(fill, outline, width)))

    def lines(self, runs, ink, width=1.0) -> None:
        """Lines through points."""
        for run in runs:
            x, y = zip(*(self._at(*point) for point in run), strict=True)
            self._add(Line2D(x, y, color=_part(ink), linewidth=width))

    def text(self, x, y, text, ink=INK, face=MONO, anchor="lm", angle=0) -> None:
        """A text at a point, or climbing from it."""
        if not text:
            return
        ascent, descent = loaded(face).getmetrics()
        down = 0 if angle else {"a": ascent, "m": (ascent - descent) / 2, "s": 0}[anchor[1]]
        self._add(
            Text(
                *self._at(x, y + down),
                _kept(plain(text)),
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

    def heat(self, x, y, codes, size, name) -> None:
        """Codes in the colours of a map."""
        across, down = self._size
        width, height = codes.shape[1] * size[0], codes.shape[0] * size[1]
        left, bottom = self._at(x, y + height)
        axes = self._figure.add_axes((left / across, bottom / down, width / across, height / down))
        axes.set_axis_off()
        axes.imshow(on_white(name)[codes], interpolation="none", aspect="auto")
        axes.set_zorder(next(self._order))

    def dot(self, x, y, radius, fill=None, outline=None, width=1) -> None:
        """A disc or a circle."""
        self._add(Circle(self._at(x, y), radius, **_look(fill, outline, width)))

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
        return self._x + x, self._size[1] - self._y - y

    def _add(self, artist: Any) -> None:
        artist.set_transform(IdentityTransform())
        artist.set_zorder(next(self._order))
        self._figure.add_artist(artist, clip=False)


def _kept(text: str) -> str:
    # Readers of SVG drop spaces at the ends, and of several all but one.
    return text if text == " ".join(text.split()) else text.replace(" ", "\N{NO-BREAK SPACE}")


def _look(fill: Ink | None, outline: Ink | None, width: int) -> dict[str, Any]:
    return {
        "facecolor": "none" if fill is None else _part(fill),
        "edgecolor": "none" if outline is None else _part(outline),
        "linewidth": width if outline else 0,
    }


def _part(ink: Ink) -> tuple[float, float, float]:
    red, green, blue = ink
    return red / 255, green / 255, blue / 255
