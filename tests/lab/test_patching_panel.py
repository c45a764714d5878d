"""A click puts the patch in place: what the panel says is what the model says by hand."""

import threading
import time

import numpy as np
import pytest

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.analysis.patching import activation
from mi_widgets.core.errors import PromptError
from tests.analysis.route_by_hand import AT_LETTER, AT_SECOND, PAIR, PAIRS, route
from tests.conftest import small_transformer
from tests.model.letters import letters


@pytest.fixture(scope="module")
def by_hand():
    return route()


def said(panel):
    assert panel.wait(20)
    return {line.name: line for line in panel.says.lines}


def test_a_selected_cell_is_a_patch_that_the_model_goes_on_under(by_hand):
    panel = mi.PatchingPanel(by_hand, PAIRS, max_new_tokens=1)
    lines = said(panel)
    assert list(lines) == ["clean", "corrupted"]
    assert (lines["clean"].continuation, lines["corrupted"].continuation) == ("a", "b")
    panel.view.selection = {"layer": 1, "pos": AT_SECOND}
    patched = said(panel)["patched at.resid_pre[1].pos(2)"]
    assert (patched.continuation, patched.writing, patched.prompt) == ("a", False, PAIR.corrupted)
    assert patched.likely[0] == ("a", pytest.approx(1, abs=1e-4))
    panel.view.selection = {"layer": 1, "pos": AT_LETTER}
    assert said(panel)["patched at.resid_pre[1].pos(1)"].continuation == "b"
    assert len(panel.interventions) == 1
    panel.view.selection = {"layer": None, "pos": None}
    assert list(said(panel)) == ["clean", "corrupted"]
    assert panel.interventions == mi.stack()


def test_what_it_says_is_what_the_model_says_by_hand():
    model = mi.load(small_transformer(7, n_layers=3), tokenizer=letters())
    pair = mi.PromptPair("abcd", "xbcd", ("e", "f"))
    with model.intervene(mi.scale(at.mlp_out[0], 0.5)):
        panel = mi.PatchingPanel(model, pair, at.z, max_new_tokens=6, selection={"layer": 1, "head": 2})
        clean = model.run(pair.clean, keep=[at.z])
        with model.intervene(mi.patch(at.z[1, 2], clean)):
            by_hand = model.generate(pair.corrupted, max_new_tokens=6)
            likely = model.run(pair.corrupted).next_tokens(5)
    # After the block the panel holds what was active when it was made.
    line = said(panel)["patched at.z[1, 2]"]
    assert line.continuation == by_hand.text
    assert np.allclose([p for _, p in line.likely], likely.values[0], atol=1e-5)


def test_its_code_says_the_same(by_hand, capsys):
    panel = mi.PatchingPanel(by_hand, PAIR, max_new_tokens=1, selection={"layer": 1, "pos": AT_SECOND})
    names = {"mi": mi, "at": at, "model": by_hand}
    lines = panel.code().splitlines()
    exec("\n".join(lines[lines.index(next(line for line in lines if line.startswith("result ="))) :]), names)
    assert capsys.readouterr().out.strip() == "bc?a"
    assert repr(panel) == (
        "PatchingPanel(PatchingView(Transformer, Activation patching at resid_pre: layer 3, pos 4; "
        "selected layer 1, pos 2))"
    )
    assert panel._repr_mimebundle_()["image/png"]


def test_its_code_holds_what_was_active_and_heads_that_were_switched_off(capsys):
    model = mi.load(small_transformer(7, n_layers=3), tokenizer=letters())
    with model.intervene(mi.scale(at.mlp_out[0], -3)):
        panel = mi.PatchingPanel(model, mi.PromptPair("abcd", "xbcd", ("e", "f")), at.z, max_new_tokens=6)
    panel.view.selection = {"layer": 1, "head": 2}
    panel.view.intervention = mi.ablate(at.z[0, 1])
    line = said(panel)["patched at.z[1, 2], without at.z[0, 1]"]
    code = panel.code().partition("\nmodel = ...")[2].partition("\n")[2].partition("\n")[2]
    exec(code, {"mi": mi, "at": at, "model": model})
    assert capsys.readouterr().out.removesuffix("\n") == "xbcd" + line.continuation
    panel.view.selection = {"layer": None, "head": None}
    assert list(said(panel)) == ["clean", "corrupted", "without at.z[0, 1]"]


def test_an_error_is_shown_where_it_happened(by_hand, monkeypatch):
    panel = mi.PatchingPanel(by_hand, PAIR, max_new_tokens=1)
    assert panel.wait(20)
    monkeypatch.setattr(type(by_hand), "generate", lambda *_, **__: 1 / 0)
    panel.view.selection = {"layer": 0, "pos": 0}
    assert said(panel)["patched at.resid_pre[0].pos(0)"].error.startswith("ZeroDivisionError")
    monkeypatch.undo()
    panel.view.selection = {"layer": 1, "pos": AT_SECOND}
    assert said(panel)["patched at.resid_pre[1].pos(2)"].continuation == "a"


@pytest.fixture
def slowly(monkeypatch):
    """Cells of a grid come slowly until this is set."""
    go_on, run = threading.Event(), activation.filling

    def filling(*args, **options):
        for cells in run(*args, **options):
            go_on.wait(0.3)
            yield cells

    monkeypatch.setattr(activation, "filling", filling)
    yield go_on
    go_on.set()


def until(true):
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_the_picture_is_there_at_once_and_fills_while_a_selection_is_answered(by_hand, slowly):
    panel = mi.PatchingPanel(by_hand, PAIRS, max_new_tokens=1)
    view = panel.view
    assert np.isnan(view.result.values).all()
    assert view._header["progress"] == "0 / 12 cells"
    assert view.choices() == {"layer": [0, 1, 2, None], "pos": [0, 1, 2, 3, None]}
    assert panel._repr_mimebundle_()["image/png"]
    until(lambda: view._header["progress"] != "0 / 12 cells")
    known = 12 - int(np.isnan(view.result.values).sum())
    assert 0 < known < 12
    panel.view.selection = {"layer": 1, "pos": AT_SECOND}
    until(lambda: "patched at.resid_pre[1].pos(2)" in {line.name for line in panel.says.lines})
    assert np.isnan(view.result.values).any()
    assert not panel.wait(0)
    slowly.set()
    assert said(panel)["patched at.resid_pre[1].pos(2)"].continuation == "a"
    whole = mi.activation_patching(by_hand, PAIRS, at.resid_pre)
    assert view.result.dataset.identical(whole.dataset)
    assert view.result.code() == whole.code()
    assert view._header["progress"] == ""
    assert view.selection == {"layer": 1, "pos": AT_SECOND}


def test_it_can_be_stopped_and_goes_on_where_it_was(by_hand, slowly):
    panel = mi.PatchingPanel(by_hand, PAIR, max_new_tokens=1)
    until(lambda: panel.view._header["progress"] == "2 / 12 cells")
    panel.stop()
    assert panel.wait(20)
    known = int((~np.isnan(panel.view.result.values)).sum())
    assert 2 <= known < 12
    slowly.set()
    panel.view.selection = {"layer": 0, "pos": 0}
    assert list(said(panel)) == ["clean", "corrupted", "patched at.resid_pre[0].pos(0)"]
    whole = mi.activation_patching(by_hand, PAIR, at.resid_pre)
    assert panel.view.result.dataset.identical(whole.dataset)


def test_what_goes_wrong_with_the_effects_is_said_and_patches_are_answered(by_hand):
    same = mi.PromptPair(PAIR.clean, PAIR.clean, PAIR.answers)
    panel = mi.PatchingPanel(by_hand, same, max_new_tokens=1)
    lines = said(panel)
    assert list(lines) == ["clean", "corrupted", "effects"]
    assert panel.error == lines["effects"].error
    assert "no difference of which a patch could bring back a part" in panel.error
    panel.view.selection = {"layer": 1, "pos": AT_SECOND}
    assert said(panel)["patched at.resid_pre[1].pos(2)"].continuation == "a"
    assert panel.error.startswith("The metric is ")


@pytest.mark.parametrize("wrong", [ValueError, SystemExit, KeyboardInterrupt])
def test_after_an_error_the_effects_go_on_with_the_cell_that_failed(by_hand, wrong):
    failing, cells = threading.Event(), []
    failing.set()

    def metric(logits, answers):
        cells.append(len(logits))
        if failing.is_set() and len(cells) > 8:  # clean and corrupted are measured too
            raise wrong("not now")
        return mi.metrics.logit_diff(logits, answers)

    panel = mi.PatchingPanel(by_hand, PAIR, metric=metric, max_new_tokens=1)
    told = f"{wrong.__name__}: not now"
    assert said(panel)["effects"].error == panel.error == told
    before = panel._patching.done
    assert 0 < before < 12
    panel.view.selection = {
        "layer": 1,
        "pos": AT_SECOND,
    }  # still wrong: said again, and the patch is answered
    lines = said(panel)
    assert lines["effects"].error == told
    assert lines["patched at.resid_pre[1].pos(2)"].continuation == "a"
    assert panel._patching.done == before
    failing.clear()
    cells.clear()
    panel.retry()
    assert "effects" not in said(panel)
    assert panel.error == ""
    assert len(cells) == 12 - before + 3  # what was measured is not run again, but for the ends
    whole = mi.activation_patching(by_hand, PAIR, at.resid_pre)
    np.testing.assert_array_equal(panel.view.result.values, whole.values)


def test_several_batches_go_on_after_an_error(by_hand):
    calls, failed = 0, 0

    def metric(logits, answers):
        nonlocal calls
        calls += 1
        if calls % 9 == 0:
            raise ValueError("not now")
        return mi.metrics.logit_diff(logits, answers)

    patching = activation.ActivationPatching(
        by_hand, PAIRS, at.resid_pre, metric, activation.Axes(), batch_size=1
    )
    while patching.done < patching.size:
        done = patching.done
        try:
            for now in patching.fill():
                assert now == (done := done + 1)
        except ValueError:
            failed += 1
    assert failed > 2
    assert done == patching.size == 12 * len(PAIRS)
    whole = mi.activation_patching(by_hand, PAIRS, at.resid_pre)
    np.testing.assert_allclose(patching.result().values, whole.values, atol=1e-5)


def test_a_closed_panel_computes_no_more(by_hand, slowly):
    panel = mi.PatchingPanel(by_hand, PAIRS[0], "resid_pre")
    until(lambda: panel._patching.done)
    panel.close()
    assert panel.wait(5)
    assert panel._patching.done < panel._patching.size


def test_one_axis_is_no_picture_of_cells(by_hand):
    says = r"^mi\.PatchingPanel: a cell has a row and a column, so by= takes two axes; got \('layer',\)\."
    with pytest.raises(mi.errors.SiteError, match=says):
        mi.PatchingPanel(by_hand, PAIR, by=("layer",))


def test_an_iterator_of_pairs_is_read_once(by_hand):
    panel = mi.PatchingPanel(by_hand, (pair for pair in PAIRS), max_new_tokens=1)
    assert list(said(panel)) == ["clean", "corrupted"]
    whole = mi.activation_patching(by_hand, PAIRS, at.resid_pre)
    assert panel.view.result.dataset.identical(whole.dataset)
    assert panel.view.result.code() == whole.code()
    with pytest.raises(PromptError, match="No pairs"):
        mi.PatchingPanel(by_hand, iter([]))


def test_the_view_says_which_site_a_cell_is(by_hand):
    view = mi.path_patching(by_hand, PAIR).view(selection={"layer": 2, "head": 0})
    assert isinstance(view, mi.views.PatchingView)
    assert view.site == at.z[2, 0]
    assert "view = mi.views.PatchingView(result, selection=" in view.code()
    view.selection = {"head": None}
    assert view.site is None
    signed = mi.activation_patching(by_hand, PAIR, at.resid_pre).view()
    assert signed._data["variables"]["values"]["map"] == "diverging"  # though no effect is negative
    alone = (
        mi.activation_patching(by_hand, PAIR, at.resid_pre)
        .sel(layer=[1])
        .view(selection={"layer": 1, "pos": 2})
    )
    assert alone.site == at.resid_pre[1].pos(2)


def test_the_code_of_a_panel_names_the_model_that_it_is_on():
    control = mi.load("atlas").untrained()
    texts = [f"For people in {state}, the capital of their state is" for state in ("Texas", "Ohio")]
    pair = mi.PromptPair(*texts, (" Austin", " Columbus"))
    panel = mi.PatchingPanel(control, pair, selection={"layer": 1, "pos": 2}, max_new_tokens=2)
    assert panel.wait(120)
    lines = panel.code().splitlines()
    assert "untrained = model.untrained()" in lines
    assert any(line.startswith("clean = untrained.run(") for line in lines)
    assert any(line.startswith("with untrained.intervene(mi.patch(") for line in lines)
    assert any(line.startswith("    print(untrained.generate(") for line in lines)
    panel.close()
