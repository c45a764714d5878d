"""Transcoders and dictionaries of heads in the analyses: an exact one loses nothing, and nonsense is refused."""

import numpy as np
import pytest
import torch

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.core.errors import DictionaryError
from mi_widgets.core.sae import SAE
from tests.core.dictionaries import random_sae, random_transcoder
from tests.model.families import small
from tests.model.letters import letters

TEXTS = ["".join(row) for row in np.random.default_rng(3).choice(list("abcdefgh"), (12, 8))]


@pytest.fixture(scope="module")
def model():
    return mi.load(small("OPT"), tokenizer=letters())


@pytest.fixture(scope="module")
def mlp(model):
    """OPT's MLP itself: relu(x W + b) W' + b'."""
    block = model.module.model.decoder.layers[1]
    return SAE(
        W_enc=block.fc1.weight.detach().T, b_enc=block.fc1.bias.detach(), W_dec=block.fc2.weight.detach().T,
        b_dec=block.fc2.bias.detach(), kind="l1", subtracts_b_dec=False, site=at.mlp_in[1], writes=at.mlp_out[1],
    )  # fmt: skip


def test_an_exact_transcoder_loses_nothing(model, mlp):
    scores = mi.sae.evaluate(model, mlp, TEXTS, progress=False)
    assert float(scores["variance_explained"]) == pytest.approx(1, abs=1e-5)
    assert float(scores["loss_recovered"]) == pytest.approx(1, abs=1e-4)


def test_one_that_says_nothing_is_as_bad_as_zeros(model, mlp):
    nothing = SAE(**{
        **{name: getattr(mlp, name) for name in ("W_enc", "b_enc", "site", "writes")},
        "W_dec": 0 * mlp.W_dec, "b_dec": 0 * mlp.b_dec, "kind": "l1", "subtracts_b_dec": False,
    })  # fmt: skip
    assert float(mi.sae.evaluate(model, nothing, TEXTS, progress=False)["loss_recovered"]) == pytest.approx(
        0, abs=1e-4
    )


def test_its_latents_are_shown_where_they_are_read(model, mlp):
    run = model.run(TEXTS[:2], keep=[at.mlp_in, at.mlp_post])
    found = mi.sae.latents(run, mlp).dataset
    neurons = run[at.mlp_post[1]][0, 3].detach()
    strongest = found["latent"].values[0, 3, 0]
    assert strongest == int(neurons.argmax())
    assert found["activation"].values[0, 3, 0] == pytest.approx(float(neurons.max()), rel=1e-5)
    assert np.isnan(found["activation"].values[:, 0]).all()  # the token that begins the text


def test_its_dashboards_promote_by_what_it_writes(model, mlp):
    found = mi.sae.dashboards(model, mlp, TEXTS, n_promoted=3, progress=False).dataset
    effect = mlp.W_dec @ model.unembedding.directions(range(50))
    effect = effect - effect.mean(-1, keepdim=True)
    np.testing.assert_allclose(found["promoted_by"].values, effect.topk(3).values.detach(), rtol=1e-4)


def test_a_dictionary_of_heads_is_judged_and_shown(model):
    sae = random_sae("l1", d_in=32, site=at.z[1])
    scores = mi.sae.evaluate(model, sae, TEXTS, progress=False)
    run = model.run(TEXTS, keep=[at.z])
    x = run[at.z[1]].flatten(-2)[:, 1:].flatten(0, 1).double()
    error = (sae(x.float()).double() - x).square().sum() / (x - x.mean(0)).square().sum()
    assert float(scores["variance_explained"]) == pytest.approx(float(1 - error), rel=1e-4)
    found = mi.sae.dashboards(model, sae, TEXTS, n_promoted=2, progress=False).dataset
    out = model.module.model.decoder.layers[1].self_attn.out_proj.weight.T
    effect = (sae.W_dec @ out) @ model.unembedding.directions(range(50))
    effect = effect - effect.mean(-1, keepdim=True)
    np.testing.assert_allclose(found["promoted_by"].values, effect.topk(2).values.detach(), rtol=1e-3)


def test_what_makes_no_sense_is_said(model):
    of_queries = random_sae("l1", d_in=8, site=at.q[1, 2])
    with pytest.raises(DictionaryError, match=r"at.q\[1, 2\] adds nothing to the residual stream by itself"):
        mi.sae.dashboards(model, of_queries, TEXTS, progress=False)
    wide = random_transcoder(d_in=30, d_out=32, site=at.mlp_in[1], writes=at.mlp_out[1])
    with pytest.raises(DictionaryError, match="reads activations of width 30; these have shape"):
        mi.sae.latents(model.run("abc", keep=[at.mlp_in]), wide)
    with pytest.raises(DictionaryError, match=r"its directions go over all heads.*head by head"):
        random_sae("l1", d_in=32, site=at.z[1]).direction(3)


def test_its_direction_acts_where_it_writes(mlp):
    assert mlp.direction(3).site == at.mlp_out[1]
    torch.testing.assert_close(mlp.direction(3).tensor, mlp.W_dec[3])


def test_another_model_or_site_is_a_warning_of_every_result(model):
    sae = random_sae("l1", d_in=32, site=at.resid_post[1], model="meta-llama/Llama-3.1-8B")
    run = model.run("abc", keep=[at.resid_post])
    for result in (
        mi.sae.latents(run, sae, site=at.resid_post[0]),
        mi.sae.evaluate(model, sae, TEXTS, site=at.resid_post[0], progress=False),
        mi.sae.dashboards(model, sae, TEXTS, site=at.resid_post[0], progress=False),
    ):
        warnings = result.provenance.warnings
        assert any(
            "trained on meta-llama/Llama-3.1-8B, and this is OPTForCausalLM" in text for text in warnings
        )
        assert any("trained at at.resid_post[1], and reads at.resid_post[0]" in text for text in warnings)
    right = random_sae("l1", d_in=32, site=at.resid_post[1], model="OPTForCausalLM")
    assert not any("dictionary" in text for text in mi.sae.latents(run, right).provenance.warnings)
