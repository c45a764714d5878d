"""The colours of pictures on white; those of cells and tokens come from the colour maps."""

from functools import cache

import numpy as np

from .._shared.colour import MapName, dark_ink, lookup

Ink = tuple[int, int, int]

WHITE: Ink = (255, 255, 255)
INK: Ink = (26, 26, 30)
QUIET: Ink = (95, 95, 104)
FAINT: Ink = (222, 222, 228)
ACCENT: Ink = (31, 111, 235)
GOOD: Ink = (26, 127, 55)
WARN: Ink = (154, 91, 0)
CONTROL: Ink = (150, 150, 160)
GREY: Ink = (168, 168, 178)  # what stands back
# Of bars that raise and that lower a number: the diverging map's, at some distance from its ends.
RAISES: Ink = (208, 111, 50)
LOWERS: Ink = (64, 135, 193)
COLUMNS: Ink = (133, 175, 244)  # of a histogram


@cache
def on_white(name: MapName) -> np.ndarray:
    """The colours of codes 0 to 255 as uint8, (256, 3): NaN is white."""
    rgba = lookup(name)
    return np.where(rgba[:, 3:] == 0, np.uint8(255), rgba[:, :3])


def ink_of(code: int, name: MapName) -> Ink:
    """The colour of a code."""
    red, green, blue = on_white(name)[code].tolist()
    return red, green, blue


@cache
def ink_on(code: int, name: MapName) -> Ink:
    """Black or white, whichever can be read on the colour of a code."""
    return INK if dark_ink(code, name) else WHITE


def faded(ink: Ink) -> Ink:
    """Half way to white."""
    red, green, blue = ink
    return (red + 255) // 2, (green + 255) // 2, (blue + 255) // 2


EVERY = (
    WHITE,
    INK,
    QUIET,
    FAINT,
    ACCENT,
    GOOD,
    WARN,
    CONTROL,
    GREY,
    RAISES,
    LOWERS,
    COLUMNS,
    faded(RAISES),
    faded(LOWERS),
)
