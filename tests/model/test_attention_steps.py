"""Attention that asks no interface is met step by step: it is read and changed as plain torch has it."""

import copy
import pickle

import pytest
import torch

import mi_widgets as mi
from mi_widgets import sites as at
from tests.model.decoders import small_decoder

IDS = [[5, 17, 60, 33, 8, 41, 90, 12], [77, 3, 9, 9, 54, 21, 30, 66]]
FALCONS = {
    "multi-query": {},
    "grouped, two norms": {"new_decoder_architecture": True, "num_kv_heads": 2},
    "grouped, one norm": {"new_decoder_architecture": True, "num_kv_heads": 2, "num_ln_in_parallel_attn": 1},
    "alibi": {"alibi": True},
    "one after the other, alibi": {"alibi": True, "parallel_attn": False, "multi_query": False},
    "every head its own": {"multi_query": False},
}
INSIDE = [at.q, at.k, at.v, at.scores, at.pattern, at.z]


@pytest.fixture(scope="module", params=FALCONS)
def falcon(request):
    options = FALCONS[request.param]
    return mi.load(small_decoder("FalconForCausalLM", **options)), small_decoder(
        "FalconForCausalLM", **options
    )


@torch.no_grad()
def test_every_falcon_is_read_whole(falcon):
    model, plain = falcon
    assert model.trust.warnings == ()
    run = model.run(IDS, keep=[*INSIDE, at.resid_pre, at.attn_out, at.mlp_out, at.resid_post])
    assert torch.allclose(run.logits, plain(torch.tensor(IDS)).logits, atol=1e-4, rtol=1e-4)
    # Where the layer adds attention to what the MLP gave out in place, that is not what the MLP gave out.
    added = run[at.resid_pre] + run[at.attn_out] + run[at.mlp_out]
    assert torch.allclose(added, run[at.resid_post], atol=1e-5)
    assert torch.allclose(run[at.scores].softmax(-1), run[at.pattern], atol=1e-6)
    copies = model.config.n_heads // model.config.n_key_value_heads
    q, k, v = run[at.q[1]], *(run[site[1]].repeat_interleave(copies, 2) for site in (at.k, at.v))
    # Of what may be seen the scores are products, and alibi, which goes by the key alone.
    by_key = run[at.scores[1]] - torch.einsum("bqhd,bkhd->bhqk", q, k) * q.shape[-1] ** -0.5
    for key in range(8):
        seen = by_key[..., key:, key]
        assert torch.allclose(seen, seen[..., :1].expand_as(seen), atol=1e-5)
    assert torch.allclose(torch.einsum("bhqk,bkhd->bqhd", run[at.pattern[1]], v), run[at.z[1]], atol=1e-5)


@torch.no_grad()
def test_an_edit_inside_is_what_a_hook_does_outside(falcon):
    model, plain = falcon
    dense = plain.transformer.h[1].self_attention.dense

    def without_head_2(_, args):
        x = args[0].clone()
        x[..., 16:24] = 0
        return (x,)

    handle = dense.register_forward_pre_hook(without_head_2)
    hooked = plain(torch.tensor(IDS)).logits
    handle.remove()
    for site in (at.z[1, 2], at.pattern[1, 2]):
        with model.intervene(mi.ablate(site)):
            assert torch.allclose(model.run(IDS).logits, hooked, atol=1e-4, rtol=1e-4)


def test_gradients_pass_what_is_added_to_in_place(falcon):
    model, _ = falcon
    run = model.run(IDS, keep=[at.mlp_out, at.resid_post], grad=True)
    of = run.logits[0, -1, 7]
    last = run.gradient(of, at.resid_post[1])
    assert last.abs().max() > 0
    assert torch.allclose(run.gradient(of, at.mlp_out[1]), last, atol=1e-6)


def test_copies_attend_as_they_did_and_nothing_stays_behind():
    module = small_decoder("MptForCausalLM")
    before = module(torch.tensor(IDS)).logits
    model = mi.load(module)
    for other in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):  # noqa: S301
        assert torch.allclose(other(torch.tensor(IDS)).logits, before, atol=1e-5)
    model.release()
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in module.modules())
    assert torch.equal(module(torch.tensor(IDS)).logits, before)


def test_a_call_that_fails_leaves_no_step_behind():
    model = mi.load(small_decoder("MptForCausalLM"))
    run = model.run(IDS, keep=[at.pattern])

    def fails(x):
        raise ZeroDivisionError

    with (
        pytest.raises(ZeroDivisionError),
        model.intervene(mi.interventions.apply(at.scores[0], fails)),
    ):
        model.run(IDS)
    assert not torch.overrides._get_current_function_mode_stack()
    assert torch.equal(model.run(IDS, keep=[at.pattern])[at.pattern], run[at.pattern])
