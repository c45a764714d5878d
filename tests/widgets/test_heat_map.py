"""`HeatmapView` in Python: what it takes, what is selected, switched off, said, sent and drawn."""

import base64
import io
from copy import deepcopy

import numpy as np
import pytest
from PIL import Image

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.core.errors import ResultError, SelectionError, WrongKind
from mi_widgets.widgets.heat_map.widget import HeatmapView
from mi_widgets.widgets.heat_map.words import sentence

from .grids import grid

PAIRS = [f"L{layer}.H{head}" for layer in range(2) for head in range(2)]


def composition():
    labels = {"composition": list("QKV"), "sender": PAIRS, "receiver": PAIRS}
    return grid(
        (3, 4, 4), ("composition", "sender", "receiver"), labels=labels, missing=0.3, unit="norm ratio"
    )


def sent(view):
    values = view._data["variables"]["values"]["values"]
    return np.frombuffer(values["data"], "<f4").reshape(values["shape"])


def said(view):
    return sentence(view._drawn, view.selection)


def image_of(view):
    data, _ = view._repr_mimebundle_()
    png = base64.b64decode(data["image/png"])
    return Image.open(io.BytesIO(png)).convert("RGB"), len(png)


def test_it_opens_on_the_last_step_with_nothing_selected():
    view = HeatmapView(grid((3, 2, 4), ("step", "layer", "head")))
    assert view.selection == {"step": 200, "layer": None, "head": None}
    assert HeatmapView(composition()).selection["composition"] == "Q"
    chosen = {"step": 100, "layer": 1, "head": 2}
    assert HeatmapView(grid((3, 2, 4), ("step", "layer", "head")), selection=chosen).selection == chosen


def test_rows_and_columns_without_a_number_are_left_out():
    values = np.full((2, 3, 4), np.nan, np.float32)
    values[0, 1, 3], values[1, 2, 3] = 0.5, 0.75
    tokens = np.array([list("abcd"), list("efgh")])
    like = grid((2, 3, 4), ("batch", "layer", "pos"), pos_token=(("batch", "pos"), tokens)).to_dataset()
    view = HeatmapView(_of(like.assign(score=like.score.copy(data=values))), control=np.ones((3, 4)))
    assert dict(view.choices()) == {"batch": [0, 1], "layer": [1, 2, None], "pos": [3, None]}
    np.testing.assert_array_equal(sent(view), values[:, 1:, 3:])
    assert view._data["variables"]["control"]["values"]["shape"] == [2, 2, 1]
    assert view._data["axes"][-1]["texts"] == [["d"], ["h"]]


def test_any_labels_select():
    view = HeatmapView(composition())
    view.selection = {"composition": "V", "sender": "L0.H1"}
    assert view.selection == {"composition": "V", "sender": "L0.H1", "receiver": None}
    with pytest.raises(SelectionError, match=r"only Q, K, V in this view; got 'W'"):
        view.selection = {"composition": "W"}
    with pytest.raises(SelectionError, match="got None"):
        view.selection = {"composition": None}
    assert view.selection["composition"] == "V"


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (grid((4,), ("head",)), r"has 1 of the 2 axes it takes \(head 4\): use \.plot\(\)"),
        (grid().sel(layer=1, head=2), r"0 of the 2 axes it takes \(none\)"),
        (
            grid((3, 1500, 1500), ("step", "a", "b")),
            r"6,750,000 cells .*up to 4,000,000: choose with \.sel\(a=\[…\]\)",
        ),
        ([1, 2], "result must be a Result with two axes or more, .*; got a list"),
        (None, "got None"),
        (grid().sel(head=slice(7, 9)), r"has nothing to draw \(layer 2, head 0\)"),
    ],
)
def test_what_is_no_heat_map_is_refused(result, message):
    with pytest.raises((ResultError, WrongKind), match=message):
        HeatmapView(result)


def test_an_axis_of_one_label_may_be_a_row():
    view = HeatmapView(grid((1, 3), ("layer", "pos")))
    assert view._data["variables"]["values"]["values"]["shape"] == [1, 3]
    view.selection = {"layer": 0, "pos": 2}
    assert said(view) == "L0, pos 2 · 0.95"


def test_everything_is_sent_at_once_as_it_is():
    result = grid((3, 2, 4), ("step", "layer", "head"), missing=0.3)
    view = HeatmapView(result)
    np.testing.assert_array_equal(sent(view), result.values)
    before = view._data
    view.selection = {"step": 0}
    assert view._data is before


def test_tokens_are_labels_of_their_prompt():
    tokens = np.array([["<bos>", " a"], ["<bos>", "<script>"]])
    result = grid((2, 3, 2), ("batch", "layer", "pos"), pos_token=(("batch", "pos"), tokens))
    view = HeatmapView(result)
    axis = view._data["axes"][-1]
    assert (axis["texts"], axis["by"], axis["tokens"]) == (tokens.tolist(), "batch", True)
    view.selection = {"batch": 1, "layer": 2, "pos": 1}
    assert said(view) == "Batch 1 · L2, pos 1 <script> · 0.95"
    one = grid((3, 2), ("layer", "pos"), pos_token=("pos", [" a\n", "b"]))
    assert HeatmapView(one)._data["axes"][-1]["texts"] == [" a\n", "b"]


@pytest.mark.parametrize("dims", [("batch", "pos"), ("layer", "batch", "pos")])
def test_tokens_that_differ_from_row_to_row_label_no_column(dims):
    tokens = np.array([["<bos>", " a"], ["<bos>", " b"]])
    view = HeatmapView(grid((2,) * len(dims), dims, pos_token=(("batch", "pos"), tokens)))
    axis = view._data["axes"][-1]
    assert (axis["texts"], axis["by"], axis["tokens"]) == (["0", "1"], None, False)
    view.selection = {"batch": 1, "pos": 1}
    assert "atch 1, pos 1 · " in said(view)
    assert view.png()


def test_layers_and_heads_have_their_letters_and_others_their_labels():
    axes = HeatmapView(grid((2, 2), labels={"layer": [5, 9]}))._data["axes"]
    assert [axis["texts"] for axis in axes] == [["L5", "L9"], ["H0", "H1"]]
    assert [axis["labels"] for axis in axes] == [[5, 9], [0, 1]]
    odd = HeatmapView(grid((2, 2), ("layer", "pos"), labels={"pos": [0.5, 1.0]}))._data["axes"][-1]
    assert odd["labels"] == ["0.5", 1]


def test_the_sentence_says_the_cell_or_the_largest():
    result = grid((2, 2, 4), ("step", "layer", "head"))
    view = HeatmapView(result, control=np.full((2, 4), 0.02))
    assert said(view) == "Step 100 · largest: L1.H3 · 0.95 (untrained: 0.02)"
    view.selection = {"step": 0, "layer": 0, "head": 1}
    assert said(view) == f"Step 0 · L0.H1 · {result.values[0, 0, 1]:.2f} (untrained: 0.02)"
    view.selection = {"head": None}
    best = int(result.values[0, 0].argmax())
    assert (
        said(view)
        == f"Step 0 · largest in L0: L0.H{best} · {result.values[0, 0, best]:.2f} (untrained: 0.02)"
    )
    view.selection = {"layer": None, "head": 2}
    assert " largest in H2: L" in said(view)
    empty = grid().to_dataset() * np.nan
    assert "no numbers here" in said(HeatmapView(_of(empty))).lower()


def test_the_sentence_says_beside_an_excess_what_it_is_the_difference_of():
    whole = grid((2, 2, 4), ("step", "layer", "head")).to_dataset()
    parts = {"excess": whole.score - 0.125, "score": whole.score, "control": whole.score * 0 + 0.125}
    units = {name: data.assign_attrs(units="mean attention") for name, data in parts.items()}
    result = _of(whole.assign(units), "excess")
    view = HeatmapView(result, control=np.full((2, 4), 0.02), selection={"layer": 1, "head": 3})
    assert said(view) == "Step 100 · L1.H3 · 0.82 (score 0.95, its control 0.13; untrained: 0.02)"
    assert "its control" not in said(HeatmapView(_of(whole.assign(units), "score")))
    assert "its control" not in said(HeatmapView(result - 0.1))


def _of(dataset, primary="score"):
    like = grid()
    return mi.Result(
        kind="head_scores",
        title="x",
        dataset=dataset,
        primary=primary,
        unit="nats",
        source="",
        provenance=like.provenance,
    )


def test_the_header_warns_of_the_numbers_and_of_the_control():
    view = HeatmapView(grid(warnings=("a",)), control={"shuffled": grid(warnings=("a", "b"))})
    assert view._header["warnings"] == ["a", "b"]
    view.show(grid(warnings=("c",)), control=np.zeros((2, 4)))
    assert view._header["warnings"] == ["c"]


def test_the_control_has_the_same_colours():
    view = HeatmapView(grid(unit="nats"), control=np.full((2, 4), -2.0))
    assert view._data["variables"]["values"]["map"] == "diverging"
    for which in ("values", "control"):
        assert (
            view._data["variables"][which]["values"]["min"],
            view._data["variables"][which]["values"]["max"],
        ) == (-2, 2)


def test_a_control_may_say_what_it_is():
    untrained = grid(seed=4)
    view = HeatmapView(grid(), control={"shuffled": untrained})
    assert view._data["derived"]["control_name"] == "shuffled"
    assert "(shuffled: " in said(view)
    stepped = HeatmapView(grid((3, 2, 4), ("step", "layer", "head")), control=untrained)
    assert stepped._data["variables"]["control"]["values"]["shape"] == [3, 2, 4]
    with pytest.raises(
        ResultError, match=r"control has shape \(4, 2\), but what it is compared with has \(2, 4\)"
    ):
        HeatmapView(grid(), control=np.zeros((4, 2)))
    with pytest.raises(ResultError, match=r"one control.*got 2: a, b"):
        HeatmapView(grid(), control={"a": untrained, "b": untrained})


def test_heads_are_switched_off_where_cells_are_heads():
    view = HeatmapView(grid((3, 2, 4), ("step", "layer", "head")))
    view.set_state({"_ablated": [[1, 3]]})
    assert view.intervention == mi.stack(mi.ablate(at.z[1, 3]))
    again = HeatmapView(grid(), intervention=view.intervention)
    assert again._ablated == [[1, 3]]
    with pytest.raises(ResultError, match="are not heads: they are sender and receiver"):
        HeatmapView(composition(), intervention=mi.ablate(at.z[1, 3]))


def test_code_leaves_heads_out_that_are_no_longer_shown():
    view = HeatmapView(grid(), intervention=mi.ablate(at.z[1, 3]))
    view.show(composition())
    assert "intervention" not in view.code()
    view.show(grid())
    assert "at.z[1, 3]" in view.code()


def test_code_has_every_number_of_a_control_and_leaves_out_what_is_too_long():
    control = np.array([[np.nan, np.inf, 1.23456e-6, 0]] * 2)
    code = HeatmapView(grid(), control=control).code()
    made = {"nan": None}
    exec(f"control = {code[code.index('control=') + 8 : code.index(']]') + 2]}", made)
    np.testing.assert_array_equal(made["control"], [[np.nan, np.inf, 1.235e-6, 0]] * 2)
    large = HeatmapView(grid((100, 100)), control=np.zeros((100, 100))).code()
    assert "control = ...  # bring yours: 100 x 100 numbers" in large
    assert "control=control" in large


def test_code_makes_the_same_view():
    view = HeatmapView(
        grid(),
        selection={"layer": 1},
        control={"half": np.full((2, 4), 0.5)},
        intervention=mi.ablate(at.z[1, 3]),
    )
    assert view._code == view.code()
    view.selection = {"head": 2}
    assert view._code == view.code()
    call = view.code()[len(grid().code()) :]
    made = {"result": grid(), "mi": mi, "at": at}
    exec(call, made)
    again = made["view"]
    assert (again.selection, again.intervention) == (view.selection, view.intervention)
    assert again._data["derived"]["control_name"] == "half"
    np.testing.assert_array_equal(sent(again), sent(view))


def test_code_computes_a_control_that_is_a_result():
    untrained = grid(call="mi.head_scores(model.untrained(), 'induction')")
    code = HeatmapView(grid(), control=untrained).code()
    assert "untrained = model.untrained()\ncontrol = mi.head_scores(untrained, 'induction')\n" in code
    assert "control=control" in code
    assert code.count("mi.load") == 1


def test_repr_is_the_same_every_time():
    view = HeatmapView(grid((3, 2, 4), ("step", "layer", "head")), selection={"layer": 1, "head": 3})
    wanted = "HeatmapView(induction-2l, Induction score: step 3, layer 2, head 4; selected step 200, layer 1, head 3)"
    assert repr(view) == wanted
    data, _ = view._repr_mimebundle_()
    assert data["text/plain"] == wanted
    assert set(data) == {"text/plain", "image/png", "application/vnd.jupyter.widget-view+json"}


@pytest.mark.parametrize(
    "result",
    [
        grid(),
        grid((1, 1)),
        grid((12, 12), signed=True, missing=0.2),
        grid((144, 144), ("a", "b")),
        grid((1, 700), ("layer", "pos"), signed=True),
        grid((900, 2), ("pos", "head")),
        composition(),
        grid((2, 2), ("layer", "pos"), pos_token=("pos", ["</script><img src=x>", " 東京\n"])),
    ],
    ids=lambda result: " x ".join(map(str, result.values.shape)),
)
def test_the_picture_is_a_small_png(result):
    image, size = image_of(HeatmapView(result))
    assert size < 60_000
    assert 300 < image.width < 900
    assert image.height < 800
    assert image.getpixel((2, 2)) == (255, 255, 255)


def test_the_picture_shows_its_cells():
    low, high = (image_of(HeatmapView(_of(grid().to_dataset() * 0 + x)))[0] for x in (0.0, 1.0))
    dark = [(np.asarray(image).astype(int) < [30, 75, 140]).all(-1).sum() for image in (low, high)]
    assert dark[1] - dark[0] > 5000  # eight dark cells


def test_a_signed_picture_that_is_made_smaller_loses_no_negative_cell():
    values = np.zeros((1, 2000), np.float32)
    values[0, 1001] = -1
    dataset = grid((1, 2000), ("layer", "pos")).to_dataset()
    dataset["score"] = (("layer", "pos"), values)
    image, _ = image_of(HeatmapView(_of(dataset)))
    cells = np.asarray(image).astype(int)[40:110]  # without the colour bar
    assert ((cells[..., 2] > 90) & (cells[..., 0] < 40)).any()


def test_show_draws_another_result_and_keeps_what_it_can():
    view = HeatmapView(
        grid((3, 2, 4), ("step", "layer", "head")), selection={"step": 100, "layer": 1, "head": 3}
    )
    view.show(grid((3, 2, 2), ("step", "layer", "head")))
    assert view.selection == {"step": 100, "layer": 1, "head": None}
    view.show(composition())
    assert view.selection == {"composition": "Q", "sender": None, "receiver": None}
    assert list(view._choices) == ["composition", "sender", "receiver"]


def test_results_of_models_have_it_as_their_view():
    model = mi.load("induction-2l")
    view = mi.head_scores(model, "induction").view(control=mi.head_scores(model.untrained(), "induction"))
    assert isinstance(view, HeatmapView)
    names = {}
    exec(view.code(), names)
    np.testing.assert_array_equal(sent(names["view"]), sent(view))
    assert "its control 0.00; untrained: 0.00)" in said(view)


def test_of_what_is_shown_anew_the_browser_hears_of_the_data_first(monkeypatch):
    view, sent = HeatmapView(grid((3, 2, 4), ("step", "layer", "head"))), []
    monkeypatch.setattr(view, "_send", lambda message, buffers=None: sent.append(message.get("state", {})))
    view.show(grid((2, 2, 4), ("step", "layer", "head")))
    [state] = [state for state in sent if "_data" in state]
    assert next(iter(state)) == "_data"
    assert {"selection", "_choices"} <= state.keys()


def test_an_array_is_no_label():
    view = HeatmapView(grid())
    with pytest.raises(SelectionError, match=r"selection\['layer'\] can be 0 to 1 in this view; got array"):
        view.selection = {"layer": np.array([0, 1])}
    assert view.selection["layer"] is None


def test_a_selection_is_set_as_a_whole():
    view = HeatmapView(grid())
    for change in (lambda chosen: chosen.update(layer=99), lambda chosen: chosen.__setitem__("layer", 1)):
        with pytest.raises(SelectionError, match=r'set as a whole, as in view\.selection = {"layer": 1}'):
            change(view.selection)
    assert view.selection == {"layer": None, "head": None}
    copied = deepcopy(view.selection)
    copied["layer"] = 1  # is one's own
    view.selection = copied
    assert view.selection == {"layer": 1, "head": None}
