"""What stands around a module is taken off, and what is inside is looked into."""

import copy

import pytest
import torch
from peft import get_peft_model
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

import mi_widgets as mi
from mi_widgets import sites as at
from tests.files.loaded import notes
from tests.files.test_adapters import IDS, lora
from tests.model.families import small


def compiled(part):
    return torch.compile(part, backend="eager")  # the wrapper and its hooks, without a compiler of C++


@pytest.fixture(scope="module")
def expected():
    """Of the plain module: its logits, and those where a head is silent."""
    model = mi.load(small("Llama"))
    with torch.no_grad():
        stock = small("Llama")(IDS).logits
    with model.intervene(mi.ablate(at.z[1, 2])):
        return stock, model.run(IDS).logits


@pytest.mark.parametrize(
    ("wrap", "said"),
    [
        (compiled, "the LlamaForCausalLM inside of OptimizedModule is what is looked into, not compiled"),
        (
            nn.DataParallel,
            "the LlamaForCausalLM inside of DataParallel is what is looked into, and has the same logits, "
            "within 0.0e+00",
        ),
        (
            lambda m: compiled(nn.DataParallel(m)),
            "the LlamaForCausalLM inside of OptimizedModule is what is looked into, not compiled",
        ),
    ],
)
def test_what_is_inside_is_looked_into(expected, wrap, said):
    module = small("Llama")
    wrapper = wrap(module)
    model = mi.load(wrapper)
    assert model.module is module
    assert notes(model, "wrapper") == [("note", said)]
    stock, silent = expected
    assert torch.allclose(model.run(IDS).logits, stock, atol=1e-5)
    with model.intervene(mi.ablate(at.z[1, 2])):
        assert torch.allclose(model.run(IDS).logits, silent, atol=1e-5)
    model.release()
    with torch.no_grad():
        assert torch.allclose(wrapper(IDS).logits, stock, atol=1e-5)


def in_place(module):
    module.compile(backend="eager")


def each_layer(module):
    for i, layer in enumerate(module.model.layers):
        module.model.layers[i] = compiled(layer)


def each_layer_in_place(module):
    for layer in module.model.layers:
        layer.compile(backend="eager")


def each_attention(module):
    for layer in module.model.layers:
        layer.self_attn = compiled(layer.self_attn)


@pytest.mark.parametrize("change", [in_place, each_layer, each_layer_in_place, each_attention])
def test_compiled_parts_run_as_they_were_written(expected, change, monkeypatch):
    module, calls = small("Llama"), []
    change(module)
    model = mi.load(module)
    assert notes(model, "compiled") == [
        ("note", "torch.compile has compiled parts of it in their place; here they run as they were written")
    ]
    monkeypatch.setattr(torch._dynamo.convert_frame, "_compile", lambda *given, **how: calls.append(given))
    stock, silent = expected
    assert torch.allclose(model.run(IDS).logits, stock, atol=1e-5)
    with model.intervene(mi.ablate(at.z[1, 2])):
        assert torch.allclose(model.run(IDS).logits, silent, atol=1e-5)
    assert not calls
    assert torch.allclose(model.weights.W_V, mi.load(small("Llama")).weights.W_V)


def test_a_copy_of_a_loaded_module_whose_attention_was_compiled_loads(expected):
    module = small("Llama")
    first = mi.load(module)
    copied = copy.deepcopy(module)
    each_attention(copied)
    model = mi.load(copied)
    for one in (first, model):
        with one.intervene(mi.ablate(at.z[1, 2])):
            assert torch.allclose(one.run(IDS).logits, expected[1], atol=1e-5)
    model.release()
    assert not [name for name, _ in copied.named_modules() if "tap_" in name]
    assert torch.allclose(first.run(IDS).logits, expected[0], atol=1e-5)


class Louder(nn.DataParallel):
    """A wrapper that does something of its own."""

    def forward(self, **inputs):
        out = self.module(**inputs)
        out.logits = out.logits * 2
        return out


def test_a_wrapper_that_computes_something_of_its_own_is_refused():
    module = small("Llama")
    why = "This Louder computes something else than the LlamaForCausalLM inside of it .* give mi.load that Llama"
    with pytest.raises(mi.errors.UnsupportedModel, match=why):
        mi.load(Louder(module))
    assert mi.load(module).run(IDS).logits.shape == (1, 5, 50)


def test_what_is_no_number_is_found_inside_of_a_wrapper_too():
    module = small("Llama")
    module.model.layers[1].mlp.up_proj.weight.data[0, 0] = torch.nan
    warnings = mi.load(nn.DataParallel(module)).trust.warnings
    assert any("NaN or infinity in model.layers.1.mlp.up_proj.weight" in warning for warning in warnings)


def test_adapters_inside_of_a_compiled_wrapper_are_found():
    torch.manual_seed(1)
    module = get_peft_model(small("Llama"), lora(["v_proj"])).eval()
    model = mi.load(compiled(module))
    assert notes(model, "adapters") == [("note", "LoRA adapter 'default' on v_proj: active, taken in")]
    with torch.no_grad():
        assert torch.allclose(model.run(IDS).logits, module(IDS).logits, atol=1e-5)


def test_weights_that_change_when_they_are_read_in_training_are_left_as_they_are():
    torch.manual_seed(0)
    module = small("Llama")
    for part in (
        module.model.layers[0].self_attn.v_proj,
        module.model.layers[1].mlp.down_proj,
        module.lm_head,
    ):
        spectral_norm(part)
    with torch.no_grad():
        expected = module.eval()(IDS).logits
        head, value = module.lm_head.weight.T.clone(), module.model.layers[0].self_attn.v_proj.weight.clone()
    module.train()
    before = {name: x.clone() for name, x in module.state_dict().items()}
    model = mi.load(module)
    assert not any("random" in warning for warning in model.trust.warnings)
    assert torch.allclose(model.unembedding.directions(range(50)), model.weights.W_U, atol=1e-6)
    model.neurons_write(1), model.heads_write(0)
    norm = module.model.norm.weight.detach()[:, None]
    assert torch.allclose(model.weights.W_U, norm * head, atol=1e-5)
    norm = module.model.layers[0].input_layernorm.weight.detach()[:, None]
    assert torch.allclose(model.weights.W_V[0, 0], norm * value[:8].T, atol=1e-5)
    assert torch.allclose(model.run(IDS).logits, expected, atol=1e-5)
    model.release()
    assert module.training
    assert all(torch.equal(x, before[name]) for name, x in module.state_dict().items())
