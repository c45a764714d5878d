"""`TrainingView` in Python: what it takes, refuses, selects, says and sends."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

import mi_widgets as mi
from mi_widgets.core.errors import ResultError, SelectionError, WrongKind
from mi_widgets.core.numbers import count, number_text
from mi_widgets.widgets._shared.axis_scale import tick_label
from mi_widgets.widgets.training.measures import read_measures
from mi_widgets.widgets.training.widget import TrainingView

from .curves import STEPS, heads, level, made, one


def sent(view, curves):
    """The numbers of one panel as they go over the wire."""
    packed = view._data["variables"][curves["values"]]["values"]
    assert packed["dtype"] == "float32"
    return np.frombuffer(packed["data"], "float32").reshape(packed["shape"])


def steps_of(view, curves):
    """The steps of one panel, or none where it is the same at every step."""
    axes = {axis["name"]: axis["labels"] for axis in view._data["axes"]}
    _, *steps = view._data["variables"][curves["values"]]["axes"]
    return axes[steps[0]] if steps else []


def measures_of(view):
    return view._data["derived"]["measures"]


@pytest.fixture
def view():
    control = {"one layer": heads((0, 500, 1000, 3000), layers=1, best=(0, 0)), "untrained": level()}
    return TrainingView({"prefix matching": (heads(), control), "copying": one(unit="share of tokens")})


def test_every_step_of_any_measure_can_be_selected():
    view = TrainingView({"a": one((0, 100, 300)), "b": (one((200, 100)), one((0, 7777)))})
    assert view.choices() == {"step": [0, 100, 200, 300]}
    assert view.selection == {"step": 300}
    view.selection = {"step": np.int64(200)}
    assert view.selection == {"step": 200}
    with pytest.raises(SelectionError, match=r"selection\['step'\] can be only 0, 100, 200, 300.*got 7777"):
        view.selection = {"step": 7777}
    with pytest.raises(SelectionError, match="got 250"):
        TrainingView(one((0, 100)), selection={"step": 250})


def test_steps_may_be_numpy_and_a_long_list_of_them_is_cut_in_an_error():
    view = TrainingView(one(tuple(range(0, 500, 5))), selection={"step": np.int64(35)})
    assert repr(view.selection) == "{'step': 35}"
    view.selection = {"step": np.float64(40)}
    assert repr(view.selection) == "{'step': 40}"
    with pytest.raises(SelectionError, match=r"only 0, 5, .*, 115, … \(100 labels\) in this view; got 7"):
        view.selection = {"step": 7}


def test_a_line_for_each_element_and_one_for_the_only_one(view):
    heads_sent, single = measures_of(view)
    assert heads_sent["curves"]["names"] == [f"L{layer}.H{head}" for layer in (0, 1) for head in range(4)]
    assert heads_sent["curves"]["places"][7] == {"layer": 1, "head": 3}
    assert steps_of(view, heads_sent["curves"]) == list(STEPS)
    expected = heads().values.reshape(len(STEPS), 8).T
    np.testing.assert_array_equal(sent(view, heads_sent["curves"]), expected)
    assert single["curves"]["names"] == [""]
    assert sent(view, single["curves"]).shape == (1, len(STEPS))
    assert single["unit"] == "share of tokens"


def test_controls_have_steps_of_their_own_or_none(view):
    one_layer, untrained = measures_of(view)[0]["controls"]
    assert (one_layer["name"], untrained["name"]) == ("one layer", "untrained")
    assert steps_of(view, one_layer["curves"]) == [0, 500, 1000, 3000]
    assert steps_of(view, untrained["curves"]) == []
    np.testing.assert_allclose(sent(view, untrained["curves"]), [0.02])


def test_a_control_without_a_name_is_what_it_is():
    for control, name in [
        (level(model="induction-2l (untrained)"), "untrained"),
        (level(), "untrained"),
        (one(model="induction-1l"), "induction-1l"),
    ]:
        [measure] = read_measures({"x": (one(), control)})
        assert [c.name for c in measure.controls] == [name]


def test_steps_are_sorted_and_gaps_kept():
    values = np.array([3.0, np.nan, 1.0])
    [measure] = read_measures(made(values, {"step": [300, 200, 100]}))
    assert measure.curves.steps == [100, 200, 300]
    np.testing.assert_array_equal(measure.curves.values, [[1, np.nan, 3]])
    view = TrainingView(made(values, {"step": [300, 200, 100]}))
    np.testing.assert_array_equal(sent(view, measures_of(view)[0]["curves"]), [[1, np.nan, 3]])


def test_other_axes_are_named_by_their_labels():
    values = np.zeros((2, 3, 2))
    [measure] = read_measures(
        made(values, {"step": [0, 1], "pos": [4, 5, 6], "passage": ["first", "repeat"]})
    )
    assert measure.curves.names[:3] == ["pos 4 first", "pos 4 repeat", "pos 5 first"]
    assert measure.curves.places[1] == {"pos": 4, "passage": "repeat"}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({}, r"needs a measure at least; got an empty mapping.*mi\.over_checkpoints"),
        ([1, 2], r"a Result with the axis step, as in mi\.over_checkpoints.*by name; got a list"),
        (None, r"got None"),
        ({"x": 3.0}, r"measures\['x'\] is a float; a measure is a Result with the axis step"),
        (
            {"x": heads().sel(step=100)},
            r"measures\['x'\] has no axis step \(its axes: layer, head\).*mi\.over_checkpoints",
        ),
        ({"x": level()}, r"no axis step \(its axes: none\)"),
        ({"x": (one(), 3)}, r"the control 'untrained' of measures\['x'\] is an int; a control is a Result"),
        ({"x": made(np.zeros(3), {"step": [0, 5, 5]})}, r"has the step 5 twice"),
        (
            {"x": made(np.zeros(2), {"step": ["early", "late"]})},
            r"\['early', 'late'\]; steps are whole numbers",
        ),
        (
            {"x": made(np.zeros((2, 600)), {"step": [0, 1], "pos": range(600)})},
            r"has 600 numbers a step \(pos 600\); up to 512 .*\.sel\(pos=…\)",
        ),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_a_way_out(wrong, said):
    with pytest.raises((ResultError, WrongKind), match=said):
        TrainingView(wrong)


def test_the_x_axis_is_a_state_that_checks_itself(view):
    view.x = "log"
    assert "x='log'" in view._code
    with pytest.raises(SelectionError, match=r"x can be 'linear' or 'log' in this view; got 'cubic'"):
        view.x = "cubic"
    assert view.x == "log"
    view.set_state({"x": "linear"})  # as the browser does it
    assert "x=" not in view.code()


@pytest.mark.parametrize("x", ["linear", "log"])
def test_code_makes_the_same_view(monkeypatch, x):
    made_by = {}

    def over_checkpoints(name):
        return made_by[name]

    def curve(name, result, **more):
        made_by[name] = result(call=f"mi.over_checkpoints({name!r})", **more)
        return made_by[name]

    monkeypatch.setattr(mi, "over_checkpoints", over_checkpoints, raising=False)
    measures = {
        '2-gram "loss"': curve("a", one),
        "2 gram loss": curve("b", heads),
        "mit ²": (curve("c", heads), {"one layer": curve("d", one), "one-layer": curve("e", level)}),
        "bare": (curve("f", one), curve("g", one, model="induction-1l")),
    }
    for given in (measures, measures["2 gram loss"]):
        view = TrainingView(given, selection={"step": 600}, x=x)
        names = {}
        exec(view.code(), names)
        again = names["view"]
        assert (again.selection, again.x, repr(again)) == (view.selection, view.x, repr(view))
        assert again._data == view._data


def test_show_draws_other_measures_and_keeps_the_step(view):
    view.selection = {"step": 600}
    view.show({"loss": one((0, 600), warnings=("small",))})
    assert (view.selection, view.choices()) == ({"step": 600}, {"step": [0, 600]})
    assert [measure["name"] for measure in measures_of(view)] == ["loss"]
    assert view._header["warnings"] == ["small"]
    assert "selection={'step': 600}" in view._code
    view.show(one((0, 50)))
    assert view.selection == {"step": 50}
    with pytest.raises(ResultError):
        view.show(level())
    assert view.choices() == {"step": [0, 50]}


def test_header_and_repr_say_what_is_seen(view):
    view = TrainingView(
        {"a": one(warnings=("small",)), "b": (one(model="other"), level(warnings=("small", "untrained")))}
    )
    assert view._header == {
        "title": "Training",
        "models": ["induction-2l", "other"],
        "warnings": ["small", "untrained"],
    }
    said = "TrainingView(induction-2l and other, 2 measures, 10 steps from 0 to 2000, at step 2000)"
    assert repr(view) == said
    data, _ = view._repr_mimebundle_()
    assert data["text/plain"] == said
    assert "text/html" not in data


@pytest.mark.parametrize(
    "measures",
    [
        heads(),
        one((0,)),
        one((5,), to=0, start=0),
        made(np.full(3, np.nan), {"step": [0, 1, 2]}),
        made(np.array([-3e5, np.nan, 2e5]), {"step": [0, 10, 10**7]}),
        {f"measure {i}": (one(), {"one layer": one((0, 50)), "untrained": level()}) for i in range(5)},
        {"</script><img src=x>": (heads(layers=12, n_heads=12), heads(layers=12, n_heads=12))},
    ],
)
@pytest.mark.parametrize("x", ["linear", "log"])
def test_the_picture_is_a_small_png(measures, x):
    data, _ = TrainingView(measures, x=x)._repr_mimebundle_()
    png = base64.b64decode(data["image/png"])
    image = Image.open(io.BytesIO(png)).convert("RGB")
    assert len(png) < 60_000
    assert image.width == 960
    assert image.getpixel((2, 2)) == (255, 255, 255)


def test_the_picture_marks_the_selected_step():
    def columns(step):
        data, _ = TrainingView(one(), selection={"step": step})._repr_mimebundle_()
        image = np.asarray(Image.open(io.BytesIO(base64.b64decode(data["image/png"]))).convert("RGB")).astype(
            int
        )
        blue = (np.abs(image - [31, 111, 235]) < 12).all(-1)
        return np.flatnonzero(blue.sum(0) > 100)

    assert len(columns(600)) == 1
    assert columns(0)[0] < columns(600)[0] < columns(2000)[0]


def test_views_that_are_linked_share_their_step(view):
    other = TrainingView({"a": one((0, 300, 600))})
    mi.views.link(other, view)
    assert view.selection == {"step": 600}
    view.selection = {"step": 1500}
    assert other.selection == {"step": 600}  # it has no 1500
    view.selection = {"step": 300}
    assert other.selection == {"step": 300}


def test_numbers_that_are_very_small_are_powers_of_ten():
    written = [tick_label(value, 2e-10) for value in (0, 2e-10, -1e-9)]
    assert written == ["0", "2e-10", "−1e-9"]
    assert tick_label(0.50001, 1e-5) == "0.50001"


def test_numbers_are_written_for_readers():
    written = [number_text(v) for v in (0.7512, 6.3, 12.44, 250.4, 0.0041, 0, -0.5, 0.00002, float("nan"))]
    assert written == ["0.75", "6.30", "12.4", "250", "0.004", "0.00", "−0.50", "2e-5", "none"]
    assert [count(n) for n in (0, 2000, 15_000, 1_500_000)] == ["0", "2000", "15k", "1.5M"]


def test_variables_of_one_result_are_computed_once():
    both = one()
    both = mi.Result(
        kind=both.kind,
        title=both.title,
        dataset=both.to_dataset().assign(other=both.dataset[both.primary] * 2),
        primary=both.primary,
        unit=both.unit,
        source="",
        provenance=both.provenance,
    )
    view = mi.views.TrainingView({"a": (both["other"], {"the first": both}), "b": both["other"]})
    call = both.code().splitlines()[-1].removeprefix("result = ")
    assert view.code().count(call) == 1
    assert """"a": (a_curve['other'], {"the first": a_curve}),""" in view.code()
    made = {"a_curve": both, "mi": mi}
    exec(view.code().split(call)[1], made)
    assert repr(made["view"]) == repr(view)
