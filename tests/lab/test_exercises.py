"""The notebooks' exercises: right answers are told from wrong ones, by measuring, and none is given away."""

import re
from dataclasses import replace

import pytest
import xarray as xr

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.lab.exercises import modular_addition as check
from mi_widgets.training.recipes import RECIPES
from tests.analysis.adding_by_hand import adding_circuit

P = 13


@pytest.fixture(scope="module")
def model():
    """A small network that was shortly trained: what is true of it is measured here as well."""
    recipe = RECIPES["modadd-113"]
    config = replace(recipe.config, n_heads=2, d_vocab=P + 1, d_model=32, d_head=8, d_mlp=48)
    small = replace(recipe, p=P, steps=200, lr=1e-2, share=0.9, config=config)
    *_, (_, module) = small.train(seed=0, progress=False)
    return mi.load(module)


@pytest.fixture(scope="module")
def keys(model):
    found = mi.fourier.key_frequencies(model).dataset
    return found["frequency"].values[found["key"].values].tolist()


def verdicts(found):
    return [verdict.right for verdict in found]


def test_the_costliest_frequency_is_told_from_the_others(model, keys):
    assert len(keys) > 1
    found = [check.costliest(model, k) for k in keys]
    right = [k for k, verdict in zip(keys, found, strict=True) if verdict]
    assert verdicts(found).count(True) == 1
    for k, verdict in zip(keys, found, strict=True):
        with model.intervene(mi.fourier.project_out_frequency(model, k)):
            left = mi.fourier.spectrum(model).dataset["accuracy"].item()
        assert f"Without {k}, {left:.1%} are right" in repr(verdict)
        if not verdict:
            assert repr(verdict).startswith("✗ Not yet. ")
            assert str(right[0]) not in repr(verdict).replace(f"Without {k}, {left:.1%}", "")
    assert model.interventions == mi.stack()


def test_what_is_no_frequency_of_the_network_is_named(model, keys):
    other = next(k for k in range(1, 7) if k not in keys)
    named = ", ".join(map(str, keys))
    said = f"✗ Not yet. {other} is no key frequency: they are {named}."
    assert repr(check.costliest(model, other)) == said
    silent = mi.load(adding_circuit(7, {}))
    assert repr(check.costliest(silent, 1)) == "✗ Not yet. 1 is no key frequency: they are none."


def test_the_head_that_serves_a_frequency_is_told_from_the_others(model, keys):
    asked = tuple(keys[:2])
    whole = mi.fourier.key_frequencies(model).to_xarray()
    left = {}
    for head in range(2):
        with model.intervene(mi.ablate(at.z[0, head])):
            left[head] = mi.fourier.key_frequencies(model).to_xarray()
    heads = {k: min(left, key=lambda head: left[head].sel(frequency=k).item()) for k in asked}
    right = check.served(model, heads, asked)
    assert right
    for k, head in heads.items():
        share = whole.sel(frequency=k).item(), left[head].sel(frequency=k).item()
        assert f"{k}: {share[0]:.0%} → {share[1]:.0%}" in repr(right)
    wrong = check.served(model, {**heads, asked[0]: 1 - heads[asked[0]]}, asked)
    assert wrong.right is False
    assert repr(wrong).startswith("✗ Not yet. 1 of 2 are right.")


def story(restricted, train_loss):
    steps = list(range(0, 100 * len(restricted), 100))
    columns = {"restricted": restricted, "train_loss": train_loss, "test_accuracy": [0.5] * len(steps)}
    return xr.Dataset({name: ("step", values) for name, values in columns.items()}, coords={"step": steps})


@pytest.mark.parametrize(
    ("restricted", "first"),
    [([4, 2, 0.5, 0.1], 200), ([0.5, 2, 0.5, 0.1], 200), ([0.5, 0.5, 0.5, 0.5], 0), ([4, 4, 4, 0.5], 300)],
)
def test_memory_is_outgrown_at_the_first_step_from_which_it_stays_so(restricted, first):
    told = story(restricted, [1.0, 1.0, 1.0, 1.0])
    assert [step for step in (0, 100, 200, 300) if check.memory_outgrown(told, step)] == [first]


def test_memory_may_never_be_outgrown():
    told = story([4, 4, 4], [1.0, 1.0, 1.0])
    assert verdicts(check.memory_outgrown(told, step) for step in (0, 100, 200)) == [False, False, False]
    assert "saved at steps 0, 100, 200" in repr(check.memory_outgrown(told, 50))


def test_what_was_not_answered_is_neither_right_nor_wrong(model):
    told = story([1, 2], [1.0, 1.0])
    for verdict in (
        check.costliest(model, None),
        check.served(model, None, (1,)),
        check.served(model, {1: None}, (1,)),
        check.memory_outgrown(told, None),
    ):
        assert verdict.right is None
        assert re.match(r"No answer yet\. Put .* in place of None and run this cell again\.", repr(verdict))
