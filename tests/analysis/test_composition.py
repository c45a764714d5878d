"""What the weights alone say: which head reads which, and which head copies."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import mi_widgets as mi
from mi_widgets import sites as at
from tests.analysis.induction_by_hand import induction_circuit
from tests.conftest import examples, small_transformer
from tests.model.decoders import small_decoder

D_VOCAB = 12


@pytest.fixture(scope="module")
def by_hand():
    return mi.load(induction_circuit(D_VOCAB))


def test_the_circuit_set_by_hand_composes_by_keys_and_in_no_other_way(by_hand):
    scores = mi.composition_scores(by_hand)
    assert scores.dims == ("composition", "sender", "receiver")
    ratio = scores.dataset["norm_ratio"].sel(sender="L0.H0", receiver="L1.H0")
    # W_OV of head 0.0 has one 1 a word, and W_QK of head 1.0 two: for the word before, and for position 0.
    assert ratio.values == pytest.approx([0, 1 / np.sqrt(2 * D_VOCAB), 0], abs=1e-6)


def test_heads_that_are_not_in_the_order_of_the_layers_have_no_score(by_hand):
    scores = mi.composition_scores(by_hand).to_xarray()
    assert np.isnan(scores.sel(sender="L1.H0").values).all()
    assert np.isnan(scores.sel(receiver="L0.H0").values).all()


def test_scores_are_the_norms_of_products(model):
    w = model.weights
    scores = mi.composition_scores(model, n_random=4)
    for sender, receiver in ((0, 0), (1, 3), (2, 1)):
        written = (w.W_V[0, sender] @ w.W_O[0, sender]).numpy()
        looks = (w.W_Q[1, receiver] @ w.W_K[1, receiver].T).numpy()
        copies = (w.W_V[1, receiver] @ w.W_O[1, receiver]).numpy()
        expected = [
            np.linalg.norm(written @ reads) / np.linalg.norm(written) / np.linalg.norm(reads)
            for reads in (looks, looks.T, copies)
        ]
        got = scores.dataset.sel(sender=f"L0.H{sender}", receiver=f"L1.H{receiver}")
        assert np.allclose(got["norm_ratio"].values, expected, atol=1e-5)
        assert np.allclose(got["score"].values, np.array(expected) - got["baseline"].values, atol=1e-5)


@settings(max_examples=examples(10))
@given(st.floats(0.1, 10), st.integers(0, 3), st.integers(0, 1000))
def test_neither_the_size_of_a_head_nor_its_basis_matters(factor, head, seed):
    module = small_transformer(d_mlp=0)
    before = mi.composition_scores(mi.load(module), n_random=2).values
    turn = torch.linalg.qr(torch.randn(8, 8, generator=torch.Generator().manual_seed(seed)))[0]
    with torch.no_grad():
        for block in module.blocks:
            a = block.attn
            for one, other in ((a.W_V, a.W_O.transpose(1, 2)), (a.W_Q, a.W_K)):
                one[head] = factor * one[head] @ turn
                other[head] = other[head] @ turn
    assert np.allclose(
        mi.composition_scores(mi.load(module), n_random=2).values, before, atol=1e-4, equal_nan=True
    )


def test_a_head_that_writes_nothing_composes_with_nothing():
    module = small_transformer(d_mlp=0)
    with torch.no_grad():
        module.blocks[0].attn.W_O[2] = 0
    ratio = mi.composition_scores(mi.load(module), n_random=2).dataset["norm_ratio"].sel(sender="L0.H2")
    assert (ratio.values[:, 4:] == 0).all()


def test_an_untrained_network_scores_as_random_matrices_do():
    scores = mi.composition_scores(mi.load("induction-2l").untrained())
    assert np.nanmax(np.abs(scores.values)) < 0.01
    assert 0 < scores.dataset["spread"] < 0.01


def test_in_the_trained_model_every_induction_head_reads_the_previous_token_head():
    model = mi.load("induction-2l")
    first = mi.head_scores(model, "previous_token").argmax()
    keys = mi.composition_scores(model).sel(composition="K").to_xarray()
    for head in np.flatnonzero(mi.head_scores(model, "induction").values[1] > 0.4):
        read = keys.sel(receiver=f"L1.H{head}", sender=[f"L0.H{h}" for h in range(4)]).values
        assert read[first["head"]] > 2 * np.delete(read, first["head"]).max()


def test_one_layer_has_nothing_to_compose():
    with pytest.raises(
        mi.errors.MIError, match="has one layer, and heads of one layer cannot read each other"
    ):
        mi.composition_scores(mi.load("induction-1l"))
    with pytest.raises(mi.errors.MIError, match="n_random must be a whole number from 2; got 1"):
        mi.composition_scores(mi.load("induction-2l"), n_random=1)


@pytest.fixture
def uneven(module):
    """A model whose LayerNorms have weights and biases of their own, as trained ones do."""
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if "ln" in name or "bias" in name or ".b_" in name:
                parameter.add_(torch.randn(parameter.shape, generator=generator))
    return mi.load(module)


def same_everywhere(rest):
    """Whether something is the same at every position."""
    return torch.allclose(rest, rest[:1].expand_as(rest), atol=1e-3)


def normed(resid):
    """What LayerNorm makes of the residual, but for its mean, weight and bias."""
    return resid / (resid.var(-1, unbiased=False, keepdim=True) + 1e-5).sqrt()


def test_folded_weights_are_what_reads(uneven):
    """What is read is the residual, over its spread, times the folded weights; the rest is the same everywhere."""
    run = uneven.run([[1, 2, 3, 4, 5, 6]], keep=[at.resid_pre, at.resid_post, at.q, at.k, at.v])
    for layer in range(2):
        x = normed(run[at.resid_pre[layer]][0])
        for site, weight in ((at.q, "W_Q"), (at.k, "W_K"), (at.v, "W_V")):
            read = torch.einsum("pm,hmd->phd", x, getattr(uneven.weights, weight)[layer])
            assert same_everywhere(run[site[layer]][0] - read)
    assert same_everywhere(run.logits[0] - normed(run[at.resid_post[1]][0]) @ uneven.weights.W_U)


def test_what_a_head_writes_is_z_times_w_o(uneven):
    run = uneven.run([[1, 2, 3, 4, 5, 6]], keep=[at.z, at.attn_out])
    for layer in range(2):
        written = torch.einsum("phd,hdm->pm", run[at.z[layer]][0], uneven.weights.W_O[layer])
        out = run[at.attn_out[layer]][0]
        assert same_everywhere(out - out.mean(-1, keepdim=True) - written)


def test_what_layernorm_and_softmax_do_not_see_changes_no_score():
    module = small_transformer(d_mlp=0)
    before = mi.load(module)
    scores = mi.composition_scores(before, n_random=2).values, mi.copying_scores(before).values
    with torch.no_grad():
        module.blocks[0].attn.W_O[1] += torch.randn(8, 1)
        module.unembed.W_U += torch.randn(32, 1)
    after = mi.load(module)
    assert np.allclose(mi.composition_scores(after, n_random=2).values, scores[0], atol=1e-5, equal_nan=True)
    assert np.allclose(mi.copying_scores(after).values, scores[1], atol=1e-3)


def test_copying_is_read_back_exactly(by_hand):
    score = mi.copying_scores(by_hand)
    assert score.values[1, 0] == pytest.approx(1, abs=1e-5)  # raises what it reads, and nothing else
    assert score.values[0, 0] == 0  # writes where nothing is predicted from
    module = induction_circuit(D_VOCAB)
    module.blocks[1].attn.W_O *= -1
    assert mi.copying_scores(mi.load(module)).values[1, 0] == pytest.approx(-1, abs=1e-5)


def test_copying_is_of_the_eigenvalues_of_the_whole_circuit(model):
    w = model.weights
    for layer, head in ((0, 1), (1, 3)):
        # Softmax does not see what all logits have in common.
        said = w.W_U - w.W_U.mean(1, keepdim=True)
        whole = w.W_E @ w.W_V[layer, head] @ w.W_O[layer, head] @ said
        values = torch.linalg.eigvals(whole)
        expected = values.real.sum() / values.abs().sum()
        assert mi.copying_scores(model).values[layer, head] == pytest.approx(expected.item(), abs=1e-3)


def test_copying_is_of_tokens_that_are_both_read_and_said():
    """Of a decoder that also embeds what it never says: 8 rows of Mllama's are of images."""
    model = mi.load(small_decoder("MllamaForCausalLM"))
    w = model.weights
    assert w.W_E.shape[0] == w.W_U.shape[1] + 8
    said = w.W_U - w.W_U.mean(1, keepdim=True)
    whole = w.W_E[:-8] @ w.W_V[1, 2] @ w.W_O[1, 2] @ said
    values = torch.linalg.eigvals(whole.double())
    expected = values.real.sum() / values.abs().sum()
    assert mi.copying_scores(model).values[1, 2] == pytest.approx(expected.item(), abs=1e-3)


def test_copying_leaves_out_what_cannot_be_said():
    state = small_transformer(normalization=None, n_layers=1).state_dict()
    state = {**state, "unembed.W_U": state["unembed.W_U"][:, :20], "unembed.b_U": torch.zeros(20)}
    model = mi.load(mi.Transformer.from_state_dict(state))
    said = state["unembed.W_U"] - state["unembed.W_U"].mean(1, keepdim=True)
    for head in range(4):
        read, written = (state[f"blocks.0.attn.{name}"][head] for name in ("W_V", "W_O"))
        values = torch.linalg.eigvals(state["embed.W_E"][:20] @ read @ written @ said)
        expected = values.real.sum() / values.abs().sum()
        assert mi.copying_scores(model).values[0, head] == pytest.approx(expected.item(), abs=1e-3)


def test_trained_induction_heads_copy_and_untrained_heads_do_not():
    model = mi.load("induction-2l")
    assert mi.copying_scores(model).values[1].min() > 0.5
    assert np.abs(mi.copying_scores(model.untrained()).values).max() < 0.2
