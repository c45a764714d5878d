"""`TokensView` in Python: what it takes, refuses, selects, says and sends."""

import base64
import io

import numpy as np
import pytest
import xarray as xr
from PIL import Image

import mi_widgets as mi
from mi_widgets.core.errors import ResultError, SelectionError, WrongKind
from mi_widgets.core.results import Result
from mi_widgets.widgets.tokens.widget import TokensView
from mi_widgets.widgets.tokens.words import sentence

from .curves import level
from .losses import text
from .patterns import result as attention

EVIL = "</script><img src=x onerror=alert(1)>"


@pytest.fixture
def view():
    return TokensView(text(), control={"head out": text(low=5.0)})


def sent(view):
    packed = view._data["variables"]["values"]["values"]
    assert packed["dtype"] == "float32"
    return np.frombuffer(packed["data"], "float32").reshape(packed["shape"])


def scale_sent(view):
    values = view._data["variables"]["values"]
    return {"map": values["map"], "low": values["values"]["min"], "high": values["values"]["max"]}


def changed(result, **more):
    """The same Result with another primary variable, or with other labels."""
    made = {
        name: getattr(result, name) for name in ("kind", "title", "primary", "unit", "source", "provenance")
    }
    return Result(**{**made, "dataset": result.to_dataset(), **more})


def test_everything_is_sent_at_once_with_its_gaps():
    view = TokensView(
        text(n_batch=2, steps=(0, 50), padded=3), control={"head out": text(n_batch=2, padded=3, low=5.0)}
    )
    values = sent(view)
    assert values.shape == (2, 2, 2, 12)
    np.testing.assert_array_equal(values[0], view.result.values)
    np.testing.assert_array_equal(values[1, 0], values[1, 1])  # a control without steps is the same at each
    assert np.isnan(values[..., -3:]).all()
    assert view._data["axes"][-1]["texts"][1][-3:] == [""] * 3
    assert view._data["derived"]["names"] == ["induction-2l", "head out"]


@pytest.mark.parametrize(
    ("result", "scale"),
    [
        (text(high=6), {"map": "sequential", "low": 0, "high": 6}),
        (text(high=0.4, unit="probability"), {"map": "sequential", "low": 0, "high": 1}),
        (text(high=0.4, low=-3), {"map": "diverging", "low": -3, "high": 3}),
        (text(n=1), {"map": "sequential", "low": 0, "high": 1}),
    ],
)
def test_the_scale_is_from_nothing_or_around_it(result, scale):
    assert scale_sent(TokensView(result)) == pytest.approx(scale)


def test_all_lines_steps_and_prompts_share_one_scale(view):
    assert scale_sent(TokensView(text(steps=(0, 50)), control={"x": text(high=40)}))["high"] == 40


def test_what_can_be_selected():
    view = TokensView(text(n=4, n_batch=2, steps=(0, 50)), selection={"pos": 3})
    assert view.choices() == {"batch": [0, 1], "pos": [0, 1, 2, 3, None], "step": [0, 50]}
    assert view.selection == {"batch": 0, "pos": 3, "step": 50}
    view.selection = {"pos": None, "step": np.int64(0)}
    assert view.selection == {"batch": 0, "pos": None, "step": 0}
    assert TokensView(text()).selection == {"batch": 0, "pos": None}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"pos": 12}, r"selection\['pos'\] can be 0 to 11 in this view; got 12"),
        ({"batch": 1}, r"only 0.*got 1"),
        ({"step": 0}, r"no key 'step'; its keys are batch, pos"),
        ([3], r"is a dictionary"),
    ],
)
def test_a_wrong_selection_is_refused_and_changes_nothing(view, wrong, said):
    view.selection = {"pos": 5}
    for attempt in (
        lambda: setattr(view, "selection", wrong),
        lambda: view.set_state({"selection": wrong}),
        lambda: TokensView(text(), selection=wrong),
    ):
        with pytest.raises(SelectionError, match=said):
            attempt()
    assert view.selection == {"batch": 0, "pos": 5}


def test_a_part_of_a_result_keeps_its_labels():
    view = TokensView(text(n_batch=3).sel(batch=[2], pos=[4, 5]))
    assert view.choices() == {"batch": [2], "pos": [4, 5, None]}
    assert TokensView(text(n_batch=3).sel(batch=1)).choices()["batch"] == [0]


@pytest.mark.parametrize(
    ("wrong", "controls", "said"),
    [
        (level(), {}, r"This Result has no axis pos \(its axes: none\).*mi\.loss_per_token\(run\)"),
        (3, {}, r"result must be a Result, as in mi\.loss_per_token\(run\); got an int"),
        (attention(), {}, r"has no axis pos \(its axes: batch, layer, head, query, key\)"),
        (text(), {"x": None}, r"control\['x'\] must be a Result, .* got None"),
        (
            text(),
            {"x": text(n=9)},
            r"control\['x'\] has 9 labels of pos, 0 to 8, but .* 12 labels of pos, 0 to 11",
        ),
        (
            text(),
            {"x": text(n_batch=2)},
            r"has 2 labels of batch, 0 to 1, but this view has 1 labels of batch",
        ),
        (text(), {"x": text(steps=(0, 5))}, r"has 2 labels of step, 0 to 5, but this view has no axis step"),
        (text(), {"x": text(tokens=["x"] * 12)}, r"control\['x'\] is on another text"),
        (
            text(n=1000, n_batch=100, steps=range(50)),
            {},
            r"5,000,000 numbers \(up to 4,000,000\).*\.sel\(batch=\[…\]\)",
        ),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_a_way_out(wrong, controls, said):
    with pytest.raises((ResultError, WrongKind), match=said):
        TokensView(wrong, control=controls)


def test_several_numbers_a_token_or_no_texts_are_refused():
    dataset = text().to_dataset()
    layers = xr.concat([dataset, dataset], dim="layer")
    with pytest.raises(
        ResultError, match=r"several numbers a token \(its axes: layer, .*choose with \.sel\(layer=…\)"
    ):
        TokensView(changed(text(), dataset=layers))
    assert sent(TokensView(changed(text(), dataset=layers.isel(layer=[0])))).shape == (1, 1, 12)
    with pytest.raises(ResultError, match=r"has no texts: its axis pos needs the labels pos_token"):
        TokensView(changed(text(), dataset=dataset.drop_vars("pos_token")))


def test_code_makes_the_same_view(monkeypatch):
    made = {}

    def text_of(name, **more):
        made[name] = text(call=f"mi.loss_per_token({name!r})", **more)
        return made[name]

    monkeypatch.setattr(mi, "loss_per_token", made.get)
    result = text_of("a", steps=(0, 50))
    controls = {
        "2 heads out": text_of("b", low=4),
        "2-heads out": text_of("c", low=5),
        'a "quoted" ²': text_of("d"),
    }
    for given in ({}, controls):
        view = TokensView(result, control=given, selection={"pos": 3, "step": 0})
        names = {}
        exec(view.code(), names)
        again = names["view"]
        assert (again.selection, repr(again)) == (view.selection, repr(view))
        assert again._data == view._data
    view.selection = {"pos": None}
    assert "'pos': None" in view._code


def test_show_draws_another_result_and_keeps_what_it_can(view):
    view.selection = {"pos": 5}
    view.show(text(n_batch=2, steps=(0, 50), warnings=("a",)), control={"x": text(n_batch=2, low=3.0)})
    assert view.selection == {"batch": 0, "pos": 5, "step": 50}
    assert (view._data["derived"]["names"], view._header["warnings"]) == (["induction-2l", "x"], ["a"])
    view.show(text(n=4))
    assert view.selection == {"batch": 0, "pos": None}
    assert (view._choices["pos"], view._data["derived"]["names"]) == ([0, 1, 2, 3, None], ["induction-2l"])
    assert "control=" not in view._code
    with pytest.raises(ResultError):
        view.show(level())
    assert view.result.values.shape == (1, 4)


def test_header_and_repr_say_what_is_seen():
    view = TokensView(
        text(padded=2, n_batch=2, warnings=("a",)),
        control={"head out": text(padded=2, n_batch=2, warnings=("a", "b"))},
        selection={"batch": 1, "pos": 7},
    )
    said = "TokensView(induction-2l, loss per token of 10 tokens, beside head out, batch 1, pos 7)"
    assert repr(view) == said
    assert view._header["warnings"] == ["a", "b"]
    data, _ = view._repr_mimebundle_()
    assert data["text/plain"] == said
    assert "text/html" not in data


@pytest.mark.parametrize(
    "case",
    [
        {},
        {"n": 1},
        {"n_batch": None},
        {"n": 512, "n_batch": 2},
        {"padded": 11},
        {"steps": (0, 10, 20)},
        {"low": -2.0, "unit": "logit difference"},
        {"n": 4, "tokens": [EVIL * 9, " 東京", "\n\t", " Привет"]},
    ],
)
@pytest.mark.parametrize("beside", [False, True])
def test_the_picture_is_a_small_png(case, beside):
    view = TokensView(text(**case), control={"head out": text(**case)} if beside else None)
    data, _ = view._repr_mimebundle_()
    png = base64.b64decode(data["image/png"])
    image = Image.open(io.BytesIO(png)).convert("RGB")
    assert len(png) < 60_000
    assert image.width == 900
    assert image.getpixel((2, 2)) == (255, 255, 255)


def test_the_mean_is_that_of_the_finite_numbers():
    result = text(n=8, high=2, low=np.inf)
    read = TokensView(result)._drawn
    said = sentence(read, read.at({"batch": 0}), [""] * 8, {"pos": None})
    assert said == "Mean of 3 tokens: 2.00 nats"


def test_the_picture_shows_the_values():
    def dark(**more):
        data, _ = TokensView(text(n=40, **more))._repr_mimebundle_()
        image = np.asarray(Image.open(io.BytesIO(base64.b64decode(data["image/png"]))).convert("RGB")).astype(
            int
        )
        return (np.abs(image - [8, 48, 107]) < 14).all(-1).sum()

    assert dark(low=6.0) > 1.5 * dark(low=0.0) > 1000


def test_positions_are_shared_with_the_queries_of_attention(view):
    pattern = mi.views.AttentionView(attention(n_tokens=12))
    mi.views.link(pattern, view)
    pattern.selection = {"query": 4}
    assert view.selection["pos"] == 4
    view.selection = {"pos": 9}
    assert pattern.selection["query"] == 9
