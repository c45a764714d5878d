"""Whole numbers of numpy's are whole numbers; truth values, texts and fractions are none, and are refused in words."""

import re

import numpy as np
import pytest
import torch

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.core.draws import seeded
from mi_widgets.core.whole_numbers import whole
from tests.conftest import small_gpt2, small_transformer

IDS = [1, 2, 3, 4]
PUSH = mi.steer(at.resid_post[0], torch.ones(32))


@pytest.fixture(scope="module")
def model():
    return mi.load(small_transformer())


@pytest.mark.parametrize("given", [3, np.int64(3), np.uint8(3), torch.tensor(3)])
def test_a_whole_number_of_any_make_is_an_int(given):
    assert (whole(given), type(whole(given))) == (3, int)


@pytest.mark.parametrize("given", [True, np.True_, 3.0, np.float32(3), "3", None, [3], np.array([1, 2])])
def test_all_else_is_none(given):
    assert whole(given) is None


ANALYSES = {
    "head_scores": lambda m, n: mi.head_scores(m, "induction", length=n(4), n=n(2), seed=n(1)),
    "repeat_accuracy": lambda m, n: mi.repeat_accuracy(m, length=n(4), n=n(2), seed=n(1)),
    "composition_scores": lambda m, n: mi.composition_scores(m, n_random=n(2), seed=n(1)),
    "logit_lens": lambda m, n: mi.logit_lens(m.run(IDS, keep=[at.resid_post]), top_k=n(2), progress=False),
    "next_tokens": lambda m, n: m.run(IDS).next_tokens(n(2)),
    "steering_effect": lambda m, n: mi.steering_effect(
        m, PUSH, IDS, max_new_tokens=n(2), temperature=1.0, seed=n(1), control_seed=n(2)
    ),
    "mean_activations": lambda m, n: mi.mean_activations(
        m, [IDS, IDS], at.z, batch_size=n(1), progress=False
    ),
}


@pytest.mark.parametrize("name", ANALYSES)
def test_an_analysis_takes_numpys_and_its_code_says_plain_ones(model, name):
    plain, numpys = ANALYSES[name](model, int), ANALYSES[name](model, np.int64)
    np.testing.assert_array_equal(plain.values, numpys.values)
    assert numpys.code() == plain.code()


def test_so_does_what_is_no_analysis(model):
    one = np.int64(1)
    assert torch.equal(
        mi.repeated_tokens(model, length=4, n=one, seed=one), mi.repeated_tokens(model, length=4, n=1, seed=1)
    )
    for net in (model, mi.load(small_gpt2())):
        fresh, again = (net.untrained(seed=seed).module.state_dict() for seed in (1, one))
        assert all(torch.equal(fresh[key], again[key]) for key in fresh)
    sums = mi.fourier.modular_sums(np.int64(7), "train", seed=one)
    assert repr(sums) == repr(mi.fourier.modular_sums(7, "train", seed=1))
    toy = mi.toys.load("plane")
    assert torch.equal(toy.sample(2, seed=one), toy.sample(2, seed=1))
    weights = {
        "W_enc": torch.randn(3, 4),
        "b_enc": torch.ones(4),
        "W_dec": torch.randn(4, 3),
        "b_dec": torch.ones(3),
    }
    assert type(mi.sae.SAE(**weights, kind="topk", k=np.int64(2)).k) is int


REFUSED = {
    "model.untrained: seed must be a whole number; got a str. Write model.untrained(seed=…).": lambda m: (
        m.untrained(seed="a")
    ),
    "seed must be a whole number from 0, of 64 bits at most, as in seed=0; got 0.5.": lambda m: m.untrained(
        seed=0.5
    ),
    "seed must be a whole number from 0, of 64 bits at most, as in seed=0; got True.": lambda m: (
        mi.repeated_tokens(m, length=4, seed=True)
    ),
    f"seed must be a whole number from 0, of 64 bits at most, as in seed=0; got {2**64}.": lambda m: seeded(
        2**64
    ),
    "seed must be a whole number from 0, of 64 bits at most, as in seed=0; got -1.": lambda m: (
        mi.fourier.modular_sums(7, "train", seed=-1)
    ),
    "mi.logit_lens: top_k must be a whole number from 1 to 50; got True.": lambda m: mi.logit_lens(
        m.run(IDS, keep=[at.resid_post]), top_k=True
    ),
    "model.generate: max_new_tokens must be a whole number from 1; got True.": lambda m: m.generate(
        IDS, max_new_tokens=True
    ),
    "seed must be a whole number from 0, of 64 bits at most, as in seed=0; got 1.5.": lambda m: m.generate(
        IDS, max_new_tokens=1, seed=1.5
    ),
    "batch_size=True: give a whole number from 1.": lambda m: mi.mean_activations(
        m, [IDS], at.z, batch_size=True
    ),
}


@pytest.mark.parametrize("says", REFUSED)
def test_what_is_none_is_refused_in_words(model, says):
    with pytest.raises(mi.MIError, match=f"^{re.escape(says)}$"):
        REFUSED[says](model)
