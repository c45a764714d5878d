"""Pictures for readers without a browser widget: heat maps, labels and a colour bar, drawn with Pillow.

Always on white, with the same colour maps as the browser. A view composes its picture from these pieces.
"""

from bisect import bisect_right
from collections.abc import Iterator
from functools import cache
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from .colour import LEVELS, MapName, dark_ink, lookup

Ink = tuple[int, int, int]

INK: Ink = (26, 26, 30)
QUIET = (95, 95, 104)
FAINT = (222, 222, 228)
ACCENT = (31, 111, 235)
GOOD = (26, 127, 55)
WARN = (154, 91, 0)
_INKS = (INK, QUIET, FAINT, ACCENT, GOOD, WARN)
# Of bars that raise and that lower a number: the diverging map's, at some distance from its ends.
RAISES: Ink = (208, 111, 50)
LOWERS: Ink = (64, 135, 193)
COLUMNS: Ink = (133, 175, 244)  # of a histogram
BARS = (RAISES, LOWERS, COLUMNS)


@cache
def font(size: int, *, mono: bool = True, bold: bool = False) -> ImageFont.FreeTypeFont:
    """DejaVu, which matplotlib ships: Latin, Greek, Cyrillic, Arabic, arrows and the signs for whitespace."""
    import matplotlib

    name = "DejaVuSans" + ("Mono" if mono else "") + ("-Bold" if bold else "")
    return ImageFont.truetype(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / f"{name}.ttf", size)


def canvas(width: int, height: int) -> Image.Image:
    """An empty white picture."""
    return Image.new("RGB", (width, height), "white")


def header(image: Image.Image, title: str, facts: str) -> None:
    """The line at the top of every picture: what it is, and of what."""
    draw = ImageDraw.Draw(image)
    bold = font(13, mono=False, bold=True)
    title = one_line(title)
    draw.text((14, 14), title, INK, font=bold)
    draw.text((26 + bold.getlength(title), 15), one_line(facts), QUIET, font=font(12, mono=False))
    draw.line([(0, 37), (image.width, 37)], FAINT)


def header_width(title: str, facts: str) -> int:
    """What `header` takes, with a margin after it."""
    bold, quiet = font(13, mono=False, bold=True), font(12, mono=False)
    return int(26 + bold.getlength(one_line(title)) + quiet.getlength(one_line(facts))) + 14


def caption(image: Image.Image, at: tuple[int, int], name: str, said: str) -> float:
    """The line above a part of a picture: what it is, and quietly what more there is to say; returns where it ends."""
    pen, bold, quiet = ImageDraw.Draw(image), font(12, mono=False, bold=True), font(12, mono=False)
    name, said = one_line(name), one_line(said)
    pen.text(at, name, INK, font=bold)
    x = at[0] + bold.getlength(name) + 8
    pen.text((x, at[1]), said, QUIET, font=quiet)
    return x + quiet.getlength(said)


def cut(text: str, width: float, face: ImageFont.FreeTypeFont) -> str:
    """As much of a text as has room."""
    if face.getlength(text) <= width:
        return text
    n = bisect_right(range(1, len(text)), width, key=lambda n: face.getlength(text[:n] + "…"))
    return text[:n] + "…"


def one_line(text: str) -> str:
    """A text as Pillow can place it: without line breaks, at which it gives up."""
    return " ".join(text.splitlines())


def wrapped(text: str, width: float, face: ImageFont.FreeTypeFont, *, most: int | None = None) -> list[str]:
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
        if face.getlength(longer) <= width:
            lines[-1] = longer
            continue
        lines += _pieces(word, width, face)
        if most is not None and len(lines) > most + 1:
            break
    lines = lines if lines[0] else lines[1:] or [""]
    if most is None or len(lines) <= most:
        return lines
    last = lines[most - 1]
    n = next((n for n in range(len(last), 0, -1) if face.getlength(f"{last[:n]} …") <= width), 0)
    return [*lines[: most - 1], f"{last[:n]} …"]


def _pieces(word: str, width: float, face: ImageFont.FreeTypeFont) -> Iterator[str]:
    while face.getlength(word) > width:
        shown, start = word, range(1, len(word))
        n = max(1, bisect_right(start, width, key=lambda n: face.getlength(shown[:n])))
        yield word[:n]
        word = word[n:]
    if word:
        yield word


def frame(draw: ImageDraw.ImageDraw, box: tuple[int, int, int, int], *, chosen: bool) -> None:
    """A line around a small picture (x, y, width, height): quiet, or in the accent colour if it is the chosen one."""
    x, y, width, height = box
    away, ink = (2, ACCENT) if chosen else (1, FAINT)
    draw.rectangle([x - away, y - away, x + width + away - 1, y + height + away - 1], outline=ink, width=away)


def heat(codes: np.ndarray, *, cell: int | tuple[int, int], name: MapName = "sequential") -> Image.Image:
    """A heat map of uint8 codes (rows, columns), with hairlines where cells are large.

    Args:
        codes: What `wire.quantise` gives.
        cell: Pixels a cell: one number, or width and height.
        name: Of the colour map.
    """
    image = Image.fromarray(_on_white(name)[codes])
    across, down = (cell, cell) if isinstance(cell, int) else cell
    image = image.resize((image.width * across, image.height * down), Image.Resampling.NEAREST)
    if min(across, down) >= 8:
        draw = ImageDraw.Draw(image)
        for x in range(across - 1, image.width, across):
            draw.line([(x, 0), (x, image.height)], "white")
        for y in range(down - 1, image.height, down):
            draw.line([(0, y), (image.width, y)], "white")
    return image


def ink_on(code: int, name: MapName = "sequential") -> Ink:
    """Black or white, whichever can be read on the colour of a code."""
    return INK if dark_ink(code, name) else (255, 255, 255)


def text_right(
    draw: ImageDraw.ImageDraw, at: tuple[float, float], text: str, *, size: int = 11, ink: Ink = QUIET
) -> None:
    """A text that ends at a point, centred on its height."""
    draw.text(at, text, ink, font=font(size), anchor="rm")


def rotated_label(
    image: Image.Image, at: tuple[int, int], text: str, *, size: int = 11, ink: Ink = QUIET, angle: int = 60
) -> None:
    """A text that starts at a point and climbs to the right."""
    face = font(size)
    width, height = int(face.getlength(text)) + 2, size + 4
    mask = Image.new("L", (width, height), 0)
    ImageDraw.Draw(mask).text((0, height // 2), text, 255, font=face, anchor="lm")
    turned = mask.rotate(angle, expand=True, resample=Image.Resampling.BICUBIC)
    image.paste(ink, (at[0] - size // 2, at[1] - turned.height), turned)


def colour_bar(
    image: Image.Image,
    at: tuple[int, int],
    *,
    low: str,
    high: str,
    note: str = "",
    name: MapName = "sequential",
) -> None:
    """A bar from low to high with its numbers, and a note behind it."""
    draw = ImageDraw.Draw(image)
    x, y = at
    draw.text((x, y + 5), low, QUIET, font=font(11), anchor="lm")
    x += int(font(11).getlength(low)) + 8
    ramp = np.linspace(0, LEVELS - 1, 120).astype(np.uint8)
    image.paste(Image.fromarray(lookup(name)[np.tile(ramp, (10, 1))][..., :3]), (x, y))
    draw.rectangle([x - 1, y - 1, x + 120, y + 10], outline=FAINT)
    draw.text((x + 128, y + 5), f"{high}   {note}".rstrip(), QUIET, font=font(11), anchor="lm")


@cache
def _on_white(name: MapName) -> np.ndarray:
    rgba = lookup(name)
    return np.where(rgba[:, 3:] == 0, np.uint8(255), rgba[:, :3])


@cache
def _palette(name: MapName) -> Image.Image:
    # Pillow finds a colour's place in the palette in steps of 8: what is that close to white must not replace it.
    colours = [colour[:3].tolist() for colour in lookup(name)[:LEVELS:2] if colour[:3].min() < 246]
    colours.append([255, 255, 255])
    # The edges of letters.
    greys = [(grey, grey, min(255, grey + 6)) for grey in range(26, 250, 4)]
    tints = [tuple(255 - (255 - part) * n // 8 for part in ink) for ink in (GOOD, WARN) for n in range(1, 8)]
    palette = Image.new("P", (1, 1))
    palette.putpalette([part for colour in [*colours, *_INKS, *BARS, *greys, *tints] for part in colour])
    return palette


def encode(image: Image.Image, *, name: MapName = "sequential") -> bytes:
    """The picture as PNG bytes, in a palette of the colour map's colours: a third of the size of true colour."""
    buffer = BytesIO()
    image.quantize(palette=_palette(name), dither=Image.Dither.NONE).save(buffer, "PNG", compress_level=6)
    return buffer.getvalue()
