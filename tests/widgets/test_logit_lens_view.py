"""`LogitLensView` in Python: what it takes, refuses, selects, says, sends and draws."""

import base64
import copy
import io
import json

import numpy as np
import pytest
import xarray as xr
from PIL import Image

import mi_widgets as mi
from mi_widgets.core.errors import ResultError, SelectionError, WrongKind
from mi_widgets.core.results import Result
from mi_widgets.widgets.logit_lens.widget import LogitLensView
from mi_widgets.widgets.logit_lens.words import fate, sentence
from tests.provenance import provenance_of

from .grids import grid
from .losses import text
from .patterns import result as attention

EVIL = "</script><img src=x onerror=alert(1)>"
WORDS = [" Mary", " John", " the", " a", "\n", " store", " to", ",", " him", " her", " it", " and"]


def lens(
    *,
    n_batch: int = 1,
    layers: int = 4,
    n: int = 6,
    top: int = 10,
    asked: tuple[str, ...] = (" Mary", " John"),
    padded: int = 0,
    tokens: list[str] | None = None,
    words: list[str] | None = None,
    d_vocab: int = 1000,
    untrained: bool = False,
    seed: int = 0,
    call: str = "mi.logit_lens(run)",
    warnings: tuple[str, ...] = (),
) -> Result:
    """A lens that becomes surer from layer to layer; of the tokens asked for the first climbs to rank 0 by layer 2.

    Args:
        n_batch: Prompts; the last one ends with the padding.
        layers: How many.
        n: Positions with padding.
        top: How many of the likeliest tokens there are.
        asked: Texts of tokens.
        padded: Positions at the end of the last prompt.
        tokens: The prompt's texts.
        words: What the model may say.
        d_vocab: The worst rank and one more.
        untrained: Whether no layer is sure of anything.
        seed: Of the numbers.
        call: The expression that makes the Result.
        warnings: What to beware of.
    """
    rng = np.random.default_rng(seed)
    places = (n_batch, layers, n)
    sure = np.zeros(layers) if untrained else np.linspace(0.1, 0.9, layers)
    probability = np.broadcast_to(sure[None, :, None], places) * 0.9 + 1 / d_vocab
    rest = (1 - probability[..., None]) / 20 * np.linspace(1, 0.1, top - 1)
    said = rng.choice(words or WORDS, (*places, top))
    steps = np.arange(layers).reshape(1, -1, 1)
    first = np.broadcast_to(np.where(steps >= 2, 0, 100 - 40 * steps), places)
    ranks = [first, *(np.full(places, d_vocab // 2) for _ in asked[1:])]
    if untrained:
        ranks = [np.full(places, d_vocab - 1) for _ in asked]
    asked_rank = np.stack(ranks[: len(asked)], -1) if asked else np.zeros((*places, 0))
    entropy = np.broadcast_to(np.log(d_vocab) * (1 - sure)[:, None], places)
    numbers = {
        "probability": (probability, ()),
        "entropy": (entropy, ()),
        "kl": (np.broadcast_to((entropy - entropy[:, -1:]) / 2 - 1e-7, places), ()),
        "top_probability": (np.concatenate([probability[..., None], rest], -1), ("rank",)),
        "asked_probability": (1 / (2 + asked_rank), ("token_asked",)),
        "asked_rank": (asked_rank, ("token_asked",)),
    }
    absent = np.zeros((n_batch, n), bool)
    absent[-1, n - padded :] = True
    absent = np.broadcast_to(absent[:, None], places)
    texts = np.array([*(tokens or [f" w{i}" for i in range(n)])])
    rows = np.tile(texts, (n_batch, 1))
    rows[-1, n - padded :] = ""
    said[absent] = ""
    variables = {}
    for name, (values, more) in numbers.items():
        unit = {"units": "probability" if "probability" in name else "rank" if "rank" in name else "nats"}
        there = np.where(_like(absent, values), np.nan, values)
        variables[name] = (("batch", "layer", "pos", *more), there, unit)
    coords = {
        **{axis: np.arange(size) for axis, size in zip(("batch", "layer", "pos"), places, strict=True)},
        "rank": np.arange(top),
        "token_asked": np.array(asked, dtype=str),
        "pos_token": (("batch", "pos"), rows),
    }
    variables["token"] = (("batch", "layer", "pos"), said[..., 0])
    variables["top_token"] = (("batch", "layer", "pos", "rank"), said)
    return Result(
        kind="logit_lens",
        title="Logit lens at resid_post",
        dataset=xr.Dataset(variables, coords),
        primary="probability",
        unit="probability",
        source="",
        provenance=provenance_of(call, model="atlas", run="model.run('…')", warnings=warnings),
    )


def _like(absent, values):
    return absent.reshape(absent.shape + (1,) * (np.ndim(values) - 3))


@pytest.fixture
def view():
    return LogitLensView(lens(), control=lens(untrained=True))


def sent(view, name, line=0):
    """The numbers of a variable, or the places of its texts, of the lens or of its control."""
    packed = packed_of(view, name)
    numbers = np.frombuffer(packed["data"], packed["dtype"]).reshape(packed["shape"])
    return np.take(numbers, line, view._data["variables"][name]["axes"].index("line"))


def texts(view, name):
    return np.array(view._data["variables"][name]["texts"])[sent(view, name).astype(int)]


def packed_of(view, name):
    return view._data["variables"][name]["values"]


def labels(view, axis):
    return next(found["labels"] for found in view._data["axes"] if found["name"] == axis)


def said(view):
    return sentence(view._drawn, view.selection, view.color, view.pinned)


def image_of(view):
    data, _ = view._repr_mimebundle_()
    png = base64.b64decode(data["image/png"])
    return Image.open(io.BytesIO(png)).convert("RGB"), len(png)


def test_it_opens_on_the_first_prompt_with_nothing_selected_and_the_first_token_pinned(view):
    assert view.selection == {"batch": 0, "layer": None, "pos": None}
    assert (view.color, view.pinned) == ("probability", " Mary")
    assert LogitLensView(lens(asked=())).pinned is None
    assert LogitLensView(lens(), pinned=" John").pinned == " John"


def test_the_last_layer_is_the_first_row(view):
    assert labels(view, "layer") == [3, 2, 1, 0]
    np.testing.assert_array_equal(sent(view, "probability"), view.result.values[:, ::-1])
    np.testing.assert_array_equal(texts(view, "token"), view.result.dataset["token"].values[:, ::-1])
    ranks = sent(view, "asked_rank")
    assert ranks.shape == (2, 1, 4, 6)
    assert ranks[0, 0, :, 0].tolist() == [0, 0, 60, 100]


def test_tokens_are_sent_once_and_numbers_as_bytes():
    words = [f" word{i}" for i in range(20_000)]
    one = lens(layers=12, n=512, asked=(" Mary",), words=words)
    for view, most in ((LogitLensView(one), 400_000), (LogitLensView(one, control=one), 740_000)):
        rest = copy.deepcopy(view._data)
        bytes_ = sum(len(variable["values"].pop("data")) for variable in rest["variables"].values())
        assert bytes_ < most
        assert len(json.dumps(rest)) < 400_000  # all 20,000 texts
        assert (
            packed_of(view, "top_token")["dtype"] == packed_of(view, "top_probability")["dtype"] == "uint16"
        )


def test_more_texts_than_uint16_has_numbers():
    words = [f"{i}" for i in range(200_000)]
    view = LogitLensView(lens(layers=12, n=800, words=words))
    assert packed_of(view, "top_token")["dtype"] == "float32"
    np.testing.assert_array_equal(texts(view, "top_token"), view.result.dataset["top_token"].values[:, ::-1])


def test_what_can_be_selected(view):
    assert view.choices() == {
        "batch": [0],
        "layer": [0, 1, 2, 3, None],
        "pos": [0, 1, 2, 3, 4, 5, None],
    }
    view.selection = {"layer": 2, "pos": np.int64(5)}
    assert view.selection == {"batch": 0, "layer": 2, "pos": 5}
    assert view._code == view.code()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"pos": 6}, r"selection\['pos'\] can be 0 to 5 in this view; got 6"),
        ({"layer": 4}, r"selection\['layer'\] can be 0 to 3"),
        ({"batch": None}, "got None"),
        ({"head": 0}, "no key 'head'; its keys are batch, layer, pos"),
    ],
)
def test_a_wrong_selection_is_refused_and_changes_nothing(view, wrong, message):
    view.selection = {"pos": 3}
    for attempt in (
        lambda: setattr(view, "selection", wrong),
        lambda: view.set_state({"selection": wrong}),
        lambda: LogitLensView(lens(), selection=wrong),
    ):
        with pytest.raises(SelectionError, match=message):
            attempt()
    assert view.selection == {"batch": 0, "layer": None, "pos": 3}


def test_a_wrong_colouring_or_token_is_refused(view):
    with pytest.raises(
        SelectionError, match=r"color can be 'probability' or 'rank' or 'entropy' or 'kl' .*got 'x'"
    ):
        view.color = "x"
    with pytest.raises(
        SelectionError, match=r"pinned can be ' Mary' or ' John' in this view; got 'Mary'\. Ask"
    ):
        view.pinned = "Mary"
    assert (view.color, view.pinned) == ("probability", " Mary")
    with pytest.raises(
        SelectionError, match=r"'rank' needs a token .*mi\.logit_lens\(run, tokens=\[…\]\).*got 'rank'"
    ):
        LogitLensView(lens(asked=()), color="rank")
    with pytest.raises(SelectionError, match="pinned can be only None: no token was asked for; got ' Mary'"):
        LogitLensView(lens(asked=()), pinned=" Mary")
    view.pinned = " John"
    view.pinned = None
    assert view.pinned == " Mary"


@pytest.mark.parametrize(
    ("result", "control", "message"),
    [
        (3, None, r"result must be a Result, as in mi\.logit_lens\(run\); got an int"),
        (
            grid(),
            None,
            r"'Induction score', has no token, probability, entropy and 7 more; .*mi\.logit_lens\(run\)",
        ),
        (text(), None, r"has no token, probability, entropy"),
        (lens().sel(pos=slice(9, 9)), None, r"has nothing to draw \(batch 1, layer 4, pos 0\)"),
        (
            lens(n_batch=40, layers=12, n=400),
            None,
            r"5,376,000 numbers \(up to 4,000,000\): choose with \.sel\(batch=\[…\]\)",
        ),
        (lens(), attention(), r"control, .* has no token"),
        (lens(), np.zeros((4, 6)), r"control must be a Result, .* got a ndarray"),
        (lens(), {"a": lens(), "b": lens()}, r"one control.*got 2: a, b"),
        (
            lens(),
            lens(layers=3),
            r"control has 3 labels of layer, 0 to 2, but this view has 4 labels of layer, 0 to 3",
        ),
        (
            lens(),
            lens(asked=()),
            r"control has the tokens \[\], but this view has the tokens \[' Mary', ' John'\]",
        ),
        (lens(), lens(tokens=["x"] * 6), r"control is on another text"),
        (lens(), lens(n_batch=2), r"control is on another text"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_a_way_out(result, control, message):
    with pytest.raises((ResultError, WrongKind), match=message):
        LogitLensView(result, control=control)


def test_a_lens_over_training_is_refused():
    one = lens()
    steps = xr.concat([one.to_dataset(), one.to_dataset()], dim="step")
    with pytest.raises(
        ResultError, match=r"has the axes step, batch, layer, pos; .*choose with \.sel\(step=…\)"
    ):
        LogitLensView(_with(one, steps))


def _with(result, dataset):
    names = ("kind", "title", "primary", "unit", "source", "provenance")
    return Result(**{name: getattr(result, name) for name in names}, dataset=dataset)


@pytest.mark.parametrize(
    ("chosen", "shape", "selection"),
    [
        ({"batch": 1}, [1, 4, 6], {"batch": 1}),
        ({"layer": 2}, [2, 1, 6], {"layer": 2}),
        ({"pos": 3}, [2, 4, 1], {"pos": 3}),
        ({"batch": 1, "layer": 2, "pos": 3}, [1, 1, 1], {"batch": 1, "layer": 2, "pos": 3}),
        ({"layer": [1, 3]}, [2, 2, 6], {"layer": 3}),
        ({"rank": 0}, [2, 4, 6], {}),
        ({"token_asked": " John"}, [2, 4, 6], {}),
    ],
)
def test_a_part_of_a_lens_keeps_its_labels(chosen, shape, selection):
    view = LogitLensView(lens(n_batch=2).sel(**chosen), selection=selection)
    assert list(sent(view, "probability").shape) == shape
    assert list(sent(view, "top_token").shape)[:3] == shape
    assert {key: view.selection[key] for key in selection} == selection
    assert said(view)
    assert view.png()
    assert view.pinned == (" John" if "token_asked" in chosen else " Mary")


def test_a_control_of_one_prompt_may_have_lost_its_axis():
    view = LogitLensView(lens(), control={"shuffled": lens(untrained=True).sel(batch=0)})
    assert sent(view, "probability", line=1).shape == (1, 4, 6)
    assert view._data["derived"]["control_name"] == "shuffled"


def test_a_control_may_have_fewer_of_the_likeliest_tokens():
    view = LogitLensView(lens(top=4), control=lens(top=3, untrained=True))
    theirs = sent(view, "top_probability", line=1)
    assert (theirs[..., :3] < 65535).all()
    assert (theirs[..., 3] == 65535).all()  # there is none
    assert (sent(view, "top_probability") < 65535).all()


def test_colours_are_those_of_all_prompts_and_of_the_control(view):
    assert (packed_of(view, "probability")["min"], packed_of(view, "probability")["max"]) == (0, 1)
    assert packed_of(view, "entropy")["max"] == pytest.approx(np.log(1000))
    assert packed_of(view, "asked_rank")["max"] == 999
    assert [sent(view, "kl", line).min() for line in (0, 1)] == [0, 0]  # not −1e-7
    colours = view._data["derived"]["colours"]
    assert list(colours) == ["probability", "rank", "entropy", "kl"]
    assert colours["rank"] == {"label": "rank", "map": "viridis", "ends": ("rank 999", "0")}
    assert colours["kl"]["label"] == "KL"
    without = LogitLensView(lens(asked=()))
    assert "asked_rank" not in without._data["variables"]
    assert "rank" not in without._data["derived"]["colours"]


def test_a_token_that_was_asked_for_twice_is_there_once():
    view = LogitLensView(lens(asked=(" John", " Mary", " John")))
    assert labels(view, "token_asked") == [" John", " Mary"]
    assert sent(view, "asked_rank").shape == (2, 1, 4, 6)


def test_the_sentence_says_a_cell_and_what_becomes_of_the_pinned_token(view):
    token = view.result.dataset["token"]
    top = token.values[0, 3, 5].replace(" ", "·").replace("\n", "⏎")
    untrained = view._drawn.values["token"][1, 0, 0, 5].replace(" ", "·").replace("\n", "⏎")
    assert said(view) == (
        f"L3 at pos 5 ·w5: {top} 0.81 (untrained: {untrained} 0.001) · "
        "·Mary is rank 0 from layer 2 on (untrained: rank 999)"
    )
    view.selection = {"layer": 0, "pos": 1}
    assert said(view).startswith("L0 at pos 1 ·w1: ")
    view.color, view.pinned = "entropy", " John"
    assert " · entropy 6.22 nats (untrained: 6.91) · " in said(view)
    assert said(view).endswith("·John is never rank 0: at best rank 500 at layer 3 (untrained: rank 999)")
    assert "Mary" not in said(LogitLensView(lens(asked=(), words=[" x"])))


@pytest.mark.parametrize(
    ("ranks", "words"),
    [
        ([9, 3, 0, 0], "is rank 0 from layer 2 on"),
        ([0, 0, 0, 0], "is rank 0 at every layer"),
        ([9, 3, 2, 0], "is rank 0 at layer 3 alone"),
        ([9, 0, 2, 0], "is rank 0 at layer 3 alone"),
        ([9, 0, 2, 5], "is rank 0 at layer 1, but rank 5 at layer 3"),
        ([9, 8, 7, 5], "is never rank 0: at best rank 5 at layer 3"),
        ([9, 2, 7, 5], "is never rank 0: at best rank 2 at layer 1, and rank 5 at layer 3"),
        ([7], "is rank 7"),
    ],
)
def test_what_becomes_of_a_token(ranks, words):
    assert fate(ranks, range(len(ranks))) == words


def test_padding_is_said_and_not_drawn():
    view = LogitLensView(lens(n_batch=2, padded=2), selection={"batch": 1})
    assert said(view).startswith("Batch 1 · L3 at pos 3 ·w3: ")
    view.selection = {"pos": 5, "layer": 1}
    assert said(view) == "Batch 1 · L1 at pos 5: padding"
    assert np.isnan(sent(view, "probability")[1, :, 4:]).all()
    view.selection = {"batch": 0, "pos": None}
    assert said(view).startswith("Batch 0 · L1 at pos 5 ·w5: ")
    empty = LogitLensView(lens(padded=6))
    assert said(empty) == "No tokens here"
    assert empty.png()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"selection": {"layer": 2, "pos": 3}, "color": "rank", "pinned": " John"},
        {"color": "kl", "control": "untrained"},
        {"control": "named"},
    ],
)
def test_code_makes_the_same_view(options, monkeypatch):
    made = {
        "mi.logit_lens(run)": lens(),
        "mi.logit_lens(other)": lens(untrained=True, call="mi.logit_lens(other)"),
    }
    control = made["mi.logit_lens(other)"]
    given = {"untrained": control, "named": {"a b": control}}.get(options.get("control"))
    view = LogitLensView(lens(), **{**options, "control": given})
    monkeypatch.setattr(mi, "load", lambda _: type("Model", (), {"run": lambda self, prompt: "run"})())
    monkeypatch.setattr(mi, "logit_lens", lambda run: made[f"mi.logit_lens({run})"], raising=False)
    names = {"other": "other"}
    exec(view.code(), names)
    again = names["view"]
    assert repr(again) == repr(view)
    assert (again.selection, again.color, again.pinned) == (view.selection, view.color, view.pinned)
    assert again._data == view._data
    assert again.code() == view.code()


def test_code_follows_every_gesture(view):
    view.set_state({"selection": {"batch": 0, "layer": 1, "pos": None}, "color": "rank", "pinned": " John"})
    assert view._code == view.code()
    assert "selection={'batch': 0, 'layer': 1, 'pos': None}, color='rank', pinned=' John'" in " ".join(
        view._code.split()
    )


def test_repr_is_the_same_every_time(view):
    view.selection = {"layer": 2}
    wanted = (
        "LogitLensView(atlas, Logit lens at resid_post: layer 4, pos 6; color probability, pinned ' Mary'; "
        "selected batch 0, layer 2)"
    )
    assert repr(view) == wanted
    data, _ = view._repr_mimebundle_()
    assert data["text/plain"] == wanted
    assert set(data) == {"text/plain", "image/png", "application/vnd.jupyter.widget-view+json"}


def test_the_header_warns_of_the_lens_and_of_the_control():
    view = LogitLensView(lens(warnings=("a",)), control=lens(warnings=("a", "b")))
    title = "Logit lens at resid_post"
    assert view._header == {"title": title, "model": "atlas", "unit": "probability", "warnings": ["a", "b"]}


def test_show_draws_another_lens_and_keeps_what_it_can(view):
    view.selection, view.color, view.pinned = {"layer": 3, "pos": 2}, "rank", " John"
    view.show(lens(n_batch=2, layers=3, asked=(" the", " John")))
    assert view.selection == {"batch": 0, "layer": None, "pos": 2}
    assert (view.color, view.pinned, labels(view, "line")) == ("rank", " John", [0])
    view.show(lens(asked=()))
    assert (view.color, view.pinned) == ("probability", None)
    assert view._code == view.code()
    with pytest.raises(ResultError):
        view.show(grid())
    assert view._drawn.asked == []


def test_layers_and_positions_are_shared_with_linked_views(view):
    pattern = mi.views.AttentionView(attention(n_tokens=6))
    mi.views.link(pattern, view)
    pattern.selection = {"layer": 1, "query": 4}
    assert view.selection == {"batch": 0, "layer": 1, "pos": 4}
    view.selection = {"layer": 0, "pos": 2}
    assert (pattern.selection["layer"], pattern.selection["query"]) == (0, 2)


@pytest.mark.parametrize(
    ("case", "options"),
    [
        ({"layers": 12, "n": 14}, {"selection": {"layer": 7, "pos": 12}}),
        ({"layers": 12, "n": 14}, {"color": "rank"}),
        ({"layers": 4, "n": 9}, {"color": "entropy"}),
        ({"layers": 1, "n": 1}, {}),
        ({"layers": 12, "n": 512}, {"selection": {"pos": 300}}),
        ({"layers": 2, "n": 1700, "asked": ()}, {}),
        ({"layers": 96, "n": 20}, {"color": "kl"}),
        ({"n_batch": 2, "padded": 3}, {"selection": {"batch": 1}}),
        ({"n": 4, "tokens": [EVIL, " 東京", "\n\t", " Привет"], "words": [EVIL, " 東京東京東京", "\n"]}, {}),
    ],
)
@pytest.mark.parametrize("beside", [False, True])
def test_the_picture_is_a_small_png(case, options, beside):
    view = LogitLensView(lens(**case), **options, control=lens(**case, untrained=True) if beside else None)
    image, size = image_of(view)
    assert size < 90_000
    assert 400 < image.width < 1000
    assert image.height < 900
    assert image.getpixel((2, 2)) == (255, 255, 255)


def test_a_real_lens_is_drawn_and_its_code_makes_it_again(monkeypatch):
    names = {}
    setup = """
import mi_widgets as mi
from mi_widgets import sites as at
model = mi.load("induction-2l")
run = model.run(["the cat by the cat", "the cat"], keep=[at.resid_post])
result = mi.logit_lens(run, tokens=[" by"])
"""
    exec(setup, names)
    view = LogitLensView(names["result"], selection={"batch": 1, "pos": 1}, color="rank")
    assert view.png()
    assert "·by is " in said(view)
    exec(view.code(), names)
    assert repr(names["view"]) == repr(view)
    np.testing.assert_allclose(
        sent(names["view"], "probability"),
        sent(view, "probability"),
        atol=1e-5,
    )
