"""Experts: the weight with which a token uses each is what plain torch computes, and changed it adds up as it would."""

import pytest
import torch
import torch.nn.functional as F

import mi_widgets as mi
from mi_widgets import sites as at
from tests.model.decoders import small_decoder
from tests.model.letters import letters

IDS = [[5, 17, 60, 33, 8, 41, 90, 12], [77, 3, 9, 9, 54, 21, 30, 66]]
LAYER, N = 1, 4


def spread(which, weights):
    return torch.zeros(*which.shape[:-1], N).scatter(-1, which, weights)


def softmax_of_all(logits, *, to_1):
    top, which = logits.softmax(-1).topk(2)
    return spread(which, top / top.sum(-1, keepdim=True) if to_1 else top)


def softmax_of_the_chosen(logits):
    top, which = logits.topk(2)
    return spread(which, top.softmax(-1))


def sigmoids(moe, logits):
    scores = logits.sigmoid()
    which = (scores + moe.gate.e_score_correction_bias).topk(2).indices
    top = scores.gather(-1, which)
    return spread(which, top / top.sum(-1, keepdim=True) * 2.5)


def gpt_oss_expert(experts, e, x):
    both = x @ experts.gate_up_proj[e] + experts.gate_up_proj_bias[e]
    gate, up = both[..., ::2].clamp(max=7.0), both[..., 1::2].clamp(-7.0, 7.0)
    return ((up + 1) * gate * (1.702 * gate).sigmoid()) @ experts.down_proj[e] + experts.down_proj_bias[e]


def gated_expert(experts, e, x):
    gate, up = (x @ half.T for half in experts.gate_up_proj[e].chunk(2))
    return (F.silu(gate) * up) @ experts.down_proj[e].T


def shared(moe, x):
    mlp = moe.shared_experts
    return (F.silu(x @ mlp.gate_proj.weight.T) * (x @ mlp.up_proj.weight.T)) @ mlp.down_proj.weight.T


# Each family's router, as its paper or config has it: from its mixture and the logits to all experts' weights.
ROUTERS = {
    "MixtralForCausalLM": lambda moe, logits: softmax_of_all(logits, to_1=True),
    "Qwen3MoeForCausalLM": lambda moe, logits: softmax_of_all(logits, to_1=False),
    "OlmoeForCausalLM": lambda moe, logits: softmax_of_all(logits, to_1=False),
    "GptOssForCausalLM": lambda moe, logits: softmax_of_the_chosen(logits),
    "GraniteMoeForCausalLM": lambda moe, logits: softmax_of_the_chosen(logits),
    "DeepseekV3ForCausalLM": sigmoids,
}


class Plain:
    """The mixture of one layer, by its parameters alone."""

    def __init__(self, name, module):
        self.name = name
        self.times = getattr(module.config, "residual_multiplier", 1.0)  # of Granite, as its layers add it
        layer = module.model.layers[LAYER]
        self.norm = layer.post_attention_layernorm
        self.moe = layer.block_sparse_moe if name == "GraniteMoeForCausalLM" else layer.mlp

    def reads(self, resid_mid):
        size = (resid_mid.square().mean(-1, keepdim=True) + self.norm.variance_epsilon).sqrt()
        return resid_mid / size * self.norm.weight

    def weights(self, x):
        router = self.moe.gate if hasattr(self.moe, "gate") else self.moe.router
        matrix = router.layer.weight if hasattr(router, "layer") else router.weight
        return ROUTERS[self.name](self.moe, x @ matrix.T + getattr(router, "bias", torch.zeros(N)))

    def adds(self, x, weights):
        expert = gpt_oss_expert if self.name == "GptOssForCausalLM" else gated_expert
        each = torch.stack([expert(self.moe.experts, e, x) for e in range(N)], -1)
        always = shared(self.moe, x) if hasattr(self.moe, "shared_experts") else 0
        return ((each * weights[..., None, :]).sum(-1) + always) * self.times


@pytest.fixture(scope="module", params=ROUTERS)
def pair(request):
    """A model with experts, and how plain torch reads its second layer."""
    module = small_decoder(request.param)
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if name.endswith("bias"):
                parameter.normal_(std=0.3)
        for name, buffer in module.named_buffers():
            if name.endswith("e_score_correction_bias"):
                buffer.normal_(std=0.03)
    return mi.load(module, tokenizer=letters()), Plain(request.param, module)


def close(x, y):
    return torch.allclose(x, y, atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_weights_and_what_they_add_are_those_of_plain_torch(pair):
    model, plain = pair
    assert model.trust.warnings == ()
    (check,) = [check for check in model.trust.checks if check.name.startswith("router")]
    assert check.status == "ok"
    run = model.run(IDS, keep=[at.router, at.resid_mid, at.mlp_out])
    read, x = run[at.router[LAYER]], plain.reads(run[at.resid_mid[LAYER]])
    assert read.shape == (2, 8, N)
    assert ((read != 0).sum(-1) == 2).all()
    assert close(read, plain.weights(x))
    assert close(run[at.mlp_out[LAYER]], plain.adds(x, read))
    assert torch.equal(run[at.router[LAYER, 3].pos(-1)], read[:, -1, 3])


@torch.no_grad()
def test_an_expert_without_weight_adds_nothing_and_the_others_what_they_did(pair):
    model, plain = pair
    run = model.run(IDS, keep=[at.router, at.resid_mid])
    x, without = plain.reads(run[at.resid_mid[LAYER]]), run[at.router[LAYER]].clone()
    without[..., 2] = 0
    with model.intervene(mi.ablate(at.router[LAYER, 2])):
        ablated = model.run(IDS, keep=[at.router, at.mlp_out])
    assert torch.equal(ablated[at.router[LAYER]], without)
    assert close(ablated[at.mlp_out[LAYER]], plain.adds(x, without))
    uses = run[at.router[LAYER, 2]] != 0
    assert 0 < uses.sum() < uses.numel()
    moved = (ablated.logits - run.logits).abs().amax(-1)
    assert (moved[uses] > 1e-4).all()
    assert torch.allclose(moved[~uses], torch.zeros(()), atol=1e-5)  # it is the last layer


@torch.no_grad()
def test_experts_that_were_not_chosen_can_be_used(pair):
    model, plain = pair
    run = model.run(IDS, keep=[at.resid_mid])
    x, mixed = plain.reads(run[at.resid_mid[LAYER]]), torch.randn(2, 8, N)
    mixed[0, :3, 1:] = 0
    with model.intervene(mi.interventions.replace(at.router[LAYER], mixed)):
        assert close(model.run(IDS, keep=[at.mlp_out])[at.mlp_out[LAYER]], plain.adds(x, mixed))
    with model.intervene(mi.ablate(at.router[LAYER])):
        nothing = model.run(IDS, keep=[at.mlp_out])[at.mlp_out[LAYER]]
    assert close(nothing, plain.adds(x, torch.zeros(2, 8, N)))


def test_its_gradient_is_how_the_logits_change(pair):
    model, _ = pair
    run = model.run(IDS, keep=[at.router], grad=True)
    slope = run.gradient(run.logits[1, -1, 7], at.router[LAYER])[1, -1]
    used = int(run[at.router[LAYER]][1, -1].argmax())
    step = torch.zeros(N)
    step[used] = 1e-2
    ends = []
    for sign in (1, -1):
        with model.intervene(mi.steer(at.router[LAYER].pos(-1), step, scale=sign)):
            ends.append(float(model.run(IDS).logits[1, -1, 7]))
    assert float(slope[used]) == pytest.approx((ends[0] - ends[1]) / 2e-2, abs=2e-3)


def test_a_layer_without_experts_says_so():
    model = mi.load(small_decoder("DeepseekV3ForCausalLM"))  # whose first layer is dense
    with pytest.raises(
        mi.errors.SiteError, match=r"layer 0 of .* has no at\.router; these layers have it: 1\."
    ):
        model.run(IDS, keep=[at.router[0]])
    run = model.run(IDS, keep=[at.router])
    with pytest.raises(mi.errors.SiteError, match=r"only some layers \(1\).*as in run\[at\.router\[1\]\]"):
        run[at.router]
    with pytest.raises(mi.errors.SiteError, match="has 4 experts a layer, so the expert must be 0 to 3"):
        run[at.router[1, 4]]
    dense = mi.load(small_decoder("OlmoForCausalLM"))
    with pytest.raises(mi.errors.SiteError, match=r"has no at\.router \(its layers have no experts\)"):
        dense.run(IDS, keep=[at.router])
    with pytest.raises(mi.errors.SiteError, match="a layer, or a layer and an expert"):
        at.router[1, 2, 3]
    with pytest.raises(mi.errors.SiteError, match="expert must be a whole number from 0, got -1"):
        at.router[1, -1]
    assert eval(mi.ablate(at.router[1, 3]).code()) == mi.ablate(at.router[1, 3])


DIRECTION, SAID = 3, 7


@pytest.fixture(scope="module")
def planted():
    """A Mixtral whose second layer's expert 0 writes one direction, which one token's logit reads; no other writes."""
    module = small_decoder("MixtralForCausalLM")
    with torch.no_grad():
        experts = module.model.layers[1].mlp.experts
        experts.down_proj.zero_()
        # Its neurons are of either sign: squared, what is written has one.
        experts.gate_up_proj[0, 16:] = 0
        experts.gate_up_proj[0, 0] = experts.gate_up_proj[0, experts.intermediate_dim] = torch.randn(32)
        experts.down_proj[0, DIRECTION, 0] = 5.0
        module.lm_head.weight.zero_()
        module.lm_head.weight[SAID, DIRECTION] = 1.0
    return mi.load(module, tokenizer=letters())


def test_the_expert_that_writes_is_the_one_that_is_missed(planted):
    run = planted.run(IDS, keep=[at.router, at.mlp_out])
    written, uses = run[at.mlp_out[1]], run[at.router[1, 0]] > 0
    assert 0 < uses.sum() < uses.numel()
    assert (written.abs().sum(-1) > 0).equal(uses)
    assert torch.equal(written.abs().sum(-1), written[..., DIRECTION].abs())
    for expert in range(N):
        with planted.intervene(mi.ablate(at.router[1, expert])):
            left = planted.run(IDS, keep=[at.mlp_out])[at.mlp_out[1]]
        assert torch.equal(left, written if expert else torch.zeros_like(written))


def test_effects_of_experts_are_swept(planted):
    run = planted.run(IDS, keep=[at.router])
    swept = planted.sweep(
        IDS, mi.ablate, at.router, metric=lambda logits: logits[:, SAID], layers=[1], progress=False
    )
    assert swept.to_xarray().dims == ("batch", "layer", "expert")
    change = swept.values[:, 0] - swept.dataset["clean"].values[:, None]
    used = (run[at.router[1, 0].pos(-1)] > 0).numpy()
    assert ((change[:, 0] != 0) == used).all()
    assert change[:, 1:] == pytest.approx(0, abs=1e-5)
    some = planted.sweep(
        IDS,
        mi.ablate,
        at.router,
        metric=lambda logits: logits[:, SAID],
        layers=[1],
        experts=[3, 0],
        progress=False,
    )
    assert some.dataset["expert"].values.tolist() == [3, 0]
    assert some.values == pytest.approx(swept.values[:, :, [3, 0]], abs=1e-5)
    assert "experts=[3, 0]" in str(some.code())
    pairs = [mi.PromptPair(text, text[::-1], ("a", "b")) for text in ("a cat", "b dog", "hat on")]
    effects = mi.ablation_effects(planted, pairs, at.router, progress=False)
    assert effects.dims == ("layer", "expert")
    assert effects.values.shape == (2, N)
    assert effects.values[1, 1:] == pytest.approx(0, abs=1e-5)


def test_experts_weights_are_patched_one_by_one(planted):
    pair = mi.PromptPair("a cat sat", "a dog ran", ("?", "b"))  # "?" is what is said
    clean, corrupted = (planted.run(text, keep=[at.router]) for text in (pair.clean, pair.corrupted))
    patched = mi.activation_patching(planted, pair, at.router, layers=[0], experts=[2], progress=False)
    assert patched.dims == ("layer", "expert")
    with planted.intervene(mi.patch(at.router[0, 2], clean)):
        alone = planted.run(pair.corrupted).last_logits[0, SAID]  # other tokens have no logit
    assert patched.dataset["metric"].values.squeeze() == pytest.approx(float(alone), abs=1e-4)
    assert not torch.equal(clean[at.router[0, 2]], corrupted[at.router[0, 2]])
    foretold = mi.attribution_patching(planted, pair, at.router, progress=False)
    assert foretold.dims == ("layer", "expert")
    assert foretold.values.shape == (2, N)


def test_experts_of_some_layers_are_foretold_by_their_gradients():
    model = mi.load(small_decoder("DeepseekV3ForCausalLM"))  # whose first layer is dense
    pair = mi.PromptPair([5, 9, 17, 33, 41], [5, 9, 99, 33, 41], (3, 4))
    clean, corrupted = (model.run([ids], keep=[at.router], grad=True) for ids in (pair.clean, pair.corrupted))
    slope = corrupted.gradient(corrupted.logits[0, -1, 3] - corrupted.logits[0, -1, 4], at.router[1])
    change = (slope * (clean[at.router[1]] - corrupted[at.router[1]])).detach().sum((0, 1))
    found = mi.attribution_patching(model, pair, at.router, progress=False).dataset
    assert found["layer"].values.tolist() == [1]
    foretold = found["metric"].values.squeeze() - found["corrupted"].values.squeeze()
    assert change.abs().max() > 1e-4
    assert foretold == pytest.approx(change.numpy(), abs=1e-5)


def test_it_is_written_token_by_token_as_reruns_say(planted):
    edit = mi.interventions.replace(at.router[0], torch.tensor([0.5, 0.0, 0.0, 0.5]))
    with planted.intervene(edit):
        ids = list(IDS[0])
        for _ in range(3):
            ids.append(int(planted.run(ids).logits[0, -1].argmax()))
        assert list(planted.generate(IDS[0], max_new_tokens=3).ids) == ids[len(IDS[0]) :]


def test_experts_that_do_not_count_by_their_weights_are_not_read_as_if():
    module = small_decoder("MixtralForCausalLM")
    experts = module.model.layers[1].mlp.experts
    experts.register_forward_hook(lambda _, args, out: out * out.abs())
    model = mi.load(module)
    assert any("no sum by these weights" in warning for warning in model.trust.warnings)
    with pytest.raises(mi.errors.SiteError, match="no sum by these weights"):
        model.run(IDS, keep=[at.router])


def test_nothing_of_it_stays_behind():
    module = small_decoder("MixtralForCausalLM")
    before = module(torch.tensor(IDS)).logits
    model = mi.load(module)
    assert [name for name, _ in module.named_modules() if "tap_router" in name]
    model.release()
    assert not [name for name, _ in module.named_modules() if "tap" in name]
    assert not any(part._forward_pre_hooks for part in module.modules())
    assert torch.equal(module(torch.tensor(IDS)).logits, before)


def test_one_experts_weight_is_taken_from_another_run(planted):
    clean, other = planted.run(IDS, keep=[at.router]), planted.run([IDS[1], IDS[0]], keep=[at.router])
    for site in (at.router[0, 1], at.router[0, 1].pos(-1), at.router[0]):
        with planted.intervene(mi.patch(site, clean)):
            patched = planted.run([IDS[1], IDS[0]], keep=[at.router])
        assert torch.equal(patched[site], clean[site])
        assert torch.equal(
            patched[at.router[0, 2]], (clean if site == at.router[0] else other)[at.router[0, 2]]
        )
    mean = mi.interventions.ablate_sites(
        at.router[0, 1], mi.mean_activations(planted, IDS, at.router, progress=False)
    )
    with planted.intervene(mean):
        held = planted.run(IDS, keep=[at.router])[at.router[0, 1]]
    assert torch.allclose(held, clean[at.router[0, 1]].mean(), atol=1e-6)
    with planted.intervene(mi.ablate(at.router[0, 1], to="resample", data=clean)):
        drawn = planted.run(IDS, keep=[at.router])[at.router[0, 1]]
    assert torch.isin(drawn, clean[at.router[0, 1]]).all()
