"""Texts of a picture: how wide they are, and where they are broken."""

from bisect import bisect_right
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from PIL import ImageFont


class Face(NamedTuple):
    """DejaVu, which matplotlib ships: Latin, Greek, Cyrillic, Arabic, arrows and the characters for whitespace."""

    size: int = 11
    mono: bool = True
    bold: bool = False

    def width(self, text: str) -> float:
        """How many pixels a text takes."""
        # Asking the font takes 10 µs or more, and of labels there are hundreds.
        if self.mono and text and max(text) < "\u0300":
            return len(text) * _advance(self)
        return loaded(self).getlength(plain(text))


TEXT = Face(12, mono=False)
STRONG = Face(12, mono=False, bold=True)
MONO = Face(11)
SMALL = Face(10)


@cache
def loaded(face: Face) -> ImageFont.FreeTypeFont:
    """A face as Pillow draws it."""
    import matplotlib

    name = "DejaVuSans" + ("Mono" if face.mono else "") + ("-Bold" if face.bold else "")
    return ImageFont.truetype(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / f"{name}.ttf", face.size)


@cache
def _advance(face: Face) -> float:
    return loaded(face).getlength("0")


def plain(text: str) -> str:
    """A text as every format takes it: on one line, control characters as a box."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else "□" for character in " ".join(text.splitlines()))


def cut(text: str, width: float, face: Face) -> str:
    """As much of a text as has room."""
    if face.width(text) <= width:
        return text
    n = bisect_right(range(1, len(text)), width, key=lambda n: face.width(text[:n] + "…"))
    return text[:n] + "…"


def wrapped(text: str, width: float, face: Face, *, most: int | None = None) -> list[str]:
    """A text as lines of a width in pixels, broken between words, or within a word that is too long for a line.

    Args:
        text: One sentence or more.
        width: Of a line.
        face: In which it is written.
        most: How many lines there may be; what is left out shows as "…".
    """
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if face.width(longer) <= width:
            lines[-1] = longer
            continue
        lines += _pieces(word, width, face)
        if most is not None and len(lines) > most + 1:
            break
    lines = lines if lines[0] else lines[1:] or [""]
    if most is None or len(lines) <= most:
        return lines
    last = lines[most - 1]
    n = next((n for n in range(len(last), 0, -1) if face.width(f"{last[:n]} …") <= width), 0)
    return [*lines[: most - 1], f"{last[:n]} …"]


def _pieces(word: str, width: float, face: Face) -> Iterator[str]:
    while len(word) > 1 and face.width(word) > width:
        shown, start = word, range(1, len(word))
        n = max(1, bisect_right(start, width, key=lambda n: face.width(shown[:n])))
        yield word[:n]
        word = word[n:]
    if word:
        yield word
