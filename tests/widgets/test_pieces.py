"""The pieces that every view's Python stands on."""

from itertools import pairwise

import numpy as np
import pytest

from mi_widgets.widgets._shared.bundle import bundle
from mi_widgets.widgets._shared.colour import lookup
from mi_widgets.widgets._shared.thinning import thinned
from mi_widgets.widgets._shared.tokens import visible
from mi_widgets.widgets.heat_map.widget import HeatmapView
from mi_widgets.widgets.tokens.widget import TokensView
from mi_widgets.widgets.training.widget import TrainingView

from .curves import level, one
from .grids import grid
from .losses import text


def _lightness(rgb):
    """L of OKLab, by Björn Ottosson's published matrices."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    lms = linear @ np.array(
        [
            [0.4122214708, 0.2119034982, 0.0883024619],
            [0.5363325363, 0.6806995451, 0.2817188376],
            [0.0514459929, 0.1073969566, 0.6299787005],
        ]
    )
    return np.cbrt(lms) @ np.array([0.2104542553, 0.7936177850, -0.0040720468])


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_lightness_rises_or_falls_all_the_way(theme):
    colours = lookup("sequential", theme)
    steps = np.diff(_lightness(colours[:255:8, :3] / 255))
    assert (np.sign(steps) == (-1 if theme == "light" else 1)).all()
    assert tuple(colours[255]) == (0, 0, 0, 0)


def test_a_diverging_map_is_white_in_the_middle():
    assert tuple(lookup("diverging", "light")[127]) == (255, 255, 255, 255)


def test_the_darkest_level_is_the_last_stop():
    assert tuple(lookup("sequential", "light")[254]) == (0x08, 0x30, 0x6B, 255)


def test_labels_never_touch():
    for n in (1, 7, 64, 512):
        for step in (0.3, 1, 4, 20):
            chosen = thinned(n, step_px=step, min_px=12)
            assert chosen[0] == 0
            lit = thinned(n, step_px=step, min_px=12, always=n // 2)
            assert n // 2 in lit
            for labels in (chosen, lit):
                assert all((b - a) * step >= 12 for a, b in pairwise(labels))


def test_whitespace_and_control_characters_are_visible():
    assert visible(" the\n\t\r\x00\u202e") == "·the⏎⇥␍□□"
    assert visible(" Привет 東京 🙂") == "·Привет·東京·🙂"


@pytest.mark.parametrize(
    "view",
    [
        TokensView(text(n=4), control={"two\nlines": text(n=4)}),
        TrainingView({"a\nb": (one(), {"c\nd": level()})}),
        HeatmapView(
            grid((2, 2), ("layer", "part"), labels={"part": ["a\nb", "c"]}), selection={"part": "a\nb"}
        ),
    ],
)
def test_a_picture_may_have_names_of_several_lines(view):
    assert view.png().startswith(b"\x89PNG")


def test_a_widget_that_was_never_built_says_so():
    script, style = bundle("no such widget")
    assert "not built" in str(script)
    assert style == ""
