"""A folder that peft has written: the adapter on the model that it was made for, or what is wrong with it."""

import json
import shutil

import pytest
import torch
from peft import get_peft_model
from safetensors.torch import load_file, save_file

import mi_widgets as mi
from mi_widgets.model import adapter_files
from tests.files.test_adapters import IDS, assert_alike, lora, matrices, merged
from tests.model.families import small
from tests.model.letters import letters
from tests.model.test_load import words

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The folder of an adapter, and the module that it was saved from."""
    folder = tmp_path_factory.mktemp("files")
    base = small("Llama")
    base.save_pretrained(folder / "base")
    words().save_pretrained(folder / "base")
    base.name_or_path = str(folder / "base")
    torch.manual_seed(1)
    module = get_peft_model(base, lora(["v_proj", "down_proj"])).eval()
    module.save_pretrained(folder / "adapter")
    return folder / "adapter", module


def test_it_is_put_onto_its_base(made):
    folder, module = made
    with torch.no_grad():
        logits = module(IDS).logits
    model = mi.load(folder)
    assert model.name == "adapter"
    assert torch.allclose(model.run("w3 w1 w4 w1 w5").logits, logits, atol=1e-5)  # by the base's tokenizer
    assert_alike(matrices(model), matrices(mi.load(merged(module))))
    found = {c.name: c.seen for c in model.trust.checks if c.status == "note"}
    assert found.pop("tokenizer round trip").endswith("it reads any white space as one space")
    assert found == {
        "wrapper": "the LlamaForCausalLM inside of PeftModel is what is looked into, and has the same logits, "
        "within 0.0e+00",
        "adapters": "LoRA adapter 'default' on v_proj, down_proj: active, taken in",
    }
    assert model.code() == f"model = mi.load({str(folder)!r})"
    assert eval(model.code().removeprefix("model = "), {"mi": mi}).fingerprint == model.fingerprint


def test_number_type_is_the_one_asked_for(made):
    model = mi.load(made[0], dtype="float64")
    assert {x.dtype for x in model.module.parameters()} == {torch.float64}
    assert model.run(IDS).logits.dtype == torch.float64


def test_its_own_tokenizer_goes_before_that_of_the_base(made, tmp_path):
    folder = shutil.copytree(made[0], tmp_path / "own")
    letters().save_pretrained(folder)
    assert mi.load(folder).run("abc").tokens == (("<s>", "a", "b", "c"),)


def without(folder, path):
    (folder / path).unlink()


def said(folder, **changes):
    config = json.loads((folder / CONFIG).read_text())
    (folder / CONFIG).write_text(json.dumps(config | changes))


def weights(folder, change):
    tensors = load_file(folder / WEIGHTS)
    save_file(change(tensors), folder / WEIGHTS)


K = "base_model.model.model.layers.0.self_attn.k_proj.lora_A.weight"


@pytest.mark.parametrize(
    ("harm", "why"),
    [
        (lambda f: without(f, WEIGHTS), "has no adapter_model.safetensors. Only safetensors are read"),
        (lambda f: (f / WEIGHTS).write_text("{"), r"harmed \(LORA\) does not fit .*base.*: SafetensorError"),
        (lambda f: said(f, target_modules=["c_attn"]), "does not fit .*c_attn.* not found in the base model"),
        (lambda f: said(f, peft_type="NEW"), r"The adapter .* \(NEW\) does not fit .*KeyError: 'NEW'"),
        (
            lambda f: said(f, base_model_name_or_path=None),
            "does not say what model it was made for: write the base",
        ),
        (
            lambda f: said(f, base_model_name_or_path="no/such"),
            r"an adapter \(LORA\) for no/such, which cannot be loaded: There is no shipped model 'no/such'.*Where "
            "the base lies elsewhere now, write its place into adapter_config.json",
        ),
        (lambda f: (f / CONFIG).write_text("{"), "an adapter_config.json that is none of peft's"),
        (
            lambda f: weights(f, lambda x: dict(sorted(x.items())[1:])),
            "not every weight finds its place: .*missing",
        ),
        (
            lambda f: weights(f, lambda x: {**x, K: torch.zeros(4, 32)}),
            f"not every weight finds its place: {K}",
        ),
        (
            lambda f: weights(f, lambda x: {n: t[:, :3].clone() for n, t in x.items()}),
            "size mismatch for .*v_proj",
        ),
    ],
)
def test_what_is_wrong_with_it_is_said(made, tmp_path, monkeypatch, harm, why):
    monkeypatch.setattr("mi_widgets.model.hub.hub_answers", lambda: False)
    folder = shutil.copytree(made[0], tmp_path / "harmed")
    harm(folder)
    with pytest.raises(mi.errors.UnknownModel, match=why):
        mi.load(folder)


def test_without_peft_it_says_what_to_install(made, monkeypatch):
    monkeypatch.setattr(adapter_files.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(
        mi.errors.UnsupportedModel, match=r"is an adapter \(LORA\) for .*base.* pip install peft"
    ):
        mi.load(made[0])
