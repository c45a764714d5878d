"""What is written in a figure: labels from models as plain text, and the caption."""

from __future__ import annotations

from textwrap import fill, shorten
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.font_manager import FontProperties, findfont, get_font

from mi_widgets.core.results import Result

from .._shared.tokens import cut

FAMILY = "monospace"
# A dollar sign in a token starts no formula, and nothing is handed to LaTeX.
PLAIN: dict[str, Any] = {"parse_math": False, "usetex": False}
LONGEST = 32  # characters of a label


def one_line(text: str) -> str:
    """A text without line breaks; what the font cannot draw is written as its code."""
    known = get_font(findfont(FontProperties(family=FAMILY)))
    return "".join(c if known.get_char_index(ord(c)) else _code(c) for c in repr(text)[1:-1])


def _code(letter: str) -> str:
    return letter.encode("unicode_escape").decode()


def tokens(texts: np.ndarray) -> list[str]:
    """Labels of tokens, whose spaces are seen."""
    return [cut(one_line(str(text)).replace(" ", "·"), LONGEST) for text in texts.reshape(-1)]


def labels_of(data: xr.DataArray, dim: str) -> list[str]:
    """The tokens of an axis where the Result has them, else its own labels, which count from 0 by default."""
    named = f"{dim}_token"
    if named in data.coords and data[named].ndim == 1:
        return tokens(data[named].values)
    return [cut(one_line(str(label)), LONGEST) for label in data[dim].values]


def caption(result: Result, left_out: tuple[str, ...], inches: float) -> str:
    """What is seen, of which model, in which unit, under which interventions, and what was left out.

    Args:
        result: what is drawn.
        left_out: a phrase for everything that did not fit the page.
        inches: how wide the page is.
    """
    stack = result.provenance.interventions
    # In a loaded Result the stack is its code, numbers and all.
    changed = f" under {shorten(str(stack), 100, placeholder='…')}" if stack else ""
    parts = [result.title, result.model_name, result.unit, *left_out]
    said = " · ".join(part for part in parts if part) + changed
    return fill(one_line(said), int(12 * inches), break_long_words=False, break_on_hyphens=False)
