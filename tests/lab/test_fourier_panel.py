"""The panel takes frequencies out, says what that costs, and its code does the same."""

import base64
import threading

import numpy as np
import pytest

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.core.errors import MIError, SelectionError
from tests.analysis.adding_by_hand import neurons_of
from tests.conftest import small_transformer

P = 59


def answered(panel):
    assert panel.wait(20)
    assert panel.error == ""
    return panel


@pytest.fixture
def model():
    module = neurons_of(P, [4, 9])
    module.embed.W_E.mul_(0.5)  # circles smaller than the scale of an empty picture
    return mi.load(module)


def test_a_frequency_that_is_taken_out_is_gone_and_comes_back(model):
    panel = mi.FourierPanel(model, selection={"frequency": 9})
    whole = panel.view.result
    _, row, _ = panel.children
    switch, said = row.children
    assert (switch.description, switch.value, said.value) == ("Take frequency 9 out", False, "")
    assert panel.answer.layout.display == "none"
    switch.value = True
    assert answered(panel).ablated == (9,)
    assert switch.description == "Put frequency 9 back"
    assert panel.interventions == mi.stack(mi.fourier.project_out_frequency(model, 9))
    assert panel.answer.result.sel(frequency=9).values == pytest.approx(0, abs=1e-4)
    assert panel.answer.result.sel(frequency=4).values == pytest.approx(
        whole.sel(frequency=4).values, rel=1e-4
    )
    assert said.value.startswith("Without 9: loss 4.1 → 4.1, right ")
    assert panel.answer.layout.display == ""
    panel.view.selection = {"frequency": 4}
    assert (switch.description, switch.value) == ("Take frequency 4 out", False)
    assert panel.answer.selection["frequency"] == 4
    panel.ablated = (4, 9)
    answered(panel)
    assert switch.value
    assert panel.answer.result.values == pytest.approx(0, abs=1e-4)
    panel.ablated = ()
    answered(panel)
    assert (switch.value, said.value, panel.answer.layout.display) == (False, "", "none")
    assert panel.view.result is whole
    assert model.interventions == mi.stack()


def test_numpys_frequencies_are_plain_ones_and_truth_values_are_none(model):
    panel = mi.FourierPanel(model, ablated=np.array([4]))
    answered(panel)
    assert repr(panel.ablated) == "(4,)"
    assert panel.code() == answered(mi.FourierPanel(model, ablated=[4])).code()
    says = r"ablated takes frequencies from 1 to 29, each once; got \(True,\)"
    with pytest.raises(SelectionError, match=says):
        panel.ablated = (True,)
    assert panel.ablated == (4,)


def test_its_code_is_that_of_what_is_shown(model):
    panel = mi.FourierPanel(model)
    assert panel.code() == panel.view.code()
    panel.ablated = (4,)
    assert "with model.intervene(mi.stack(mi.project_out(at.embed, " in answered(panel).code()


def test_what_was_active_when_it_was_made_holds_and_what_is_active_later_does_not(model):
    with model.intervene(mi.ablate(at.mlp_post[0])):
        panel = mi.FourierPanel(model)
        panel.ablated = (4,)
        first = answered(panel).answer.result.provenance.interventions
    with model.intervene(mi.scale(at.mlp_out[0], 2.0)):
        panel.ablated = (9,)
    for made, k in ((first, 4), (answered(panel).answer.result.provenance.interventions, 9)):
        assert made == mi.stack(mi.ablate(at.mlp_post[0]), mi.fourier.project_out_frequency(model, k))


def test_both_pictures_have_one_scale(model):
    panel = answered(mi.FourierPanel(model, ablated=(9,)))
    assert panel.answer.result.sel(frequency=9).values < 1e-3
    assert not panel.answer.result.dataset[["x", "y"]].sel(frequency=9).to_array().any()
    highest, reaches = (
        [view._data["derived"][s] for view in (panel.view, panel.answer)] for s in ("highest", "reaches")
    )
    assert highest[0] == pytest.approx(highest[1])
    assert [reach[3] for reach in reaches] == pytest.approx([0.5, 0.5])
    assert [reach[8] for reach in reaches] == pytest.approx([0.5, 0.5])


def test_readers_without_a_kernel_see_the_network_as_it_is_left(model):
    panel = mi.FourierPanel(model)
    data = panel._repr_mimebundle_()
    assert base64.b64decode(data["image/png"]) == panel.view.png()
    assert data["text/plain"].startswith("FourierPanel(FourierView(")
    panel.ablated = (9,)
    answered(panel)
    assert panel.png() == panel.answer.png() != panel.view.png()


def test_a_panel_is_linked_by_its_view(model):
    panel, view = mi.FourierPanel(model), mi.fourier.spectrum(model).view()
    mi.views.link(panel, view)
    panel.view.selection = {"frequency": 21}
    assert view.selection == {"frequency": 21}
    with pytest.raises(SelectionError, match=r"takes two or more views.*got Result 'Fourier"):
        mi.views.link(panel, view.result)


def test_a_frequency_that_is_not_there_is_named(model):
    panel = mi.FourierPanel(model)
    panel.ablated = (4,)
    for wrong in ((0,), (4, 4), (30,)):
        with pytest.raises(SelectionError, match="ablated takes frequencies from 1 to 29, each once; got"):
            panel.ablated = wrong
        assert panel.ablated == (4,)
    with pytest.raises(MIError, match="is no network for modular addition"):
        mi.FourierPanel(mi.load(small_transformer()))


def test_it_answers_off_the_thread_of_the_gesture_and_the_newest_wins(model, monkeypatch):
    panel = answered(mi.FourierPanel(model))
    run, begun, go_on, ran = type(model).run, threading.Event(), threading.Event(), []

    def slow(self, *args, **options):
        ran.append(threading.current_thread().name)
        begun.set()
        assert go_on.wait(20)
        return run(self, *args, **options)

    monkeypatch.setattr(type(model), "run", slow)
    panel.ablated = (4,)
    assert begun.wait(20)
    for out in ((9,), (4, 9), (9,)):
        panel.ablated = out
    go_on.set()
    answered(panel)
    assert set(ran) == {"mi_widgets.Latest"}
    assert panel.answer.result.provenance.interventions == mi.stack(
        mi.fourier.project_out_frequency(model, 9)
    )
    assert panel.children[1].children[1].value.startswith("Without 9: ")


def test_what_goes_wrong_is_said_in_the_panel_and_it_goes_on(model, monkeypatch):
    panel = answered(mi.FourierPanel(model))
    monkeypatch.setattr(type(model), "run", lambda *_, **__: 1 / 0)
    panel.ablated = (4,)
    assert panel.wait(20)
    assert panel.error == panel.children[1].children[1].value == "ZeroDivisionError: division by zero"
    monkeypatch.undo()
    panel.ablated = (9,)
    assert answered(panel).children[1].children[1].value.startswith("Without 9: ")
