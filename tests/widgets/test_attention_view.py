"""`AttentionView` in Python: what is selected, switched off, said and sent."""

import base64
import io
import re

import ipywidgets
import numpy as np
import pytest
import xarray as xr
from PIL import Image

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.core.errors import InterventionError, ResultError, SelectionError
from mi_widgets.core.results import Result
from mi_widgets.views import AttentionView
from tests.provenance import provenance_of

from .codes import dequantise
from .grids import grid
from .patterns import result


@pytest.fixture
def view():
    return AttentionView(result())


def key_tokens(view):
    """What the browser is told of the columns."""
    [axis] = [axis for axis in view._data["axes"] if axis["name"] == "key"]
    return axis["texts"]


def test_it_opens_on_the_head_and_row_that_look_elsewhere(view):
    assert view.selection["layer"] == 1
    assert view.selection["head"] == 3
    row = result().values[0, 1, 3, view.selection["query"]]
    assert row[1:].max() > 0.9


def test_the_first_token_is_the_first_that_is_no_padding():
    """Two heads of three tokens behind two of padding: one rests on the first token, one looks at the second."""
    pattern = np.full((1, 1, 2, 6, 6), np.nan, np.float32)
    pattern[..., 2:, 2:] = np.tril(np.ones((4, 4))) / np.arange(1, 5)[:, None]
    pattern[0, 0, 0, 5, 2:], pattern[0, 0, 1, 5, 2:] = [1, 0, 0, 0], [0.2, 0.8, 0, 0]
    shown = AttentionView(of_tokens(pattern, ["", "", "a", "b", "c", "d"]))
    assert (shown.selection["head"], shown.selection["query"]) == (1, 5)


def of_tokens(pattern, tokens):
    axes = ("batch", "layer", "head", "query", "key")
    coords = {axis: range(n) for axis, n in zip(axes, pattern.shape, strict=True)}
    coords |= {f"{axis}_token": (("batch", axis), [tokens]) for axis in ("query", "key")}
    dataset = xr.Dataset({"pattern": (axes, pattern)}, coords=coords)
    known = result()
    return Result(
        kind="attention",
        title="Attention",
        dataset=dataset,
        primary="pattern",
        unit=known.unit,
        source=known.source,
        provenance=known.provenance,
    )


def test_it_opens_on_the_head_that_is_highest_in_the_first_score():
    scores = np.zeros((2, 4))
    scores[0, 2] = 0.8
    assert (view := AttentionView(result(), scores={"x": scores})).selection["layer"] == 0
    assert view.selection["head"] == 2
    assert AttentionView(result(), scores={"x": scores * 0.01}).selection["head"] == 3


def test_a_selection_may_be_given_in_part():
    assert AttentionView(result(), selection={"layer": 0}).selection["layer"] == 0
    chosen = {"layer": 0, "head": 1, "query": 4, "key": 2}
    assert AttentionView(result(), selection=chosen).selection == {"batch": 0, **chosen}


def test_observers_hear_a_selection_once(view):
    heard = []
    view.observe(lambda change: heard.append(change.new), "selection")
    view.selection = {"head": 1, "query": np.int64(4)}
    view.selection = dict(view.selection)
    assert heard == [{"batch": 0, "layer": 1, "head": 1, "query": 4, "key": None}]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"head": 7}, r"selection\['head'\] can be 0 to 3 in this view; got 7"),
        ({"layer": -1}, r"0 to 1.*got -1"),
        ({"batch": 1}, r"only 0.*got 1"),
        ({"query": 12}, r"0 to 11.*got 12"),
        ({"key": "the"}, r"got 'the'"),
        ({"layer": None}, r"got None"),
        ({"head": True}, r"got True"),
        ({"row": 1}, r"no key 'row'; its keys are batch, layer, head, query, key"),
        ([1, 3], r"is a dictionary .* not \[1, 3\]"),
    ],
)
def test_a_wrong_selection_is_refused_and_changes_nothing(view, wrong, said):
    before = view.selection
    with pytest.raises(SelectionError, match=said):
        view.selection = wrong
    assert view.selection == before
    with pytest.raises(SelectionError):
        view.set_state({"selection": wrong})  # as the browser does it
    assert view.selection == before


def test_layers_keep_the_models_numbers():
    view = AttentionView(result(layers=(5, 9)))
    view.selection = {"layer": 9}
    with pytest.raises(SelectionError, match="only 5, 9"):
        view.selection = {"layer": 0}
    view.set_state({"_ablated": [[5, 2]]})
    assert list(view.intervention) == [mi.ablate(at.z[5, 2])]


def test_heads_switched_off_in_the_browser_are_an_intervention(view):
    heard = []
    view.observe(lambda change: heard.append(change.new), "intervention")
    assert view.intervention == mi.stack()
    view.set_state({"_ablated": [[1, 3], [0, 0]]})
    assert view.intervention == mi.stack(mi.ablate(at.z[1, 3]), mi.ablate(at.z[0, 0]))
    view.set_state({"_ablated": []})
    assert [len(value) for value in heard] == [2, 0]


def test_an_intervention_from_python_is_shown_and_kept(view):
    steer = mi.steer(at.resid_post[0], [1.0, 0.0], scale=2.0)
    view.intervention = mi.stack(mi.ablate(at.z[1, 3]), steer)
    assert view._ablated == [[1, 3]]
    assert view.intervention == mi.stack(mi.ablate(at.z[1, 3]), steer)
    view.set_state({"_ablated": [[1, 3], [0, 1]]})
    assert view.intervention == mi.stack(steer, mi.ablate(at.z[1, 3]), mi.ablate(at.z[0, 1]))
    view.intervention = mi.ablate(at.z[0, 2])
    assert view._ablated == [[0, 2]]
    assert view.intervention == mi.stack(mi.ablate(at.z[0, 2]))


def test_what_is_no_intervention_is_refused_and_changes_nothing(view):
    view.intervention = mi.ablate(at.z[0, 2])
    with pytest.raises(InterventionError):
        view.intervention = "ablate"
    assert view.intervention == mi.stack(mi.ablate(at.z[0, 2]))
    assert AttentionView(result(), intervention=view.intervention)._ablated == [[0, 2]]


def test_code_says_what_is_on_the_screen(view):
    view.selection = {"layer": 0, "head": 1, "query": None}
    assert view.code().splitlines()[-5:] == [
        "view = mi.views.AttentionView(",
        "    result,",
        "    selection={'batch': 0, 'layer': 0, 'head': 1, 'query': None, 'key': None},",
        ")",
        "view",
    ]
    view.intervention = mi.ablate(at.z[1, 3])
    scored = AttentionView(
        result(),
        scores={"induction": (np.eye(2, 4), {"shuffled": np.zeros((2, 4))})},
        intervention=view.intervention,
    )
    for shown in (view, scored):
        assert shown._code == shown.code()
        *before, _ = shown.code().splitlines()
        call = "\n".join(before)[len(result().code()) :]
        made = {"result": result(), "mi": mi, "at": at}
        exec(call, made)
        again = made["view"]
        assert (again.selection, again.intervention) == (shown.selection, shown.intervention)
        assert [score.name for score in again._drawn.scores] == [score.name for score in shown._drawn.scores]


def test_code_of_scores_that_are_results_computes_them():
    class Score:
        values = np.zeros((2, 4))

        record = provenance_of("mi.head_scores(model)", model="induction-2l").record

    code = AttentionView(result(), scores={"previous token": Score()}).code()
    assert "previous_token_scores = mi.head_scores(model)" in code
    assert '"previous token": previous_token_scores' in code
    assert code.count("import mi_widgets as mi") == 1
    assert code.count("mi.load") == 1


def test_code_of_scores_of_nearly_the_same_name_keeps_them_apart():
    class Score:
        def __init__(self, call):
            self.values, self.record = np.zeros((2, 4)), provenance_of(call).record

    scores = {"to be": Score("one()"), "to-be": (Score("two()"), Score("three()"))}
    code = AttentionView(result(), scores=scores).code()
    assert "to_be_scores = one()\nto_be_scores_2 = two()\n" in code.replace("to_be_control = three()\n", "")
    assert '"to be": to_be_scores, "to-be": (to_be_scores_2, to_be_control)' in code.replace("\n", " ")


def test_scores_of_another_shape_are_refused():
    with pytest.raises(ResultError, match=r"scores\['x'\] has shape \(4, 2\).*2 layers x 4 heads"):
        AttentionView(result(), scores={"x": np.zeros((4, 2))})


def test_the_header_warns_of_the_patterns_and_of_the_scores():
    scores = {"x": grid(warnings=("b",)), "y": (np.zeros((2, 4)), {"shuffled": grid(warnings=("a", "c"))})}
    view = AttentionView(result(warnings=("a",)), scores=scores)
    assert view._header["warnings"] == ["a", "b", "c"]
    view.show(result(warnings=("d",)))
    assert view._header["warnings"] == ["d", "b", "a", "c"]


def test_repr_is_the_same_every_time(view):
    said = "AttentionView(induction-2l, 12 tokens, 2 layers x 4 heads, selected layer 1 head 3)"
    assert repr(view) == said
    data, _ = view._repr_mimebundle_()
    assert data["text/plain"] == said
    assert "application/vnd.jupyter.widget-view+json" in data
    assert "text/html" not in data


@pytest.mark.parametrize(
    "case",
    [
        {},
        {"n_tokens": 1, "layers": (0,), "n_heads": 1},
        {"n_tokens": 90, "n_heads": 12},
        {"n_tokens": 420, "layers": (0,)},
        {"padded": 5, "n_batch": 2},
        {"n_tokens": 4, "tokens": ["</script><img src=x onerror=alert(1)>", " 東京", "\n\t", " Привет"]},
    ],
)
def test_the_picture_is_a_small_png(case):
    view = AttentionView(result(**case), intervention=mi.ablate(at.z[0, 0]))
    data, _ = view._repr_mimebundle_()
    png = base64.b64decode(data["image/png"])
    image = Image.open(io.BytesIO(png)).convert("RGB")
    assert len(png) < 60_000
    assert 300 < image.width < 1400
    assert image.getpixel((2, 2)) == (255, 255, 255)


def test_the_picture_shows_the_bright_cells():
    data, _ = AttentionView(result(n_tokens=400))._repr_mimebundle_()
    image = np.asarray(Image.open(io.BytesIO(base64.b64decode(data["image/png"]))).convert("RGB"))
    assert (image.astype(int) < [30, 75, 140]).all(-1).sum() > 300  # dark blue: the diagonal is there


def test_padding_is_nan_on_the_wire_and_not_counted():
    view = AttentionView(result(padded=4, n_batch=2))
    assert "8 tokens" in repr(view)
    tensor = view._data["variables"]["pattern"]["values"]
    values = dequantise(
        np.frombuffer(tensor["data"], tensor["dtype"]).reshape(tensor["shape"]), low=0, high=1
    )
    np.testing.assert_allclose(values, view.result.values[0], atol=1e-4, equal_nan=True)
    assert key_tokens(view)[-4:] == [""] * 4


def test_another_prompt_sends_another_picture():
    view = AttentionView(result(n_batch=3))
    view.selection = {"batch": 2}
    assert view._data["derived"]["batch"] == 2


def test_large_results_send_thumbnails_and_answer_for_the_rest():
    view = AttentionView(result(n_tokens=400, n_heads=16))
    assert view._data["derived"]["alone"] == {key: view.selection[key] for key in ("layer", "head")}
    assert view._data["variables"]["pattern"]["values"]["shape"] == [400, 400]
    assert view._data["variables"]["thumbnails"]["values"]["shape"] == [2, 16, 48, 48]
    sent = []
    view.send = lambda content, buffers=None: sent.append((content, buffers))
    question = {"ask": "head", "id": 3, "batch": 0, "layer": 0, "head": 5}
    view._handle_custom_msg(question, [])
    content, (data,) = sent.pop()
    assert content["answer"] == 3
    codes = np.frombuffer(data, content["tensor"]["dtype"]).reshape(400, 400)
    np.testing.assert_allclose(dequantise(codes, low=0, high=1), view.result.values[0, 0, 5], atol=0.003)


def test_a_question_that_fails_is_answered_with_the_error(view):
    sent = []
    view.send = lambda content, buffers=None: sent.append(content)
    view._handle_custom_msg({"ask": "head", "id": 1, "batch": 0, "layer": 77, "head": 0}, [])
    view._handle_custom_msg({"ask": "nothing", "id": 2}, [])
    view._handle_custom_msg({"something": "else"}, [])
    assert [message["answer"] for message in sent] == [1, 2]
    assert sent[0]["error"].startswith("KeyError: \"not all values found in index 'layer'")


def test_show_draws_another_result_and_keeps_what_it_can(view):
    view.selection = {"layer": 1, "head": 2, "query": 11, "key": 3}
    view.show(result(n_tokens=8))
    assert view.selection == {"batch": 0, "layer": 1, "head": 2, "query": view.selection["query"], "key": 3}
    assert view.selection["query"] < 8
    assert len(key_tokens(view)) == 8


def test_a_part_of_a_result_has_a_view():
    part = result().sel(layer=1)
    view = AttentionView(part)
    assert view.selection["layer"] == 1
    assert re.search(r"1 layers x 4 heads", repr(view))


def test_it_links_and_closes_like_any_widget(view):
    other = AttentionView(result())
    ipywidgets.link((view, "selection"), (other, "selection"))
    view.selection = {"head": 2}
    assert other.selection["head"] == 2
    box = ipywidgets.VBox([view, other])
    assert box.children == (view, other)
    view.close()
    assert view.comm is None


def test_show_refuses_what_its_scores_are_not_of():
    view = AttentionView(result(), scores={"x": np.zeros((2, 4))})
    before = view._data
    with pytest.raises(ResultError, match="2 layers x 6 heads"):
        view.show(result(n_heads=6))
    assert view._data is before
    assert view.result.values.shape[2] == 4
