"""Modules whose weights accelerate keeps elsewhere: figures are those of the whole module."""

import accelerate
import pytest
import torch

import mi_widgets as mi
from mi_widgets import sites as at
from tests.conftest import small_transformer
from tests.files.loaded import logits_of, notes
from tests.files.test_adapters import IDS, adapted, assert_alike, figures, lora, matrices
from tests.model.decoders import small_decoder
from tests.model.families import small

MAP = {
    "model.embed_tokens": "cpu",
    "model.layers.0": "cpu",
    "model.layers.1": "disk",
    "model.layers.2": "cpu",
    "model.norm": "disk",
    "model.rotary_emb": "cpu",
    "lm_head": "disk",
}


def to_memory(module, folder):
    return accelerate.cpu_offload(module)


def to_disk(module, folder):
    return accelerate.disk_offload(module, folder)


def by_map(module, folder):
    return accelerate.dispatch_model(module, MAP, main_device="cpu", offload_dir=folder, force_hooks=True)


@pytest.mark.parametrize(
    ("family", "away", "said"),
    [
        ("Llama", to_memory, "30 weights in the memory of the CPU"),
        ("Llama", to_disk, "30 weights on a disk"),
        ("Llama", by_map, "11 weights on a disk"),
        ("GPT-2", to_memory, " in the memory of the CPU"),
    ],
)
def test_runs_and_figures_are_those_of_the_whole_module(family, away, said, tmp_path):
    module, whole = away(small(family), tmp_path), small(family)
    model, plain = mi.load(module), mi.load(whole)
    assert model.device.type == "cpu"
    assert torch.allclose(model.run(IDS).logits, logits_of(whole, IDS), atol=1e-5)
    assert_alike(matrices(model), matrices(plain))
    ((_, seen),) = notes(model, "offload")
    assert f"{said}, until a module needs them" in seen
    knock = mi.ablate(at.z[1, 2])
    with model.intervene(knock), plain.intervene(knock):
        assert torch.allclose(model.run(IDS).logits, plain.run(IDS).logits, atol=1e-5)
    assert model.generate([3, 1, 4], max_new_tokens=4).ids == plain.generate([3, 1, 4], max_new_tokens=4).ids
    model.release()
    assert torch.allclose(logits_of(module, IDS), logits_of(whole, IDS), atol=1e-5)
    assert any(x.is_meta for x in module.parameters())


def test_every_figure_of_weights_is_that_of_the_whole_module(tmp_path):
    model = mi.load(by_map(small("Llama"), tmp_path))
    assert_alike(figures(model), figures(mi.load(small("Llama"))))


def test_gradients_reach_what_was_kept(tmp_path):
    found = []
    for module in (to_memory(small("Llama"), tmp_path), small("Llama")):
        run = mi.load(module).run(IDS, keep=[at.resid_pre], grad=True)
        found.append(run.gradient(run.logits[0, -1, 3], at.resid_pre[1]))
    assert torch.allclose(*found, atol=1e-5)
    assert found[0].abs().max() > 0


def test_hooks_of_the_users_may_stand_beside(tmp_path):
    """accelerate keeps several hooks of one module in one."""
    module, whole = to_memory(small("Llama"), tmp_path), small("Llama")
    for part in module.modules():
        if hasattr(part, "_hf_hook"):
            accelerate.hooks.add_hook_to_module(part, accelerate.hooks.ModelHook(), append=True)
    assert_alike(matrices(mi.load(module)), matrices(mi.load(whole)))


def test_a_change_of_what_lies_elsewhere_is_seen():
    module, whole = to_memory(small("Llama"), None), small("Llama")
    model = mi.load(module)
    before, record = model.fingerprint, model.code()
    assert before == mi.load(whole).fingerprint
    model.run(IDS)  # what passes through the module is no change
    assert (model.fingerprint, model.code()) == (before, record)
    weights = module.model.layers[0].self_attn.v_proj._hf_hook.weights_map
    weights["weight"].mul_(2)
    assert model.fingerprint != before
    assert torch.allclose(model.weights.W_V[0], 2 * mi.load(whole).weights.W_V[0], atol=1e-5)


def test_not_a_number_is_found_where_it_lies():
    module = small("Llama")
    module.model.layers[1].mlp.up_proj.weight.data[0, 0] = torch.nan
    model = mi.load(to_memory(module, None))
    assert any(
        "NaN or infinity in model.layers.1.mlp.up_proj.weight" in warning for warning in model.trust.warnings
    )


def test_adapters_and_decoders_without_a_table_too(tmp_path):
    module = adapted("Llama", lora(["v_proj"])).get_base_model()
    expected = matrices(mi.load(module))
    assert_alike(matrices(mi.load(to_memory(module, tmp_path))), expected)
    whole = small_decoder("OlmoForCausalLM")
    model = mi.load(to_memory(small_decoder("OlmoForCausalLM"), tmp_path))
    assert torch.allclose(model.run(IDS).logits, logits_of(whole, IDS), atol=1e-5)
    assert_alike(matrices(model), matrices(mi.load(whole)))


def test_a_module_without_numbers_is_refused():
    with pytest.raises(
        mi.errors.UnsupportedModel, match=r"weights of it are on the meta device .*model.embed_tokens"
    ):
        mi.load(small("Llama").to("meta"))


def test_a_transformer_of_ours_is_to_come_whole():
    module = accelerate.cpu_offload(small_transformer())
    with pytest.raises(
        mi.errors.UnsupportedModel, match=r"keeps its weights elsewhere.*remove_hook_from_submodules"
    ):
        mi.load(module)
    whole = mi.load(accelerate.hooks.remove_hook_from_submodules(module) or module)
    assert torch.allclose(whole.weights.W_V, mi.load(small_transformer()).weights.W_V)
