"""Gradients, and where and how small what is kept is kept."""

import warnings

import pytest
import torch

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.model import memory
from tests.model.families import FAMILIES, small

IDS = torch.tensor([[3, 1, 4, 1, 5, 9, 2, 6]])
TOKEN = 7


@pytest.mark.parametrize("family", FAMILIES)
def test_a_gradient_is_what_a_small_push_does(family):
    """d logit / d site, along a direction, against the difference of two runs."""
    model = mi.load(small(family).double())
    names = [
        n
        for n in ("embed", "resid_mid", "mlp_post", "k", "pattern", "z", "attn_out")
        if n in model.architecture.places
    ]
    sites = [at.embed if name == "embed" else getattr(at, name)[1] for name in names]
    run = model.run(IDS, keep=sites, grad=True)
    generator = torch.Generator().manual_seed(0)
    for site in sites:
        x = run[site].detach()
        push = torch.randn(x.shape, generator=generator, dtype=x.dtype)
        found = (run.gradient(run.logits[0, -1, TOKEN], site) * push).sum().item()
        small_step = 2e-4  # attention is float32 in the families themselves
        ends = []
        for sign in (1, -1):
            with model.intervene(mi.interventions.replace(site, x + sign * small_step * push)):
                ends.append(model.run(IDS).logits[0, -1, TOKEN].item())
        assert found == pytest.approx((ends[0] - ends[1]) / (2 * small_step), rel=1e-2, abs=5e-3), site


def test_a_gradient_stops_at_the_layer_and_position_that_it_is_of():
    model = mi.load(small("Llama"))
    run = model.run([IDS[0].tolist(), [7, 8]], keep=[at.resid_post], grad=True)
    early = run.gradient(run.logits[0, 3, TOKEN], at.resid_post)
    assert early.shape == run[at.resid_post].shape
    assert (early[:, 0, 4:] == 0).all()  # later tokens
    assert (early[:, 1] == 0).all()  # the other prompt
    assert early[:, 0, :4].abs().amax((-1, -2)).min() > 0
    assert torch.equal(run.gradient(run.logits[0, 3, TOKEN], at.resid_post[1].pos(1)), early[1][:, 1])
    late = run.gradient(run[at.resid_post[0]].sum(), at.resid_post[2])
    assert (late == 0).all()


def test_gradients_hold_under_interventions_and_for_weights_that_do_not_learn():
    model = mi.load(small("GPT-2").requires_grad_(False))
    with model.intervene(mi.ablate(at.attn_out[1]), mi.ablate(at.mlp_out[1])):
        run = model.run(IDS, keep=[at.resid_pre, at.resid_post], grad=True)
    grads = [run.gradient(run.logits[0, -1, TOKEN], site) for site in (at.resid_pre[1], at.resid_post[1])]
    assert torch.allclose(*grads, atol=1e-6)
    assert grads[0].abs().max() > 0
    assert not model.run(IDS).logits.requires_grad


@pytest.mark.parametrize(
    ("act", "error", "says"),
    [
        (
            lambda m: m.run(IDS, keep=[at.z]).gradient(m.run(IDS).logits[0, -1, 5], at.z),
            "MIError",
            "without a graph",
        ),
        (
            lambda m: (r := m.run(IDS, keep=[at.z], grad=True)).gradient(r.logits[0, -1], at.z),
            "MIError",
            r"one number .* Got a tensor of shape \(50,\)",
        ),
        (
            lambda m: (r := m.run(IDS, grad=True)).gradient(r.logits[0, -1, 5], at.z),
            "NotKept",
            r"keep=\[at.z\]",
        ),
        (
            lambda m: m.run(IDS, keep=[at.z], grad=True, keep_on="cpu"),
            "MIError",
            "leave keep_on= and keep_dtype=",
        ),
    ],
)
def test_what_has_no_gradient_is_named(act, error, says):
    with pytest.raises(getattr(mi.errors, error), match=says):
        act(mi.load(small("GPT-2")))


def test_what_is_kept_can_be_kept_smaller():
    model = mi.load(small("Llama"))
    full = model.run(IDS, keep=[at.resid_post, at.pattern])
    half = model.run(IDS, keep=[at.resid_post, at.pattern], keep_dtype=torch.bfloat16, keep_on="cpu")
    assert half[at.pattern].dtype == torch.bfloat16
    assert torch.equal(half[at.resid_post], full[at.resid_post].bfloat16())


@pytest.mark.parametrize("family", ["Llama", "Bloom", "OPT", "Transformer"])
def test_the_estimate_is_the_size_of_what_is_kept(family):
    model = mi.load(small(family))
    sites = [getattr(at, name) for name in model.architecture.places]
    prompts = [[1, 2, 3], [4, 5, 6, 7]]
    run = model.run(prompts, keep=sites)
    assert model.bytes_of(prompts, keep=sites) == sum(run[site].numel() * 4 for site in sites)


def test_a_capture_that_cannot_fit_is_refused_before_it_is_made(monkeypatch):
    model = mi.load(small("Llama"))
    before = model.run(IDS).logits
    need = model.bytes_of(IDS, keep=[at.pattern])
    monkeypatch.setattr(memory, "_SMALL", 0)
    monkeypatch.setattr(memory, "free_bytes", lambda device: need - 1)
    says = r"Keeping at.pattern takes .* GB; .* GB are free on cpu. Keep fewer .*keep_dtype=torch.bfloat16"
    with pytest.raises(mi.errors.NotEnoughMemory, match=says):
        model.run(IDS, keep=[at.pattern])
    with pytest.warns(UserWarning, match="Keeping at.pattern takes"):
        model.run(IDS, keep=[at.pattern], keep_dtype=torch.bfloat16)
    monkeypatch.setattr(memory, "free_bytes", lambda device: 10 * need)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert torch.equal(model.run(IDS, keep=[at.pattern]).logits, before)


def test_free_memory_is_no_more_than_a_container_may_have(monkeypatch, tmp_path):
    (tmp_path / "memory.max").write_text("1000000\n")
    (tmp_path / "memory.current").write_text("900000\n")
    (tmp_path / "memory.stat").write_text("anon 1\ninactive_file 50000\n")
    monkeypatch.setattr(memory, "_CGROUP", tmp_path)
    assert memory.free_bytes(torch.device("cpu")) == 150_000
    (tmp_path / "memory.max").write_text("max\n")
    assert memory.free_bytes(torch.device("cpu")) > 10_000_000


def test_what_a_generation_is_to_keep_is_asked_for_before_it_begins(monkeypatch):
    model, written = mi.load(small("GPT-2")), []
    monkeypatch.setattr(memory, "_SMALL", 0)
    monkeypatch.setattr(memory, "free_bytes", lambda device: model.bytes_of(IDS, keep=[at.z]))
    with pytest.raises(mi.errors.NotEnoughMemory, match=r"Keeping at.z takes"):
        model.generate(IDS, max_new_tokens=3, keep=[at.z], on_token=written.append)
    assert not written
    assert model.generate(IDS, max_new_tokens=3).run is None
