"""What the sliders do is what the interventions do by hand; nothing is left behind; what is wrong is told."""

import re
import threading
import time

import numpy as np
import pytest
import torch

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.core.errors import InterventionError, MIError, PromptError, SelectionError, SiteError
from tests.conftest import small_transformer
from tests.model.families import small
from tests.model.letters import PIECES, letters

NAMES = {"mi": mi, "at": at}
SITE = at.resid_post[1]
WITH_A, WITH_B = ["cdag", "agfe", "fae", "hda"], ["cdbg", "bgfe", "fbe", "hdb"]
TEXTS = ["abcd efgh", "hgfe dcba", "aabb"]


@pytest.fixture
def model():
    return mi.load(small_transformer(7, n_layers=3), tokenizer=letters())


@pytest.fixture
def directions(model):
    draw = torch.Generator().manual_seed(0)
    return {
        "to a": mi.directions.mean_difference(model, WITH_A, WITH_B, SITE, progress=False),
        "other": mi.steer(at.resid_pre[2].every("b", "c"), 3 * torch.randn(32, generator=draw), scale=0.5),
    }


@pytest.fixture
def panel(model, directions):
    made = mi.SteeringPanel(model, directions, prompt="abcd", texts=TEXTS, max_new_tokens=6)
    assert made.wait(20)
    return made


def done(panel):
    assert panel.wait(20)
    assert panel.view._said == {"error": "", "busy": ""}
    return panel.view


def by_hand(model, directions, **scales):
    """Logits and continuation under steering written out."""
    edits = []
    for name, scale in scales.items():
        found = directions[name.replace("_", " ")]
        found = found if isinstance(found, mi.directions.Direction) else found.direction
        edits.append(
            mi.steer({"to_a": SITE, "other": at.resid_pre[2].every("b", "c")}[name], found, scale=scale)
        )
    with model.intervene(*edits):
        return model.run("abcd").last_logits[0].softmax(-1), model.generate("abcd", max_new_tokens=6).text


def test_at_zero_both_are_what_the_model_says(model, panel):
    view = done(panel)
    said = model.generate("abcd", max_new_tokens=6).text
    assert view.plain.text == view.steered.text == said
    assert all(same for _, same in view.steered.pieces)
    assert panel.effect is None
    assert panel.interventions == mi.stack()
    likely = model.run("abcd").next_tokens(4)
    assert [token for token, _, _ in view._next["tokens"]] == likely.dataset["token"].values[0].tolist()
    np.testing.assert_allclose(
        [[p, p] for p in likely.values[0]], [row[1:] for row in view._next["tokens"]], atol=1e-4
    )


def test_ids_that_read_as_the_text_that_is_shown_are_run_in_its_place(model, panel):
    for prompt in (model.tokenize("abcd").ids[0, 1:].tolist(), "abcd"):
        panel.prompt = prompt
        view = done(panel)
        assert panel.prompt == "abcd"
        assert view.plain.text == model.generate(prompt, max_new_tokens=6).text
        np.testing.assert_allclose(
            model.run(prompt).next_tokens(4).values[0], [row[1] for row in view._next["tokens"]], atol=1e-4
        )
        assert f".generate({prompt!r}" in panel.code()


def test_numpys_numbers_among_the_settings_are_plain_ones(panel):
    panel.settings = {"temperature": np.float32(0.5), "seed": np.int64(3)}
    done(panel)
    assert repr((panel.settings["temperature"], panel.settings["seed"])) == "(0.5, 3)"
    assert panel.code().endswith("max_new_tokens=6, temperature=0.5, seed=3))")


def test_a_moved_slider_is_steering_by_hand(model, directions, panel):
    panel.scales = {"to a": 1.5, "other": -0.7}
    view = done(panel)
    probabilities, text = by_hand(model, directions, to_a=1.5, other=-0.7)
    assert view.steered.text == text
    assert view.plain.text == model.generate("abcd", max_new_tokens=6).text
    plain = model.run("abcd").last_logits[0].softmax(-1)
    ids = dict.fromkeys([*plain.topk(4).indices.tolist(), *probabilities.topk(4).indices.tolist()])
    assert [token for token, _, _ in view._next["tokens"]] == [model.vocabulary[i] for i in ids]
    rows = [[float(plain[i]), float(probabilities[i])] for i in ids]
    np.testing.assert_allclose([row[1:] for row in view._next["tokens"]], rows, atol=1e-4)
    assert view._next["scales"] == [1.5, -0.7]
    assert panel.scales == {"to a": 1.5, "other": -0.7}
    changed = [piece for piece, same in view.steered.pieces if not same]
    assert bool(changed) == (view.steered.text != view.plain.text)


def loss(model, texts):
    total = n = 0
    for text in texts:
        run = model.run(text)
        log_p = run.logits[0].log_softmax(-1)
        total -= float(log_p[:-1].gather(-1, run.ids[0, 1:, None]).sum())
        n += run.ids.shape[1] - 1
    return total / n


def test_effect_cost_and_control_are_those_by_hand(model, directions, panel):
    panel.scales = {"to a": 2.0}
    view = done(panel)
    assert view.result is panel.effect
    given, control = (panel.effect.dataset.sel(push=push) for push in ("given", "random"))
    with model.intervene(mi.steer(SITE, directions["to a"], scale=2.0)):
        p = model.run("abcd").last_logits[0].double().log_softmax(-1)
        steered = loss(model, TEXTS)
    q = model.run("abcd").last_logits[0].double().log_softmax(-1)
    assert float(given["kl"]) == pytest.approx(float((p.exp() * (p - q)).sum()), abs=1e-5)
    assert float(given["cost"]) == pytest.approx(steered / loss(model, TEXTS) - 1, abs=1e-5)
    assert "read" not in given
    assert 0 < float(control["kl"]) != float(given["kl"])
    assert isinstance(view._measured["ms"], int)
    assert view._measured["scales"] == [2.0, 0.0]
    effect = mi.steering_effect(model, panel.interventions, "abcd", texts=TEXTS, max_new_tokens=6)
    assert panel.effect.dataset.identical(effect.dataset)
    assert panel.effect.code() == effect.code()
    panel.reset()
    done(panel)
    assert panel.effect is None
    assert (view._data["variables"], view._measured) == ({}, {})


def test_a_probe_reads_what_was_written(model, directions):
    probe = mi.directions.linear_probe(model, WITH_A, WITH_B, at.resid_post[2], progress=False)
    panel = mi.SteeringPanel(
        model, directions, prompt="abcd", probes={"to a": probe}, texts=TEXTS, max_new_tokens=6
    )
    panel.scales = {"to a": 3.0}
    sigma = float(done(panel).result.dataset["read"].sel(push="given", probe="to a"))

    def read(written):
        run = model.run([0, *model.tokenize("abcd").ids[0, 1:].tolist(), *written.ids], keep=[at.resid_post])
        return float(probe.log_odds(run[at.resid_post[2]][0, 5:]).mean())

    plain = model.generate("abcd", max_new_tokens=6)
    with model.intervene(mi.steer(SITE, directions["to a"], scale=3.0)):
        steered = model.generate("abcd", max_new_tokens=6)
    every = torch.cat([model.run(t, keep=[at.resid_post])[at.resid_post[2]][0, 1:] for t in TEXTS])
    moved = read(steered) - read(plain)
    assert sigma == pytest.approx(moved / float(probe.log_odds(every).std(correction=0)), abs=1e-3)


def test_sites_and_tokens_can_be_chosen_for_all(model, directions, panel):
    panel.scales = {"other": 1.0}
    panel.settings = {"site": "resid_post[0]"}
    assert [edit.site for edit in panel.interventions] == [at.resid_post[0].every("b", "c")]
    panel.settings = {"tokens": "every token", "site": "as given"}
    assert [edit.site for edit in panel.interventions] == [at.resid_pre[2]]
    panel.settings = {"tokens": "new tokens"}
    assert [edit.site for edit in panel.interventions] == [at.resid_pre[2].pos("new")]
    assert done(panel)._next["tokens"]  # nothing is pushed at the prompt
    assert panel.effect.sel(push="given").values == pytest.approx(0, abs=1e-9)


def test_sampling_is_seeded_and_alike_on_both_sides(model, panel):
    panel.settings = {"temperature": 1.0, "seed": 4}
    view = done(panel)
    assert view.plain.text == view.steered.text == model.generate(
        "abcd", max_new_tokens=6, temperature=1.0, seed=4
    ).text  # fmt: skip
    panel.settings = {"seed": 5}
    assert done(panel).plain.text == model.generate("abcd", max_new_tokens=6, temperature=1.0, seed=5).text


def test_a_sweep_draws_every_strength(model, directions, panel):
    panel.sweep("to a")
    sweep = done(panel)._sweep
    assert sweep.attrs["name"] == "to a"
    np.testing.assert_allclose(sweep["strength"], np.linspace(-2, 2, 9))
    assert {name: (data.dims, data.attrs["units"]) for name, data in sweep.items()} == {
        "effect": (("strength",), "nats that the next token moves"),
        "control": (("strength",), "nats that the next token moves"),
        "cost": (("strength",), "share of the loss"),
        "control_cost": (("strength",), "share of the loss"),
    }
    assert float(sweep["effect"][4]) == pytest.approx(0, abs=1e-9)
    assert float(sweep["cost"].sel(strength=0)) == pytest.approx(0, abs=1e-9)
    with model.intervene(mi.steer(SITE, directions["to a"], scale=-2.0)):
        steered = loss(model, TEXTS)
    assert float(sweep["cost"].sel(strength=-2)) == pytest.approx(steered / loss(model, TEXTS) - 1, abs=1e-5)
    assert not sweep.isnull().any().to_array().any()
    effects = mi.steering_effect(model, mi.steer(SITE, directions["to a"], scale=-2.0), "abcd", texts=TEXTS)
    np.testing.assert_allclose(
        sweep[["effect", "control"]].sel(strength=-2).to_array(), effects.values, atol=1e-5
    )
    panel.scales = {"to a": 1.0}
    assert done(panel)._sweep.identical(sweep)
    panel.prompt = "dcba"
    assert not done(panel)._sweep


def test_its_code_does_the_same_anew(model, panel, capsys):
    panel.scales = {"to a": 1.25}
    panel.prompt = "dcb"
    view = done(panel)
    code = panel.code().replace("model = ...", "model = given  #")
    scope = {"given": model}
    exec(code, scope)
    assert capsys.readouterr().out.strip() == ("dcb" + view.steered.text).strip()
    assert scope["steering"] == panel.interventions
    assert view._code == ""  # which would have to read all weights, until it is asked for
    view._handle_custom_msg({"do": "code"}, [])
    assert view._code == panel.code() == view.code()


def test_its_effect_is_a_result_that_is_shown_and_made_anew(model, panel):
    panel.scales = {"to a": 2.0}
    done(panel)
    shown = panel.effect.view()
    assert isinstance(shown, mi.views.SteeringView)
    assert (shown.sliders, shown.prompt) == ((), None)
    scope = {"given": model}
    exec(shown.code().replace("model = ...", "model = given  #"), scope)
    assert scope["result"].dataset.identical(panel.effect.dataset)
    assert repr(scope["view"]) == repr(shown)


@pytest.mark.parametrize("family", ["GPT-2", "GPT-NeoX", "Bloom", "Llama", "Gemma 3"])
def test_it_works_with_any_family(family):
    model = mi.load(small(family, vocab_size=len(PIECES)), tokenizer=letters())
    direction = mi.directions.mean_difference(model, WITH_A, WITH_B, SITE, progress=False)
    panel = mi.SteeringPanel(model, {"to a": direction}, prompt="abcd", texts=TEXTS, max_new_tokens=4)
    panel.scales = {"to a": 1.5}
    view = done(panel)
    with model.intervene(mi.steer(SITE, direction, scale=1.5)):
        assert view.steered.text == "".join(model.generate("abcd", max_new_tokens=4).tokens)
    assert np.isfinite(view.result.dataset["cost"]).all()


def test_what_was_active_when_it_was_made_holds(model, directions):
    with model.intervene(mi.scale(at.mlp_out[0], 0.0)):
        panel = mi.SteeringPanel(model, directions, prompt="abcd", texts=TEXTS, max_new_tokens=4)
        said = model.generate("abcd", max_new_tokens=4).text
    assert done(panel).plain.text == said
    assert "with model.intervene(mi.stack(mi.scale(at.mlp_out[0], 0.0))):" in panel.code()


def test_the_newest_wins_and_ends_what_is_under_way(model, panel, monkeypatch):
    generate, begun, go_on = type(model).generate, threading.Event(), threading.Event()

    def slow(self, *args, **options):
        begun.set()
        assert go_on.wait(20)
        return generate(self, *args, **options)

    monkeypatch.setattr(type(model), "generate", slow)
    panel.scales = {"to a": 0.1}
    assert begun.wait(20)
    for scale in (0.2, 0.3, 0.4):
        panel.scales = {"to a": scale}
    go_on.set()
    assert done(panel)._next["scales"] == [0.4, 0.0]
    assert panel.view._measured["scales"] == [0.4, 0.0]
    assert np.isfinite(panel.effect.dataset["cost"]).all()


def test_many_moves_leave_nothing(model, panel):
    before, hooks = (
        model.run("abcd").logits.clone(),
        sum(len(m._forward_hooks) for m in model.module.modules()),
    )

    for i in range(50):
        panel.scales = {"to a": (i % 37) / 10}
        time.sleep(0.004)  # so that most are answered, and not only the newest
    done(panel)
    panel.reset()
    done(panel)
    assert torch.equal(model.run("abcd").logits, before)
    assert sum(len(m._forward_hooks) for m in model.module.modules()) == hooks
    assert not [t for t in threading.enumerate() if t.name == "mi_widgets.Latest"]
    assert len(panel._responder._continuations) == len(panel._responder._logits) == 1


@pytest.mark.parametrize(("wrong", "says"), [("", "The prompt is empty"), ("ab" * 30, "Shorten it by 21")])
def test_a_prompt_that_cannot_be_is_told_and_the_panel_goes_on(model, directions, panel, wrong, says):
    before, code = panel.view._next, panel.code()
    panel.prompt = wrong
    assert panel.wait(20)
    assert says in panel.view._said["error"] == panel.error
    assert panel.view._next == before
    assert panel.prompt == wrong
    assert panel.code() == code  # of what is still shown
    panel.prompt = "abc"
    assert done(panel).plain.text == model.generate("abc", max_new_tokens=6).text
    with pytest.raises(PromptError, match=says):
        mi.SteeringPanel(model, directions, prompt=wrong)


def test_a_prompt_without_room_for_a_continuation_is_not_in_the_code(panel):
    said, code = done(panel).plain, panel.code()
    panel.prompt = "ab" * 18
    assert panel.wait(20)
    assert "max_new_tokens can be at most" in panel.error
    assert (panel.view.plain, panel.code(), panel.view._code) == (said, code, code)
    panel.prompt = "abc"
    done(panel)
    assert "model.generate('abc', " in panel.code()
    assert panel.view._code == panel.code()


@pytest.mark.parametrize("texts", ["abcd efgh", [], [3]])
def test_texts_that_are_no_list_of_them_are_told(panel, directions, texts):
    says = "mi.SteeringPanel: texts must be a list with a text in it, or with a row of token ids"
    with pytest.raises(PromptError, match=rf"^{re.escape(says)}.*; got {re.escape(repr(texts))}\."):
        mi.SteeringPanel(panel._model, directions, prompt="abcd", texts=texts)


def test_other_errors_are_told_in_the_panel(panel, model, monkeypatch):
    monkeypatch.setattr(type(model), "generate", lambda *_, **__: 1 / 0)
    panel.scales = {"to a": 1.0}
    assert panel.wait(20)
    assert panel.view._said == {"error": "ZeroDivisionError: division by zero", "busy": ""}
    assert panel.error == "ZeroDivisionError: division by zero"


def test_stop_ends_it(panel, model, monkeypatch):
    generate, begun = type(model).generate, threading.Event()

    def slow(self, *args, **options):
        begun.set()
        while not options["cancel"].is_set():
            time.sleep(0.01)
        return generate(self, *args, **options)

    monkeypatch.setattr(type(model), "generate", slow)
    panel.scales = {"to a": 1.0}
    assert begun.wait(20)
    panel.view._handle_custom_msg({"do": "stop"}, [])
    assert done(panel)._next["scales"] == [1.0, 0.0]


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        ({}, MIError, 'takes directions by name, as in {"French": mi.steer(site, direction)}; got {}'),
        (mi.steer(SITE, torch.ones(32)), MIError, "in {\"French\": mi.steer(site, direction)}; got mi.steer"),
        ([mi.steer(SITE, torch.ones(32))], MIError, "in {\"French\": mi.steer(site, direction)}; got [mi.steer"),
        ({3: mi.steer(SITE, torch.ones(32))}, MIError, "a direction's name is a text; got 3"),
        ([("x", mi.steer(SITE, torch.ones(32)))] * 2, MIError, "2 directions have the name 'x'"),
        ({"x": torch.ones(32)}, MIError, "'x' must be mi.steer(site, direction), or what mi.directions"),
        ({"x": mi.steer(SITE, torch.ones(31))}, InterventionError, "has 31 numbers; at.resid_post[1] of"),
        ({"x": mi.steer(SITE, torch.zeros(32))}, InterventionError, "SteeringPanel: 'x': Array(32, sha256:"),
        ({"x": mi.steer(at.resid_post[7], torch.ones(32))}, SiteError, "7"),
        ({"x": mi.steer(at.pattern[0, 1], torch.ones(32))}, SiteError, "'x' takes a site with one vector a token"),
        ({"x": mi.ablate(SITE)}, MIError, "got mi.ablate(at.resid_post[1]"),
    ],
)  # fmt: skip
def test_what_is_no_direction_is_told(model, given, error, says):
    with pytest.raises(error, match=re.escape(says)):
        mi.SteeringPanel(model, given, prompt="abcd")


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("scales", {"French": 1}, "There is no direction 'French'; there are to a, other."),
        ("scales", {"to a": float("nan")}, "scales must be 2 finite numbers"),
        ("scales", {"to a": "much"}, "scales are numbers; got {'to a': 'much'}."),
        ("settings", {"site": "resid_post[9]"}, "site must be one of as given, resid_pre[0]"),
        ("settings", {"temperature": -1}, "temperature must be a number, 0 or more; got -1"),
        (
            "settings",
            {"seed": 0.5},
            "seed must be a whole number from 0, of 64 bits at most, as in seed=0; got 0.5",
        ),
        ("settings", {"seed": 2**64}, "seed must be a whole number from 0, of 64 bits at most"),
        ("settings", {"heat": 1}, "There is no setting heat; there are site, tokens, temperature, seed."),
    ],
)
def test_what_cannot_be_set_is_told_and_nothing_changes(panel, name, value, says):
    before = getattr(panel, name)
    with pytest.raises(SelectionError, match=re.escape(says)):
        setattr(panel, name, value)
    assert getattr(panel, name) == before
    with pytest.raises(SelectionError, match="There is no direction 'French'"):
        panel.sweep("French")
    with pytest.raises(
        MIError, match=r"probes are what mi\.directions\.linear_probe returns, by name; 'x' is 3"
    ):
        mi.SteeringPanel(panel._model, {"x": mi.steer(SITE, torch.ones(32))}, prompt="abcd", probes={"x": 3})
