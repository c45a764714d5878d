"""The steering view draws what it is told, says it in words, and takes only what there is."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from mi_widgets.core.errors import SelectionError
from mi_widgets.widgets.steering.shown import Said, Slider
from mi_widgets.widgets.steering.widget import SteeringView
from mi_widgets.widgets.steering.words import figures_in_words

EVIL = "<img src=x onerror=alert(1)>"
SETTINGS = {"site": "as given", "temperature": 0.0, "seed": 0}


def view(**more):
    made = SteeringView(
        "atlas",
        [Slider("French", "mean difference · norm 19", 2.0), Slider(EVIL, "", 1.0)],
        prompt="He went home.",
        settings=SETTINGS,
        choices={"site": ["as given", "resid_post[0]"]},
        **more,
    )
    made.show_next([0.0, 0.0], [(" The", 0.5, 0.1), (EVIL, 0.001, 0.25)])
    made.show_plain(Said(((" He", True), (" sat", True))))
    made.show_steered(Said(((" Il", False), ("\n", True))))
    return made


def pixels(png):
    return np.array(Image.open(BytesIO(png)).convert("RGB"), dtype=int)


def test_its_picture_follows_what_is_shown():
    made = view()
    before = pixels(made.png())
    made.scales = [1.5, 0.0]
    moved = pixels(made.png())
    assert moved.shape == before.shape
    rows = np.flatnonzero((moved != before).any((1, 2)))
    assert rows.max() < 75  # the first slider, and how many are active
    made.show_figures({"probes": [], "kl": 1.0, "cost": 0.1, "control": None, "ms": 3})
    assert (pixels(made.png())[: moved.shape[0] - 40] != 255).any()
    made.show_steered(Said(error="nothing can be written"))
    assert made.png()
    assert repr(made) == f"SteeringView(atlas, French +1.5, {EVIL} +0: '')"


@pytest.mark.parametrize("prompt", ["", "a" * 3000, "line\nline\r\nline", EVIL])
def test_any_prompt_has_a_picture(prompt):
    made = view()
    made.prompt = prompt
    assert made.png().startswith(b"\x89PNG")


def test_what_it_shows_beside_the_picture():
    data, _ = view()._repr_mimebundle_()
    assert {"image/png", "application/vnd.jupyter.widget-view+json"} <= set(data)


def test_effect_cost_and_control_in_words():
    control = {"probes": [["French", -0.04]], "kl": 0.1, "cost": 0.031}
    figures = {"probes": [["French", 1.84]], "kl": 3.0, "cost": 0.119, "control": control}
    assert figures_in_words(figures) == [
        "effect: French probe +1.8 σ",
        "cost: loss on ordinary text +12 %",
        "control: random direction of the same norm French probe −0.0 σ, +3.1 %",
    ]
    assert figures_in_words({"probes": [], "kl": 0.25, "cost": None, "control": None}) == [
        "effect: next token moved by 0.25 nats"
    ]
    assert figures_in_words({}) == []


@pytest.mark.parametrize(
    ("trait", "value", "says"),
    [
        ("scales", [1.0], "scales must be 2 finite numbers, one a direction; got"),
        ("scales", [1.0, float("inf")], "scales must be 2 finite numbers"),
        ("settings", {"site": "x"}, r"site must be one of as given, resid_post\[0\]; got 'x'"),
        ("settings", {"seed": True}, "seed must be a whole number"),
    ],
)
def test_what_it_does_not_have_is_told(trait, value, says):
    made = view()
    before = getattr(made, trait)
    with pytest.raises(SelectionError, match=says):
        setattr(made, trait, value)
    assert getattr(made, trait) == before
