"""What is typed is answered, and what is done to a latent is heard: against the model by hand."""

import threading

import numpy as np
import pytest

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.core.errors import DictionaryError, PromptError
from tests.conftest import small_transformer
from tests.core.dictionaries import random_sae
from tests.model.letters import letters
from tests.provenance import LOADED

TEXTS = ["abcd", "bcda", "hgfe", "aabb"]


@pytest.fixture
def model():
    return mi.load(small_transformer(7, n_layers=3), tokenizer=letters())


@pytest.fixture
def sae():
    return random_sae(d_in=32, d_sae=24, k=5, site=at.resid_post[1])


@pytest.fixture
def panel(model, sae):
    panel = mi.LatentsPanel(model, sae, prompt="abcd", max_new_tokens=4)
    assert panel.wait(20)
    return panel


def said(panel):
    assert panel.wait(20)
    return {line.name: line for line in panel.says.lines}


def test_a_text_is_answered_with_its_latents(model, sae, panel):
    assert panel.dashboard is None
    assert panel.view.result.dataset.equals(mi.sae.latents(model.run("abcd", keep=[sae.site]), sae).dataset)
    assert said(panel)["as it is"].continuation == model.generate("abcd", max_new_tokens=4).text
    panel.prompt = "hgfe"
    assert said(panel)["as it is"].prompt == "hgfe"
    assert panel.view.result.dataset.equals(mi.sae.latents(model.run("hgfe", keep=[sae.site]), sae).dataset)
    assert panel.view._said == {"error": "", "busy": False}


def test_ids_that_read_as_the_text_that_is_shown_are_run_in_its_place(model, sae, panel):
    """As those without the token that begins a text: what is shown says the same, what is run does not."""
    for prompt in (model.tokenize("abcd").ids[0, 1:].tolist(), "abcd"):
        panel.prompt = prompt
        lines = said(panel)
        assert panel.prompt == lines["as it is"].prompt == "abcd"
        assert panel.view.result.dataset.equals(
            mi.sae.latents(model.run(prompt, keep=[sae.site]), sae).dataset
        )
        assert lines["as it is"].continuation == model.generate(prompt, max_new_tokens=4).text
        code = panel.code()
        assert f".run({prompt!r}" in code
        assert f".generate({prompt!r}" in code


def test_what_is_done_to_a_latent_is_heard_beside_the_text_as_it_is(model, sae, panel):
    latent = panel.view.selection["latent"]
    panel.view.set_state({"_changes": [[latent, 40.0]]})
    lines = said(panel)
    assert list(lines) == ["as it is", f"latent {latent} at 40"]
    with model.intervene(mi.interventions.replace(at.latent(sae, latent), 40.0)):
        held = model.generate("abcd", max_new_tokens=4).text
        likely = model.run("abcd").next_tokens(5).values[0]
    line = lines[f"latent {latent} at 40"]
    assert line.continuation == held != lines["as it is"].continuation
    np.testing.assert_allclose([p for _, p in line.likely], likely, atol=1e-5)
    panel.interventions = mi.stack(mi.ablate(at.latent(sae, latent)), mi.scale(at.z[0, 1], 0.5))
    assert list(said(panel)) == ["as it is", f"latent {latent} out, changed at.z[0, 1]"]
    panel.reset()
    assert list(said(panel)) == ["as it is"]
    assert panel.view._changes == []


def test_the_latents_are_those_of_the_text_as_it_is(sae, panel):
    before = panel.view.result
    panel.interventions = mi.ablate(at.latent(sae, panel.view.selection["latent"]))
    said(panel)
    assert panel.view.result is before


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ("", "The prompt is empty"),
        (" \n", "The prompt is empty"),
        ("ab" * 30, "at most 40. Shorten it by 21"),
    ],
)
def test_a_text_that_cannot_be_taken_is_said_and_the_panel_goes_on(model, sae, panel, wrong, says):
    before = panel.view.result
    panel.prompt = wrong
    assert panel.wait(20)
    with pytest.raises(PromptError, match=says) as raised:
        model.run(wrong)
    assert panel.view._said == {"error": str(raised.value), "busy": False}
    assert panel.error == str(raised.value)
    assert panel.view.result is before
    panel.prompt = "abcd"
    assert panel.wait(20)
    assert panel.view._said == {"error": "", "busy": False}
    panel.prompt = "fgh"
    assert said(panel)["as it is"].prompt == "fgh"


def test_a_text_without_room_to_go_on_shows_its_latents(panel):
    panel.prompt = "abcd" * 9 + "abc"
    line = said(panel)["as it is"]
    assert "max_new_tokens can be at most 0 here" in line.error == panel.error
    assert panel.view.result.dataset.sizes["pos"] == 40
    assert panel.view._said["error"] == ""


def test_other_errors_are_shown_where_they_happened(panel, model, monkeypatch):
    monkeypatch.setattr(type(model), "generate", lambda *_, **__: 1 / 0)
    panel.prompt = "fgh"
    assert said(panel)["as it is"].error.startswith("ZeroDivisionError")
    monkeypatch.setattr(type(model), "run", lambda *_, **__: 1 / 0)
    panel.prompt = "fg"
    assert panel.wait(20)
    assert panel.view._said["error"].startswith("ZeroDivisionError")


def test_the_latest_text_wins_and_nothing_queues(model, panel, monkeypatch):
    read, under_way, go_on = [], threading.Event(), threading.Event()
    run = type(model).run

    def slow(self, prompt, **options):
        if options.get("keep"):
            read.append(prompt)
            under_way.set()
            assert go_on.wait(20)
        return run(self, prompt, **options)

    monkeypatch.setattr(type(model), "run", slow)
    panel.prompt = "a"
    assert under_way.wait(20)
    for text in ("ab", "abc", "abch", "abchg"):
        panel.prompt = text
    go_on.set()
    assert said(panel)["as it is"].prompt == "abchg"
    assert read == ["a", "abchg"]


def test_it_can_be_stopped(model, panel, monkeypatch):
    writing, stopped, tokens = threading.Event(), threading.Event(), []
    generate = type(model).generate

    def slow(self, prompt, *, on_token, **options):
        def told(so_far):
            tokens.append(so_far.text)
            on_token(so_far)
            writing.set()
            assert stopped.wait(20)

        return generate(self, prompt, on_token=told, **options)

    monkeypatch.setattr(type(model), "generate", slow)
    panel.prompt = "fgh"
    assert writing.wait(20)
    assert panel.view._said["busy"]
    panel.view._handle_custom_msg({"do": "stop"}, [])
    stopped.set()
    line = said(panel)["as it is"]
    assert ([line.continuation], line.writing) == (tokens, False)
    assert panel.view._said["busy"] is False


def test_what_was_active_holds_in_the_panel(model, sae):
    held = mi.scale(at.mlp_out[0], -3)
    with model.intervene(held):
        panel = mi.LatentsPanel(model, sae, prompt="abcd", max_new_tokens=4)
        by_hand = mi.sae.latents(model.run("hgfe", keep=[sae.site]), sae)
        written = model.generate("hgfe", max_new_tokens=4).text
    panel.prompt = "hgfe"
    assert said(panel)["as it is"].continuation == written
    assert panel.view.result.dataset.equals(by_hand.dataset)


def test_its_code_says_the_same(model, capsys):
    sae = random_sae(d_in=32, d_sae=24, k=5, site=at.resid_post[1]).with_record(LOADED)
    with model.intervene(mi.scale(at.mlp_out[0], -3)):
        panel = mi.LatentsPanel(model, sae, prompt="abcd", max_new_tokens=4)
    panel.interventions = mi.interventions.replace(at.latent(sae, 3), 30.0)
    written = said(panel)["latent 3 at 30"].continuation
    code = panel.code()
    assert code.count("mi.sae.load('here')") == 1
    body = "\n".join(
        line for line in code.splitlines() if not line.startswith(("import", "from", "model", "sae"))
    )
    exec(body, {"mi": mi, "at": at, "model": model, "sae": sae})
    assert capsys.readouterr().out.removesuffix("\n") == "abcd" + written
    assert panel._repr_mimebundle_()["image/png"]
    assert repr(panel).startswith("LatentsPanel(LatentsView(Transformer, Latent ")


def test_dashboards_follow_the_selected_latent_and_share_what_is_changed(model, sae):
    dashboards = mi.sae.dashboards(model, sae, TEXTS, n_contexts=2, n_around=2, n_promoted=3, progress=False)
    panel = mi.LatentsPanel(model, sae, prompt="abcd", dashboards=dashboards, selection={"latent": 3})
    assert panel.dashboard.selection == {"latent": 3}
    panel.view.selection = {"latent": 7}
    assert panel.dashboard.selection == {"latent": 7}
    panel.dashboard.selection = {"latent": 9}
    assert panel.view.selection["latent"] == 9
    panel.dashboard.set_state({"_changes": [[9, None]]})
    assert "latent 9 out" in said(panel)
    assert panel.view._changes == [[9, None]]
    panel.reset()
    assert panel.dashboard._changes == []


def test_what_cannot_be_answered_is_refused_at_once(model, sae):
    with pytest.raises(PromptError, match="The prompt is empty"):
        mi.LatentsPanel(model, sae, prompt="")
    with pytest.raises(DictionaryError, match="does not say where it reads"):
        mi.LatentsPanel(model, random_sae(d_in=32), prompt="abcd")
    with pytest.raises(DictionaryError, match="width 6"):
        mi.LatentsPanel(model, random_sae(site=at.resid_post[1]), prompt="abcd")
    elsewhere = mi.LatentsPanel(model, random_sae(d_in=32), prompt="abcd", site=at.mlp_out[0])
    assert elsewhere.wait(20)
    assert "at.mlp_out[0]" in elsewhere.code()


def test_a_dictionary_of_embeddings_is_answered(model):
    sae = random_sae(d_in=32, d_sae=24, k=5, site=at.embed)
    panel = mi.LatentsPanel(model, sae, prompt="abcd", max_new_tokens=4)
    assert panel.wait(20)
    assert panel.view.result.dataset.equals(mi.sae.latents(model.run("abcd", keep=[at.embed]), sae).dataset)
    panel.view.set_state({"_changes": [[7, 40.0]]})
    with model.intervene(mi.interventions.replace(at.latent(sae, 7), 40.0)):
        held = model.generate("abcd", max_new_tokens=4).text
    assert said(panel)["latent 7 at 40"].continuation == held
