"""What is no model: the error names what it is and the function to use; what holds a module is opened."""

import numpy as np
import pytest
import torch
import transformers
from nnsight import NNsight
from safetensors.torch import save_file

import mi_widgets as mi
from tests.conftest import small_gpt2, small_transformer
from tests.model.letters import letters

IDS = [[3, 1, 4, 1, 5]]


@pytest.fixture(scope="module")
def module():
    return small_gpt2()


def of(kind, module):
    """Something foreign, by its name."""
    state = small_transformer().state_dict()
    return {
        "state": lambda: state,
        "nested": lambda: {"model": state, "step": 3},
        "config as a dict": lambda: {"model_type": "gpt2", "n_layer": 2},
        "config": lambda: module.config,
        "our config": lambda: small_transformer().config,
        "array": lambda: np.zeros((3, 4)),
        "tensor": lambda: torch.zeros(3, 4),
        "tokenizer": lambda: letters(),
        "sae": lambda: mi.sae.load("atlas-2"),
        "run": lambda: mi.load(module).run(IDS),
        "class": lambda: transformers.GPT2LMHeadModel,
        "keras": lambda: type("Model", (), {"__module__": "keras.src.models.model"})(),
        "none": lambda: None,
        "list": lambda: [module],
    }[kind]()


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        (
            "state",
            r"got a dict of tensors, .* Write mi\.load\(mi\.Transformer\.from_state_dict\(state\)\) for",
        ),
        ("nested", r"got a dict of tensors, .*from_state_dict"),
        (
            "config as a dict",
            r"got a dict\. .*AutoModelForCausalLM\.from_config\(config\).*mi\.over_checkpoints",
        ),
        ("config", r"got a config, .*mi\.load\(transformers\.AutoModelForCausalLM\.from_config\(config\)\)"),
        ("our config", r"got a config, .* mi\.load\(mi\.Transformer\(config\)\)"),
        ("array", r"got an array of numbers, .*mi\.sae\.train\(activations=…\)"),
        ("tensor", r"got an array of numbers, .*mi\.sae\.train\(activations=…\)"),
        ("tokenizer", r"got a tokenizer, which goes with a model: mi\.load\(module, tokenizer=tokenizer\)"),
        ("sae", r"got an SAE, which is loaded already: mi\.sae\.latents\(run, sae\)"),
        ("run", r"got what was measured on a model, not a model: run\.model is one"),
        ("class", r"got a class\. Make a module of it: mi\.load\(Module\(config\)\)"),
        ("keras", r"got a model of another library than torch"),
        ("none", r"a Hugging Face id or a torch module; got None\."),
        ("list", r"a Hugging Face id or a torch module; got list\."),
    ],
)
def test_what_is_no_model_is_named_with_what_to_do(kind, says, module):
    with pytest.raises(mi.errors.UnknownModel, match=says):
        mi.load(of(kind, module))


def files(folder):
    """Files and folders of weights that are no models."""
    state = small_transformer().state_dict()
    torch.save(state, folder / "model.pth")
    save_file(dict(state), folder / "model.safetensors")
    np.savez(folder / "weights.npz", w=np.zeros(3))
    mi.sae.save(mi.sae.load("atlas-2"), folder / "sae")
    (folder / "learned").mkdir()
    torch.save({"encoder.weight": torch.zeros(4, 3)}, folder / "learned" / "ae.pt")
    (folder / "learned" / "config.json").write_text("{}")
    small_gpt2().save_pretrained(folder / "whole")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("foreign")
    files(place)
    return place


@pytest.mark.parametrize(
    ("name", "says"),
    [
        (
            "model.pth",
            r"weights alone, .*from_state_dict\('\S+model\.pth', config=.*torch\.load\('\S+model\.pth', weights_only",
        ),
        (
            "model.safetensors",
            r"weights alone, .*module\.load_state_dict\(safetensors\.torch\.load_file\('\S+model\.safetensors'\)\)",
        ),
        ("weights.npz", r"weights alone, .*numpy\.load\('\S+weights\.npz'\).* is loaded by mi\.sae\.load\('"),
        ("whole/model.safetensors", r"its folder says what they are of: mi\.load\('\S+whole'\)"),
        ("sae", r"sae is a sparse autoencoder: mi\.sae\.load\('\S+sae'\)"),
        ("learned", r"learned is a sparse autoencoder: mi\.sae\.load\('\S+learned'\)"),
        ("none.pth", r"There is no file \S+none\.pth"),
    ],
)
def test_a_file_that_holds_no_model_says_how_it_is_read(name, says, folder):
    for path in (folder / name, str(folder / name)):
        with pytest.raises(mi.errors.UnknownModel, match=says):
            mi.load(path)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("atlas-2", r"atlas-2 is a sparse autoencoder: mi\.sae\.load\('atlas-2'\)"),
        ("plane", r"plane is a toy model of superposition: mi\.toys\.load\('plane'\)"),
        ("gpt2-small", r"TransformerLens calls so what is on the hub as 'openai-community/gpt2'\."),
        ("pythia-70m", r"There is no shipped model 'pythia-70m'.*on the hub as 'EleutherAI/pythia-70m'\."),
        (
            "attn-only-2l",
            r"a toy of TransformerLens's: bring its parameters, mi\.load\(mi\.Transformer\.from_state_dict",
        ),
        ("solu-1l-pile", r"a toy of TransformerLens's"),
    ],
)
def test_names_of_something_else_say_where_it_is(name, says):
    with pytest.raises(mi.errors.UnknownModel, match=says):
        mi.load(name)


def test_a_pipeline_and_a_model_of_nnsight_are_opened(module):
    plain = module(torch.tensor(IDS)).logits.detach()
    pipeline = transformers.pipeline("text-generation", model=module, tokenizer=letters())
    for given, tokenizer in ((pipeline, True), (NNsight(module), False)):
        model = mi.load(given)
        assert model.module is module
        assert (model.tokenizer is not None) == tokenizer
        assert torch.allclose(model.run(IDS).logits, plain, atol=1e-5)
        assert model.name == "GPT2LMHeadModel"
        model.release()
    assert mi.load(pipeline).run("abc").logits.shape == (1, 4, 50)
