"""What can be loaded, from where, and what is said of what cannot."""

from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.model.architectures import architecture_of
from mi_widgets.model.checks import examine
from mi_widgets.model.devices import device_of
from mi_widgets.model.model import Model
from mi_widgets.model.model_core import ModelCore
from mi_widgets.model.parts import tap_module
from mi_widgets.model.trust import Check
from tests.model.families import CONFIGS, small

IDS = torch.tensor([[3, 1, 4, 1, 5]])


def words(n=50):
    """A tokenizer of the words w0, w1, …"""
    table = {f"w{i}": i for i in range(n)}
    tokenizer = Tokenizer(models.WordLevel(table, unk_token="w0"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="w0", eos_token="w0")


@pytest.mark.parametrize("family", sorted(CONFIGS))
def test_a_folder_in_hugging_faces_layout_loads(family, tmp_path):
    module = small(family)
    module.save_pretrained(tmp_path)
    model = mi.load(tmp_path)
    with torch.no_grad():
        expected = module(IDS).logits
    assert torch.allclose(model.run(IDS).logits, expected, atol=1e-4)
    assert eval(model.code().removeprefix("model = "), {"mi": mi}).fingerprint == model.fingerprint


def test_a_folders_own_tokenizer_reads_texts_unless_another_is_given(tmp_path):
    small("GPT-2").save_pretrained(tmp_path)
    assert mi.load(tmp_path, tokenizer=words()).code().endswith("tokenizer=tokenizer)")
    words().save_pretrained(tmp_path)
    assert mi.load(tmp_path).run("w3 w1 w4").ids.tolist() == [[3, 1, 4]]


def test_number_type_and_device_are_those_asked_for(tmp_path):
    small("Llama").save_pretrained(tmp_path)
    model = mi.load(tmp_path, dtype="bfloat16", device="cpu")
    assert (model.dtype, model.device.type) == (torch.bfloat16, "cpu")
    assert model.code() == f"model = mi.load({str(tmp_path)!r}, device='cpu', dtype='bfloat16')"
    assert model.tokenizer is None
    assert mi.load("induction-2l", dtype=torch.float64).run("the lamp").logits.dtype == torch.float64


def test_code_that_comes_with_a_model_and_pickles_are_not_read(tmp_path):
    module = small("GPT-2")
    module.config.save_pretrained(tmp_path)
    torch.save(module.state_dict(), tmp_path / "pytorch_model.bin")
    with pytest.raises(mi.errors.UnknownModel, match="Only safetensors are read"):
        mi.load(tmp_path)


def test_weights_that_a_folder_lacks_are_not_drawn_at_random(tmp_path):
    small("Llama").save_pretrained(tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    save_file({k: v for k, v in weights.items() if "v_proj" not in k}, tmp_path / "model.safetensors")
    with pytest.raises(
        mi.errors.UnknownModel,
        match=r"lacks weights of the model that it says it is: model.layers.0.self_attn.v_proj.weight, .* Bring all",
    ):
        mi.load(tmp_path)


def test_what_has_no_attention_is_refused_before_its_weights_are_read(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "mamba", "architectures": ["MambaForCausalLM"]}')
    with pytest.raises(
        mi.errors.UnsupportedModel,
        match=r"is a MambaForCausalLM, whose config has no attention heads .*: bring a decoder",
    ):
        mi.load(tmp_path)


@pytest.mark.parametrize(
    ("family", "setting"),
    [("OPT", {"do_layer_norm_before": False}), ("Bloom", {"apply_residual_connection_post_layernorm": True})],
)
def test_variants_that_a_table_would_misread_are_refused(family, setting):
    with pytest.raises(mi.errors.UnsupportedModel, match=f"has {next(iter(setting))}="):
        mi.load(small(family, **setting))


def test_a_hub_that_does_not_answer_is_given_up_at_once(monkeypatch):
    monkeypatch.setattr("mi_widgets.model.hub.get_session", lambda: pytest.fail("asked the hub"))
    monkeypatch.setattr("mi_widgets.model.hub.constants.HF_HUB_OFFLINE", True)
    says = "no shipped model 'gpt2'. The shipped ones are atlas, atlas-shortcut, .*as a Hugging Face id: "
    with pytest.raises(mi.errors.UnknownModel, match=says):
        mi.load("gpt2")


def test_what_is_no_decoder_is_refused_before_its_weights_are_read(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "t5", "architectures": ["T5Model"]}')
    says = r"is a T5Model, which is no causal language model .*: bring a decoder, .* or a table of a T5Model's sites"
    with pytest.raises(mi.errors.UnsupportedModel, match=says):
        mi.load(tmp_path)


NO_ACCELERATOR = not (torch.cuda.is_available() or torch.backends.mps.is_available())


@pytest.mark.parametrize(
    "given", ["", pytest.param(0, marks=pytest.mark.skipif(not NO_ACCELERATOR, reason="that is one here"))]
)
def test_what_is_no_device_is_not_the_cpu(given):
    with pytest.raises(mi.errors.MIError, match=f"keep_on={given!r} is no device; this machine has cpu"):
        device_of(given, "model.run: keep_on")
    assert device_of(None, "model.run: keep_on") == torch.device("cpu")


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"device": "toaster"}, "MIError", "device='toaster' is no device; this machine has cpu"),
        ({"device": "cuda:99"}, "MIError", "device='cuda:99' is not here; this machine has cpu"),
        ({"dtype": "int8"}, "MIError", "dtype='int8' is not known; allowed: float32"),
        ({"checkpoint": 3}, "UnknownCheckpoint", r"goes with a shipped model \(atlas, atlas-shortcut, "),
        ({"bos": True}, "PromptError", "has no token that begins a text"),
    ],
)
def test_options_that_cannot_be_met_are_named(tmp_path, options, error, says):
    small("Llama").save_pretrained(tmp_path)
    with pytest.raises(getattr(mi.errors, error), match=says):
        mi.load(tmp_path, **options)


@pytest.mark.parametrize("option", [{"device": "cpu"}, {"dtype": "float32"}])
def test_a_module_is_what_and_where_it_is(option):
    with pytest.raises(mi.errors.MIError, match=r"goes with a name; a module is what and where it is"):
        mi.load(small("Llama"), **option)


def test_a_module_that_does_not_run_is_refused_and_left_as_it_was():
    module = small("Llama")
    del module.model.norm
    before = {name for name, _ in module.named_modules()}
    with pytest.raises(
        mi.errors.UnsupportedModel, match="does not run, as it came, on 2 prompts of 8 tokens: AttributeError"
    ):
        mi.load(module)
    assert {name for name, _ in module.named_modules()} == before


def test_an_interrupted_examination_leaves_the_module_as_it_was(monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    module = small("Llama")
    before = {name for name, _ in module.named_modules()}
    monkeypatch.setattr("mi_widgets.model.checks.module_checks", interrupt)
    with pytest.raises(KeyboardInterrupt):
        mi.load(module)
    assert {name for name, _ in module.named_modules()} == before


def test_a_model_is_built_of_what_was_found_and_looks_for_nothing_itself(monkeypatch):
    module = small("Llama")
    parts = tap_module(module, architecture=architecture_of(module), tokenizer=None, name="x", bos=None)
    findings = examine(ModelCore(parts))
    rumour = Check("a rumour", "warning", "somebody said so", ("z",))
    told = replace(findings, checks=(rumour,), unreadable={("z", 1): "it was gone"})
    monkeypatch.setattr(Model, "forward", lambda *args, **kwargs: pytest.fail("it ran"))
    model = Model(parts, told, "model = 1")
    assert model.trust.checks == (rumour,)
    with pytest.raises(mi.errors.SiteError, match=r"at.z\[1\] of x: it was gone. See model.trust."):
        model.layers_of(at.z)
    assert model.layers_of(at.z[0]) == (0,)


def test_names_of_other_libraries_read_the_same_sites():
    model = mi.load(small("Llama"))
    run = model.run(IDS, keep=["blocks.1.attn.hook_pattern", at.layers_output, "hook_embed"])
    assert torch.equal(run["blocks.1.attn.hook_pattern"], run[at.pattern[1]])
    assert torch.equal(run["layers_output"], run[at.resid_post])
    assert torch.equal(run["token_embeddings"], run[at.embed])
