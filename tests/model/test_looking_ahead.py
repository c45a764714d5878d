"""Bidirectional attention: what rests on the next token being unknown is refused, all else is right."""

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.core.errors import UnsupportedModel
from mi_widgets.zoo.attention import KeyValueCache
from tests.conftest import small_transformer

IDS = [[3, 1, 4, 1, 5], [9, 2, 6]]


@pytest.fixture(scope="module")
def module():
    found = small_transformer(attention_dir="bidirectional")
    with torch.no_grad():
        for weight in found.parameters():
            weight.normal_(0, 1, generator=torch.Generator().manual_seed(0))
    return found


@pytest.fixture(scope="module")
def model(module):
    return mi.load(module)


def by_hand(module, row):
    """Its first pattern, from its matrices."""
    x = module.embed.W_E[row] + module.pos_embed.W_pos[: len(row)]
    read = (x - x.mean(-1, keepdim=True)) / x.var(-1, correction=0, keepdim=True).add(1e-5).sqrt()
    read = read * module.blocks[0].ln1.w + module.blocks[0].ln1.b
    a = module.blocks[0].attn
    q, k = (torch.einsum("pm,hmd->hpd", read, w) + b[:, None] for w, b in ((a.W_Q, a.b_Q), (a.W_K, a.b_K)))
    return (q @ k.transpose(1, 2) / 8**0.5).softmax(-1)


def test_every_token_sees_all_others(model, module):
    run = model.run(IDS, keep=[at.pattern])
    for row, ids in enumerate(IDS):
        n = len(ids)
        pattern = run[at.pattern[0]][row]
        assert torch.allclose(pattern[:, :n, :n], by_hand(module, ids), atol=1e-5)
        assert (pattern[:, :n, n:] == 0).all()  # padding is seen by none
        assert torch.allclose(run.logits[row, :n], model.run([ids]).logits[0], atol=1e-4)


def test_trust_says_so(model):
    (check,) = (check for check in model.trust.checks if check.name == "reads from left to right")
    assert check.status == "note"
    assert check.seen.startswith("no: its attention is bidirectional")
    assert model.trust.warnings == ()
    (check,) = (c for c in mi.load(small_transformer()).trust.checks if c.name == "reads from left to right")
    assert (check.status, check.seen) == ("ok", "no logit depends on a later token")


def test_what_needs_the_next_token_is_refused(model, module):
    with pytest.raises(UnsupportedModel, match="cannot be continued: its attention is bidirectional"):
        model.generate(IDS[0])
    run = model.run(IDS)
    for call in (
        lambda: mi.loss_per_token(run),
        lambda: mi.repeat_accuracy(model, length=8),
    ):
        with pytest.raises(
            UnsupportedModel, match="has no loss of the next token: its attention is bidirectional"
        ):
            call()
    with pytest.raises(UnsupportedModel, match="A bidirectional Transformer takes no cache"):
        module(torch.tensor(IDS[:1]), cache=KeyValueCache())
    assert model.run(IDS).logits.shape == run.logits.shape  # as before


def test_a_sweep_is_what_each_edit_does(model):
    grid = model.sweep([IDS[0]], mi.ablate, at.resid_post, metric=lambda logits: logits[:, 7])
    for layer in range(2):
        for pos in range(5):
            with model.intervene(mi.ablate(at.resid_post[layer].pos(pos))):
                wanted = model.run([IDS[0]]).logits[0, -1, 7]
            assert abs(grid.sel(layer=layer, pos=pos).values.item() - float(wanted)) < 1e-3


def test_the_same_parameters_read_as_a_causal_network_are_warned_of(module):
    ids = torch.tensor(IDS[:1])
    state, logits = module.state_dict(), module(ids)
    assert "assumed: causal" in mi.load(mi.Transformer.from_state_dict(state)).trust.warnings[0]
    with pytest.raises(UnsupportedModel, match="does not give the logits of check="):
        mi.Transformer.from_state_dict(state, check=(ids, logits))
    found = mi.Transformer.from_state_dict(
        state, config={"attention_dir": "bidirectional"}, check=(ids, logits)
    )
    assert torch.equal(found(ids), logits)
    assert "causal" not in found.assumed


def test_of_one_token_nothing_is_said():
    model = mi.load(small_transformer(n_ctx=1))
    assert not model.looks_ahead
    [check] = [check for check in model.trust.checks if check.name == "reads from left to right"]
    assert not check.tried


def test_a_decoder_of_transformers_is_tried_too():
    config = LlamaConfig(
        num_hidden_layers=1, hidden_size=16, intermediate_size=24, num_attention_heads=2, vocab_size=20
    )
    config.is_causal = False
    model = mi.load(LlamaForCausalLM(config).eval())
    assert model.looks_ahead
    with pytest.raises(UnsupportedModel, match="cannot be continued"):
        model.generate([3, 1])
