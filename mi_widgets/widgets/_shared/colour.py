"""Colour maps: one table, `colours.json`, read by Python here and by the browser in `colour.ts`."""

import json
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np

MapName = Literal["sequential", "viridis", "diverging"]
Theme = Literal["light", "dark"]

LEVELS = 255  # codes 0 to 254
NAN = 255  # the code of "no number here", which has no colour


@cache
def _stops() -> dict[str, dict[str, list[str]]]:
    return json.loads(Path(__file__).with_name("colours.json").read_text("utf-8"))


@cache
def lookup(name: MapName = "sequential", theme: Theme = "light") -> np.ndarray:
    """The colours of codes 0 to 255 as uint8 RGBA, shape (256, 4).

    NaN, the last, is transparent, and so is 0 on a sequential map: nothing is there. The table holds 17 stops at
    perceptually even distances (OKLab); between them sRGB is interpolated. `colour.ts` says the same.
    """
    stops = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in _stops()[name][theme]], dtype=float)
    place = np.linspace(0, len(stops) - 1, LEVELS)
    colours = np.zeros((256, 4), np.uint8)
    for channel in range(3):
        colours[:LEVELS, channel] = np.floor(np.interp(place, np.arange(len(stops)), stops[:, channel]) + 0.5)
    colours[name == "sequential" : LEVELS, 3] = 255
    return colours


def dark_ink(level: int, name: MapName = "sequential", theme: Theme = "light") -> bool:
    """Whether a text on the colour of a level is read in black rather than white; on white where there is no colour."""
    channels = lookup(name, theme)[level]
    rgb = (channels[:3] if channels[3] else np.full(3, 255)) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722]) > 0.18
