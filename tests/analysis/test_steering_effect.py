"""What steering does and costs is what is measured by hand; without texts or probes it is not invented."""

import re

import numpy as np
import pytest
import torch

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.core.directions import drawn_as_long
from mi_widgets.core.errors import InterventionError, PromptError
from tests.conftest import small_transformer
from tests.model.letters import letters

SITE = at.resid_post[1]
WITH_A, WITH_B = ["cdag", "agfe", "fae", "hda"], ["cdbg", "bgfe", "fbe", "hdb"]
TEXTS = ["abcd efgh", "hgfe dcba", "aabb"]


@pytest.fixture(scope="module")
def model():
    return mi.load(small_transformer(7, n_layers=3), tokenizer=letters())


@pytest.fixture(scope="module")
def direction(model):
    return mi.directions.mean_difference(model, WITH_A, WITH_B, SITE, progress=False)


def loss(model):
    runs = [model.run(text) for text in TEXTS]
    lost = [
        -run.logits[0].log_softmax(-1)[:-1].gather(-1, run.ids[0, 1:, None])[:, 0].double() for run in runs
    ]
    return float(torch.cat(lost).mean())


def moved(model, push):
    q = model.run("abcd").last_logits[0].double().log_softmax(-1)
    with model.intervene(push):
        p = model.run("abcd").last_logits[0].double().log_softmax(-1)
    return float((p.exp() * (p - q)).sum())


def test_effect_cost_and_control_are_those_by_hand(model, direction):
    push = mi.steer(SITE, direction, scale=2.0)
    random = drawn_as_long(direction, torch.Generator().manual_seed(3))
    found = mi.steering_effect(model, push, "abcd", texts=TEXTS, max_new_tokens=6, control_seed=3)
    assert found.unit == "nats"
    for label, here in (("given", push), ("random", mi.steer(SITE, random, scale=2.0))):
        assert found.sel(push=label).values == pytest.approx(moved(model, here), abs=1e-5)
        plain = loss(model)
        with model.intervene(here):
            steered = loss(model)
        assert found["cost"].sel(push=label).values == pytest.approx(steered / plain - 1, abs=1e-5)
    assert found["cost"].unit == "share of the loss"
    assert random.norm() == pytest.approx(float(direction.norm), rel=1e-5)
    assert "read" not in found.dataset


def test_a_probe_reads_what_was_written_without_the_steering(model, direction):
    probe = mi.directions.linear_probe(model, WITH_A, WITH_B, at.resid_post[2], progress=False)
    push = mi.steer(SITE, direction, scale=3.0)
    found = mi.steering_effect(model, push, "abcd", probes={"a": probe}, texts=TEXTS, max_new_tokens=6)

    def read(written):
        ids = [*model.tokenize("abcd").ids[0].tolist(), *written.ids]
        x = model.run(ids, keep=[at.resid_post])[at.resid_post[2]][0, -len(written.ids) :]
        return float(probe.log_odds(x).mean())

    plain = model.generate("abcd", max_new_tokens=6)
    with model.intervene(push):
        steered = model.generate("abcd", max_new_tokens=6)
    every = torch.cat([model.run(t, keep=[at.resid_post])[at.resid_post[2]][0, 1:] for t in TEXTS])
    sigma = float(probe.log_odds(every).std(correction=0))
    assert found["read"].sel(push="given", probe="a").values == pytest.approx(
        (read(steered) - read(plain)) / sigma, abs=1e-3
    )
    assert found["read"].unit == "σ of the probe"
    alone = mi.steering_effect(model, push, "abcd", probes={"a": probe}, max_new_tokens=6)
    nats = read(steered) - read(plain)  # without texts nobody knows the probe's σ
    assert alone["read"].sel(push="given", probe="a").values == pytest.approx(nats, abs=1e-3)
    assert alone["read"].unit == "nats"
    assert f"a probe {nats:+.1f} nats".replace("-", "−") in repr(alone.view())


def test_what_is_not_measured_is_nan_and_nothing_does_nothing(model, direction):
    without = mi.steering_effect(model, mi.steer(SITE, direction), "abcd")
    assert np.isnan(without["cost"].values).all()
    nothing = mi.steering_effect(model, mi.stack(), "abcd", texts=TEXTS)
    assert nothing.values == pytest.approx(0, abs=1e-6)
    assert nothing["cost"].values == pytest.approx(0, abs=1e-6)


def test_it_holds_under_what_is_active_and_leaves_nothing(model, direction):
    held = mi.scale(at.mlp_out[0], 0.5)
    with model.intervene(held):
        found = mi.steering_effect(model, mi.steer(SITE, direction), "abcd")
        wanted = moved(model, mi.steer(SITE, direction))
    assert found.sel(push="given").values == pytest.approx(wanted, abs=1e-5)
    assert found.provenance.interventions == mi.stack(held)
    assert model.interventions == mi.stack()


@pytest.mark.parametrize(
    ("texts", "why"),
    [
        ("abcd efgh", ", as in [[3, 1, 4]]; got 'abcd efgh'."),
        ([3], ", as in [[3, 1, 4]]; got [3]."),
        ([], "; got []. The prompt is empty: give a text, a list of texts, or token ids."),
    ],
)
def test_texts_that_are_no_list_of_them_are_refused(model, direction, texts, why):
    says = f"mi.steering_effect: texts must be a list with a text in it, or with a row of token ids{why}"
    with pytest.raises(PromptError, match=f"^{re.escape(says)}$"):
        mi.steering_effect(model, mi.steer(SITE, direction), "abcd", texts=texts)
    assert not model.interventions


def test_what_has_no_direction_is_refused(model):
    with pytest.raises(InterventionError, match=r"takes mi\.steer\(site, direction\).*got mi\.ablate"):
        mi.steering_effect(model, mi.ablate(SITE), "abcd")
