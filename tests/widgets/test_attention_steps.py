"""`AttentionView` of a Result with checkpoints of a training: the axis `step`."""

import numpy as np
import pytest

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.core.errors import ResultError, SelectionError
from mi_widgets.views import AttentionView

from .codes import dequantise
from .grids import grid
from .patterns import result

STEPS = (0, 100, 300, 2000)


def stepped(**options):
    return result(steps=STEPS, **options)


def sent(view, name):
    return view._data["variables"][name]["values"]


def codes(view):
    tensor = sent(view, "pattern")
    found = np.frombuffer(tensor["data"], tensor["dtype"]).reshape(tensor["shape"])
    return dequantise(found, low=0, high=1)


def test_steps_are_a_key_of_the_selection():
    view = AttentionView(stepped())
    assert list(view.selection) == ["step", "batch", "layer", "head", "query", "key"]
    assert view.selection["step"] == 2000
    view.selection = {"step": 300}
    with pytest.raises(SelectionError, match=r"selection\['step'\] can be only 0, 100, 300, 2000.*got 200"):
        view.selection = {"step": 200}
    assert view.selection["step"] == 300
    assert AttentionView(stepped(), selection={"step": 0}).selection["step"] == 0
    assert "step 300, 12 tokens" in repr(view)
    assert "step" not in AttentionView(stepped().sel(step=300)).selection


def test_all_steps_are_sent_at_once():
    view = AttentionView(stepped(n_batch=2))
    data = view._data
    assert data["axes"][0]["labels"] == list(STEPS)
    assert data["derived"]["step"] is None
    assert sent(view, "thumbnails")["shape"] == [4, 2, 4, 12, 12]
    np.testing.assert_allclose(codes(view), view.result.values[:, 0], atol=1e-4)
    view.selection = {"step": 100}
    assert view._data is data
    view.selection = {"batch": 1}
    assert view._data["derived"]["batch"] == 1


def test_steps_that_are_too_many_are_sent_one_by_one():
    view = AttentionView(stepped(n_tokens=300, n_heads=6))  # 4.3 million codes
    assert view._data["derived"]["step"] == 2000
    assert sent(view, "thumbnails")["shape"] == [2, 6, 48, 48]
    view.selection = {"step": 100}
    assert view._data["derived"]["step"] == 100
    np.testing.assert_allclose(codes(view), view.result.values[1, 0], atol=0.003)


def test_a_head_is_answered_for_its_step():
    view = AttentionView(stepped(n_tokens=700, n_heads=4))
    assert sent(view, "pattern")["shape"] == [700, 700]
    found = []
    view.send = lambda content, buffers=None: found.append((content, buffers))
    view._handle_custom_msg({"ask": "head", "id": 1, "step": 0, "batch": 0, "layer": 1, "head": 3}, [])
    content, (data,) = found.pop()
    assert content["step"] == 0
    values = dequantise(np.frombuffer(data, content["tensor"]["dtype"]).reshape(700, 700), low=0, high=1)
    np.testing.assert_allclose(values, view.result.values[0, 0, 1, 3], atol=0.003)


def test_scores_may_be_those_of_each_step():
    scores = np.zeros((4, 2, 4))
    scores[0, 0, 1], scores[3, 1, 2] = 0.9, 0.8
    view = AttentionView(stepped(), scores={"x": (scores, np.full((2, 4), 0.1))})
    assert (view.selection["layer"], view.selection["head"]) == (1, 2)
    assert AttentionView(stepped(), scores={"x": scores}, selection={"step": 0}).selection["head"] == 1
    assert sent(view, "score 0")["shape"] == sent(view, "control 0")["shape"] == [4, 2, 4]
    assert sent(AttentionView(stepped(), scores={"x": scores[0]}), "score 0")["shape"] == [2, 4]
    with pytest.raises(ResultError, match=r"shape \(2, 4\) or \(4, 2, 4\)"):
        AttentionView(stepped(), scores={"x": scores[:2]})
    with pytest.raises(ResultError, match=r"has shape \(4, 2, 4\)"):
        AttentionView(result(), scores={"x": scores})


def test_scores_of_other_steps_are_refused():
    scores = grid((4, 2, 4), ("step", "layer", "head"))
    with pytest.raises(
        ResultError, match=r"measured at the steps 0, 100, 200, 300, but .* shows 0, 100, 300, 2000"
    ):
        AttentionView(stepped(), scores={"x": scores})
    same = grid((4, 2, 4), ("step", "layer", "head"), labels={"step": STEPS})
    assert AttentionView(stepped(), scores={"x": same}).selection["head"] == 3


def test_code_and_picture_say_the_step():
    view = AttentionView(stepped(), selection={"step": 100})
    made = {"result": stepped(), "mi": mi, "at": at}
    exec(view.code()[len(stepped().code()) :], made)
    assert made["view"].selection == view.selection
    early = view.png()
    view.selection = {"step": 2000}
    assert view.png() != early


def test_show_takes_steps_up_and_leaves_them_out():
    view = AttentionView(result())
    view.selection = {"layer": 0, "head": 2}
    view.show(stepped())
    assert (view.selection["step"], view.selection["layer"], view.selection["head"]) == (2000, 0, 2)
    view.selection = {"step": 100}
    view.show(stepped(n_tokens=8))
    assert view.selection["step"] == 100
    view.show(result())
    assert "step" not in view.selection
    assert "step" not in view._choices
