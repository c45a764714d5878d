"""Long replays: whatever was done to a view, its code makes the same view of the same numbers again."""

import subprocess
import sys
import threading

import numpy as np
import pytest
import torch

import mi_widgets as mi
from mi_widgets import sites as at
from tests.conftest import small_transformer
from tests.core.dictionaries import random_sae
from tests.kinds import PAIR
from tests.model.letters import letters
from tests.soak.scenes import CHANGED, DICTIONARY, GIVEN, SCENES, gesture, load, load_sae

pytestmark = pytest.mark.soak
GESTURES, EVERY, PANEL_GESTURES = 600, 30, 200
RARELY = {
    "fourier_spectrum": 300,
    "attention over a training": 100,
    "dashboards": 150,
}  # their code takes seconds
DEPENDENT = ("direct_logit_attribution",)  # a term says its layer and head


@pytest.fixture(autouse=True)
def models_once(monkeypatch):
    """A model that was loaded stays loaded."""
    monkeypatch.setattr(mi, "load", load)
    monkeypatch.setattr(mi.sae, "load", load_sae)


def replayed(view, given):
    """The view that the code of a view makes, with what it leaves to the user."""
    names = dict(given)
    exec(view.code(), names)
    return names["view"]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", SCENES)
def test_the_code_of_a_view_makes_it_again(name, seed):
    draw = np.random.default_rng(seed)
    view = SCENES[name]().view(**DICTIONARY.get(name, dict)())
    for i in range(1, GESTURES + 1):
        before = dict(view.selection)
        chosen = gesture(view, name, draw)
        if name not in DEPENDENT:
            assert view.selection == {**before, **chosen}
        assert all(view.selection[key] in labels for key, labels in view.choices().items())
        if i % RARELY.get(name, EVERY) == 0:
            again = replayed(view, GIVEN.get(name, {}))
            assert again.selection == view.selection
            if name in CHANGED:
                assert again.intervention == view.intervention
            assert again.result.dataset.equals(view.result.dataset)
            assert again.png() == view.png()
            assert again.code() == view.code()
            again.close()
    view.close()


def small():
    return mi.load(small_transformer(7, n_layers=3), tokenizer=letters())


def likely(line):
    return [p for _, p in line.likely]


def test_a_patching_panel_ends_with_what_was_asked_last():
    model, draw = small(), np.random.default_rng(0)
    panel = mi.PatchingPanel(model, PAIR, at.z, max_new_tokens=3)
    for i in range(PANEL_GESTURES):
        for _ in range(draw.integers(1, 6)):  # without waiting: only the last is answered in any case
            gesture(panel.view, "activation_patching", draw, heads=4)
        assert panel.wait(30)
        if panel.interventions:
            with model.intervene(panel.interventions):
                by_hand = model.run(PAIR.corrupted).next_tokens(5).values[0]
                written = model.generate(PAIR.corrupted, max_new_tokens=3).text
            line = panel.says.lines[-1]
            np.testing.assert_allclose(likely(line), by_hand, atol=1e-5, err_msg=f"gesture {i}")
            assert line.continuation == written
        else:
            assert [line.name for line in panel.says.lines] == ["clean", "corrupted"]
    panel.close()


def test_a_latents_panel_ends_with_the_text_typed_last():
    model, draw = small(), np.random.default_rng(0)
    sae = random_sae(d_in=32, d_sae=24, k=5, site=at.resid_post[1])
    panel = mi.LatentsPanel(model, sae, prompt="abcd", max_new_tokens=3)
    for _ in range(PANEL_GESTURES):
        for _ in range(draw.integers(1, 6)):
            text = "".join(draw.choice(list("abcdefgh"), draw.integers(1, 20)))
            panel.prompt = text
        assert panel.wait(30)
        run = model.run(text, keep=[sae.site])
        assert panel.view.result.dataset.equals(mi.sae.latents(run, sae).dataset)
        assert panel.says.lines[0].prompt == text
        np.testing.assert_allclose(likely(panel.says.lines[0]), run.next_tokens(5).values[0], atol=1e-5)
    panel.close()


def test_a_steering_panel_ends_where_its_sliders_stand():
    model, draw = small(), np.random.default_rng(0)
    directions = {
        name: mi.steer(at.resid_post[layer], draw.normal(size=32).astype(np.float32))
        for layer, name in enumerate(("one", "two"))
    }
    panel = mi.SteeringPanel(model, directions, prompt="abcd", max_new_tokens=3)
    for _ in range(PANEL_GESTURES // 4):
        for _ in range(draw.integers(1, 6)):
            panel.scales = {name: round(float(draw.uniform(-2, 2)), 2) for name in directions}
        assert panel.wait(30)
        with model.intervene(panel.interventions):
            assert panel.view.steered.text == model.generate("abcd", max_new_tokens=3).text
    panel.close()


def test_a_steering_panels_code_does_the_same_in_a_new_process(tmp_path):
    model, prompt = mi.load("induction-2l"), "John Baker gave the old lamp. John"
    draw = torch.Generator().manual_seed(0)
    push = mi.steer(at.resid_post[0], torch.randn(model.config.d_model, generator=draw))
    panel = mi.SteeringPanel(model, {"somewhere": push}, prompt=prompt, max_new_tokens=5)
    panel.scales = {"somewhere": 1.75}
    assert panel.wait(20)
    text = panel.view.steered.text
    logits = tmp_path / "logits.npy"
    script = f"""{panel.code()}
import numpy
with model.intervene(steering):
    numpy.save({str(logits)!r}, model.run({prompt!r}).logits.numpy())
"""
    made = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert made.stdout.rstrip("\n") == prompt + text
    with model.intervene(panel.interventions):
        np.testing.assert_allclose(np.load(logits), model.run(prompt).logits, atol=1e-5)


def test_no_thread_is_left():
    assert [thread.name for thread in threading.enumerate() if "mi_widgets" in thread.name] == []
