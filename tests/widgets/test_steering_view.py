"""The steering view draws what it is told, says it in words, and takes only what there is."""

from io import BytesIO

import numpy as np
import pytest
import xarray as xr
from PIL import Image

import mi_widgets as mi
from mi_widgets.core.errors import ResultError, SelectionError, WrongKind
from mi_widgets.core.results import Result
from mi_widgets.widgets.steering.shown import Continuation, Slider
from mi_widgets.widgets.steering.widget import SteeringView
from tests.provenance import provenance_of

EVIL = "<img src=x onerror=alert(1)>"
SETTINGS = {"site": "as given", "temperature": 0.0, "seed": 0}
NAN = float("nan")


def effect(kl=(3.0, 0.1), cost=(0.119, 0.031), read=(1.84, -0.04), **more):
    variables = {"kl": ("push", list(kl)), "cost": ("push", list(cost), {"units": "share of the loss"})}
    coords = {"push": ["given", "random"]}
    if read:
        variables["read"] = (("push", "probe"), [[x] for x in read], {"units": "σ of the probe"})
        coords["probe"] = ["French"]
    return result(xr.Dataset(variables, coords).expand_dims(more), "kl", "What steering does")


def result(dataset, primary, title):
    return Result(
        kind="steering_effect",
        title=title,
        dataset=dataset,
        primary=primary,
        unit="nats",
        source="ours",
        provenance=provenance_of("mi.steering_effect(model, steering, 'abcd')", model="atlas"),
    )


def view():
    made = SteeringView(
        None,
        header={"title": "Steering", "model": "atlas", "warnings": []},
        sliders=(Slider("French", "mean difference · norm 19", 2.0), Slider(EVIL, "", 1.0)),
        prompt="He went home.",
        settings=SETTINGS,
        offered={"site": ["as given", "resid_post[0]"]},
    )
    made.show_next([0.0, 0.0], [(" The", 0.5, 0.1), (EVIL, 0.001, 0.25)])
    made.plain = Continuation(((" He", True), (" sat", True)))
    made.steered = Continuation(((" Il", False), ("\n", True)))
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
    made.show(effect(), scales=[1.5, 0.0], ms=3)
    assert (pixels(made.png())[: moved.shape[0] - 40] != 255).any()
    made.steered = Continuation(error="nothing can be written")
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


def test_a_result_of_its_kind_is_drawn_by_it_and_says_its_code():
    given = effect()
    made = given.view()
    assert isinstance(made, mi.views.SteeringView)
    assert made.result is given
    assert repr(made) == (
        "SteeringView(atlas; effect: French probe +1.8 σ · cost: loss on ordinary text +12 % · control: random "
        "direction of the same norm French probe −0.0 σ, +3.1 %)"
    )
    assert made.png().startswith(b"\x89PNG")
    assert "image/png" in given._repr_mimebundle_()[0]
    assert made.code().splitlines()[-2:] == ["view = mi.views.SteeringView(result)", "view"]
    assert made._header["title"] == "What steering does"
    made.show(effect(kl=(0.25, NAN), cost=(NAN, NAN), read=None))
    assert repr(made) == "SteeringView(atlas; effect: next token moved by 0.25 nats)"
    assert SteeringView(given, selection={}).selection == {}
    with pytest.raises(SelectionError, match="selection has no key 'push'"):
        SteeringView(given, selection={"push": "given"})


def test_what_is_sent_is_the_labelled_data():
    sent = effect().view()._data
    assert [(axis["name"], axis["labels"]) for axis in sent["axes"]] == [
        ("push", ["given", "random"]),
        ("probe", ["French"]),
    ]
    assert {name: (part["axes"], part["unit"]) for name, part in sent["variables"].items()} == {
        "kl": (["push"], "nats"),
        "cost": (["push"], "share of the loss"),
        "read": (["push", "probe"], "σ of the probe"),
    }
    made = view()
    assert made._data == {"axes": [], "variables": {}, "derived": {}}
    made.show(effect(), scales=[1.0, 0.0], ms=7)
    assert made._data == sent
    assert made._measured == {"scales": [1.0, 0.0], "ms": 7}
    assert made._header == {"title": "Steering", "model": "atlas", "warnings": []}
    made.show(None)
    assert (made.result, made._data["variables"], made._measured) == (None, {}, {})


def test_a_sweep_is_sent_with_its_labels():
    made, names = view(), ("effect", "control", "cost", "control_cost")
    made.show(effect(), ms=7)
    sweep = xr.Dataset(
        {name: ("strength", [0.5, NAN]) for name in names}, {"strength": [-1.5, 2.0]}, {"name": "French"}
    )
    made.show_sweep(sweep)
    assert made._strengths["axes"][0]["labels"] == ["-1.5", 2]
    assert made._strengths["derived"] == {"name": "French"}
    assert list(made._strengths["variables"]) == list(names) == list(made._sweep)
    assert made._measured == {"ms": 7}
    made.show_sweep(xr.Dataset())
    assert made._strengths == {"axes": [], "variables": {}, "derived": {}}


@pytest.mark.parametrize(
    ("part", "says"),
    [
        ({"push": "given"}, "effect: French probe +1.8 σ · cost: loss on ordinary text +12 %"),
        ({"push": "random"}, "control: random direction of the same norm French probe −0.0 σ, +3.1 %"),
        (
            {"probe": "French", "push": ["given"]},
            "effect: French probe +1.8 σ · cost: loss on ordinary text +12 %",
        ),
    ],
)
def test_a_part_is_drawn_too(part, says):
    assert repr(effect().sel(**part).view()) == f"SteeringView(atlas; {says})"
    assert repr(effect().sel(**part)["cost"].view()) == f"SteeringView(atlas; {says})"


def test_what_is_no_effect_is_told():
    with pytest.raises(WrongKind, match=r"result must be a Result, as in mi\.steering_effect\(.*; got"):
        SteeringView(None)
    with pytest.raises(ResultError, match=r"of mi\.steering_effect, not Loss\."):
        SteeringView(result(xr.Dataset({"loss": 1.0}), "loss", "Loss"))
    several = effect(read=None, step=[0, 100])
    with pytest.raises(ResultError, match=r"was measured several times: choose \.sel\(step=…\)"):
        several.view()
    assert repr(several.sel(step=100).view()).startswith("SteeringView(atlas; effect: next token moved")


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
    with pytest.raises(SelectionError, match=says):
        made.set_state({trait: {**before, **value} if trait == "settings" else value})  # as the browser does
    assert getattr(made, trait) == before
