"""Which latents fire at each token, against the dictionary itself."""

import numpy as np
import pytest

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.core.errors import DictionaryError, NotKept
from tests.conftest import small_transformer
from tests.core.dictionaries import KINDS, random_sae
from tests.model.letters import letters

PROMPTS = ["abcde", "fab"]


@pytest.fixture(scope="module")
def model():
    return mi.load(small_transformer(), tokenizer=letters())


@pytest.mark.parametrize("kind", KINDS)
def test_all_that_fires_is_there_in_falling_order(model, kind):
    sae = random_sae(kind, d_in=32, d_sae=24, k=4, site=at.resid_post[1])
    run = model.run(PROMPTS, keep=[sae.site])
    found = mi.sae.latents(run, sae).dataset
    dense = sae.encode(run[sae.site]).numpy()
    numbers, values = found["latent"].values, found["activation"].values
    assert int(found["d_sae"]) == 24
    for row, pos in np.ndindex(numbers.shape[:2]):
        there = numbers[row, pos] >= 0
        assert (np.isnan(values[row, pos]) == ~there).all()
        wanted = dense[row, pos].copy()
        if not run.mask[row, pos] or pos == 0:  # padding, and the token that begins a text
            wanted[:] = 0
        assert set(numbers[row, pos][there]) == set(np.flatnonzero(wanted > 0))
        np.testing.assert_allclose(values[row, pos][there], -np.sort(-wanted[wanted > 0]), rtol=1e-5)
    assert found.sizes["rank"] == (dense > 0).sum(-1)[:, 1:].max() or kind != "topk"


def test_a_dictionary_that_is_silent_has_one_empty_rank(model):
    sae = random_sae("jumprelu", d_in=32, site=at.resid_post[0])
    loud = type(sae)(**{**sae.__dict__, "threshold": sae.threshold + 1e9})
    found = mi.sae.latents(model.run("abc", keep=[sae.site]), loud)
    assert found.dataset["latent"].values.tolist() == [[[-1]] * 4]
    assert "nothing fires" in repr(found.view())


def test_its_code_makes_it_again(model):
    sae = random_sae(d_in=32, site=at.resid_post[1])
    found = mi.sae.latents(model.run("abc", keep=[at.resid_post]), sae)
    names = {"mi": mi, "at": at, "model": model, "sae": sae}
    exec("\n".join(line for line in found.code().splitlines() if line.startswith(("run", "result"))), names)
    assert found.dataset.equals(names["result"].dataset)
    assert (
        "site=at.mlp_out[0]"
        in mi.sae.latents(model.run("abc", keep=[at.mlp_out]), sae, site=at.mlp_out[0]).code()
    )


def test_what_is_missing_is_named(model):
    with pytest.raises(DictionaryError, match=r"does not say where it reads: site=at\.resid_post\[2\]"):
        mi.sae.latents(model.run("abc"), random_sae(d_in=32))
    with pytest.raises(NotKept, match="keep="):
        mi.sae.latents(model.run("abc"), random_sae(d_in=32, site=at.resid_post[1]))
    with pytest.raises(DictionaryError, match="width 6"):
        mi.sae.latents(model.run("abc", keep=[at.resid_post]), random_sae(site=at.resid_post[1]))
