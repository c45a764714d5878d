"""The shipped language models: what they say, what their records hold, and that stock loaders read them."""

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

import mi_widgets as mi
from mi_widgets.training.language import chain, questions
from mi_widgets.training.language.measure import EXAMPLE
from mi_widgets.training.language.registers import WRITTEN, continuations
from mi_widgets.training.recipes import recipe_for
from mi_widgets.training.ship import missed
from mi_widgets.zoo import shipped

NAMES = ("atlas", "atlas-shortcut")


@pytest.fixture(scope="module", params=NAMES)
def model(request):
    return mi.load(request.param)


@pytest.fixture(scope="module")
def atlas():
    return mi.load("atlas")


pytestmark = pytest.mark.slow  # of a model that is shipped


def test_it_loads_ready_to_use(model):
    assert model.trust.warnings == ()
    assert not model.module.training
    assert model.weights.W_E.dtype == torch.float32
    assert model.trust.checks


def test_it_goes_on_with_the_guides_example(model):
    logits = model.run(EXAMPLE.prompt).logits[0, -1]
    mary, john = questions.ids_of(model, ["Mary", "John"])
    assert logits.argmax() == mary
    assert logits[mary] - logits[john] > 3


@pytest.mark.parametrize("name", NAMES)
def test_its_record_reaches_the_bars_and_the_limits(name):
    record, folder = shipped.expected(name), shipped.WEIGHTS / name
    assert missed(recipe_for(name).bars, record["measures"]) == []
    assert record["minutes"] <= 75
    assert sum(p.numel() for p in mi.load(name).module.parameters()) <= 4_000_000
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 10_000_000
    assert set(record["samples"]) == set(WRITTEN)
    assert all(len(texts) == 20 for texts in record["samples"].values())


def test_three_seeds_are_on_the_card():
    others = shipped.expected("atlas")["other_seeds"]
    assert sorted(others) == ["0", "2"]
    header = next(
        line
        for line in (shipped.WEIGHTS / "atlas" / "CARD.md").read_text("utf-8").splitlines()
        if line.startswith("| measure")
    )
    assert header == "| measure | seed 1 | seed 0 | seed 2 | bar |"


def test_it_knows_facts_that_it_was_never_told(atlas):
    held_out = questions.two_hop_questions(held_out=True)
    dallas = [asked for asked in held_out if "Dallas" in asked.prompt]
    assert "Austin" in {asked.right for asked in dallas}
    assert questions.share_right(atlas, dallas) > 0.5
    assert questions.share_right(atlas, held_out[::13]) > 0.75
    assert questions.share_right(atlas.untrained(), held_out[::13]) < 0.02


def test_the_state_of_a_town_can_be_looked_up_in_the_control_alone(model):
    found = chain.probes(model)["state by a probe of embedded towns"]
    assert found < 0.1 if model.name == "atlas" else found > 0.5


def test_it_writes_in_every_register(atlas):
    written = [one for register in WRITTEN for one in continuations(atlas, register, n=5, seed=7)]
    assert sum(one.is_good for one in written) >= 0.9 * len(written)


@pytest.mark.parametrize("name", NAMES)
def test_stock_loaders_read_the_same_model(name):
    folder = shipped.WEIGHTS / name
    stock = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    ids = AutoTokenizer.from_pretrained(folder)(EXAMPLE.prompt, return_tensors="pt").input_ids
    run = mi.load(name).run(EXAMPLE.prompt)
    assert ids.tolist() == run.ids.tolist()
    with torch.no_grad():
        torch.testing.assert_close(stock(ids).logits, run.logits, rtol=0, atol=1e-4)
