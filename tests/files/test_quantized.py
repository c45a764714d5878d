"""Modules that keep their numbers in few bits: read by what they compute, or refused by name."""

import copy
import warnings

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.model.architectures.computed import linear_of, matrix_of
from tests.files.loaded import notes
from tests.files.test_adapters import IDS, adapted, assert_alike, lora, matrices
from tests.model.families import small


class Packed(nn.Module):
    """A linear layer of whole numbers, which it unpacks when it is called; nothing in it is called weight."""

    def __init__(self, layer):
        super().__init__()
        self.in_features, self.out_features = layer.in_features, layer.out_features
        self.register_buffer("scale", layer.weight.detach().abs().amax(1, keepdim=True) / 127)
        self.register_buffer("whole", (layer.weight.detach() / self.scale).round().to(torch.int8))
        self.bias = layer.bias

    def forward(self, x):
        return nn.functional.linear(x, self.whole.to(x.dtype) * self.scale.to(x.dtype), self.bias)


class Saturated(nn.Linear):
    """No matrix: what is large is cut off."""

    def forward(self, x):
        return super().forward(x).clamp(-1, 1)


def with_each_linear(module, change):
    for part in list(module.modules()):
        for name, child in list(part.named_children()):
            if isinstance(child, nn.Linear):
                setattr(part, name, change(child))
    return module


def rounded(layer):
    scale = layer.weight.detach().abs().amax(1, keepdim=True) / 127
    layer.weight.data = (layer.weight.detach() / scale).round() * scale
    return layer


@pytest.mark.parametrize("family", ["Llama", "GPT-NeoX"])
def test_packed_layers_are_read_by_what_they_compute(family):
    module, expected = with_each_linear(small(family), Packed), with_each_linear(small(family), rounded)
    model = mi.load(module)
    with torch.no_grad():
        assert torch.allclose(model.run(IDS).logits, expected(IDS).logits, atol=1e-5)
    assert_alike(matrices(model), matrices(mi.load(expected)))
    ((status, seen),) = notes(model, "packed weights")
    assert status == "note"
    assert "without a weight of real numbers: figures of weights are of what they compute" in seen
    assert "(Packed, as " in seen
    before = model.fingerprint
    next(part for part in module.modules() if isinstance(part, Packed)).whole[0, 0] += 1
    assert model.fingerprint != before


def test_layers_that_round_what_comes_in_are_refused_by_name():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch moves this elsewhere
        module = torch.ao.quantization.quantize_dynamic(small("Llama"), {nn.Linear}, dtype=torch.qint8)
    model = mi.load(module)
    run = model.run(IDS, keep=[at.resid_post])
    with torch.no_grad():
        assert torch.allclose(run.logits, module(IDS).logits, atol=1e-5)
    [ahead] = [check for check in model.trust.checks if check.name == "reads from left to right"]
    assert not ahead.tried
    assert "rounded by the largest of a batch" in ahead.seen
    assert not model.looks_ahead
    assert notes(model, "packed weights") == [
        (
            "note",
            "22 modules (Linear, as model.layers.0.self_attn.q_proj) without a weight of real numbers: they are not "
            "linear, so what runs keep is right, and figures of their weights are refused",
        )
    ]
    why = (
        r"q_proj \(torch\.ao\..*dynamic.*\.Linear\) is not linear: .* What a run keeps is right all the same"
    )
    with pytest.raises(mi.errors.UnsupportedModel, match=why):
        mi.copying_scores(model)
    assert mi.logit_lens(run, progress=False).values.shape == (1, 3, 5)


def test_what_is_packed_is_in_the_fingerprint():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        one, same, other = (
            torch.ao.quantization.quantize_dynamic(module, {nn.Linear}, dtype=torch.qint8)
            for module in (small("Llama"), small("Llama"), with_each_linear(small("Llama"), rounded_hard))
        )
    assert mi.load(one).fingerprint == mi.load(same).fingerprint
    assert mi.load(one).fingerprint != mi.load(other).fingerprint


def rounded_hard(layer):
    layer.weight.data = layer.weight.data.sign()
    return layer


def linear():
    torch.manual_seed(0)
    return nn.Linear(6, 5)


def test_parametrizations_and_hooks_are_taken_in():
    by_norm = parametrizations.weight_norm(linear())
    by_norm.parametrizations.weight.original0.data *= 3
    assert torch.allclose(matrix_of(by_norm), 3 * linear().weight.T, atol=1e-6)
    halved = linear()
    halved.register_forward_hook(lambda part, args, out: out / 2)
    assert torch.allclose(matrix_of(halved), linear().weight.T / 2, atol=1e-6)
    assert torch.allclose(linear_of(halved)[1], linear().bias / 2, atol=1e-6)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_a_matrix_is_exact_in_every_dtype(dtype):
    layer = Packed(linear()).to(dtype)
    expected = (layer.whole.to(dtype) * layer.scale).T
    close = (
        {"atol": 1e-6, "rtol": 0}
        if dtype is torch.float32
        else {"atol": float(torch.finfo(dtype).eps), "rtol": 0}
    )
    assert matrix_of(layer).dtype == dtype
    assert torch.allclose(matrix_of(layer), expected, **close)


def test_what_is_no_matrix_is_refused():
    with pytest.raises(
        mi.errors.UnsupportedModel, match=r"o_proj \(.*Saturated\) is not linear: what it makes of a sum"
    ):
        matrix_of(Saturated(6, 5), "o_proj")
    broken = copy.deepcopy(Packed(linear()))
    del broken.scale
    with pytest.raises(
        mi.errors.UnsupportedModel, match=r"A module \(.*Packed\) cannot be read as one matrix \(Attr"
    ):
        matrix_of(broken)


def test_a_forward_of_its_own_is_what_a_module_computes():
    module = small("Llama")
    layer = module.model.layers[0].self_attn.v_proj
    layer.forward = lambda x: 2 * nn.functional.linear(x, layer.weight)
    with torch.no_grad():
        logits = module(IDS).logits
    model = mi.load(module)
    assert torch.allclose(model.run(IDS).logits, logits, atol=1e-5)
    plain = mi.load(small("Llama")).weights.W_V
    assert torch.allclose(model.weights.W_V[0], 2 * plain[0], atol=1e-5)
    assert torch.allclose(model.weights.W_V[1:], plain[1:])


def test_figures_are_read_inside_of_a_run_too():
    """What is called for them is no step of that run."""
    model = mi.load(adapted("Llama", lora(["v_proj", "o_proj"])))
    expected, logits = model.weights.W_V, model.run(IDS).logits
    found = []

    def read(x):
        found.append(model.weights.W_V)
        return x

    with model.intervene(mi.interventions.apply(at.resid_post[0], read)):
        assert torch.allclose(model.run(IDS).logits, logits, atol=1e-6)
    assert torch.equal(found[0], expected)
