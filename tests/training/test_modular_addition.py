"""The modular addition models: the fast forward is the network's own, and training follows its recipe and seed."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import mi_widgets as mi
from mi_widgets.core.errors import PromptError
from mi_widgets.training.__main__ import main
from mi_widgets.training.modular_addition.train import last_logits, learning, loss_of
from mi_widgets.training.recipes import RECIPES
from mi_widgets.zoo.shipped import expected
from tests.conftest import examples, small_transformer

RECIPE = RECIPES["modadd-113"]
SMALL = replace(
    RECIPE,
    p=7,
    steps=60,
    lr=1e-2,
    share=0.5,
    config=replace(RECIPE.config, d_vocab=8, d_model=32, d_head=8, d_mlp=24),
    checkpoints=(20, 40),
    control=20,
)


def trained(seed):
    *_, (_, module) = SMALL.train(seed=seed, progress=False)
    return module


@settings(max_examples=examples(20))
@given(
    st.sampled_from([5, 7, 11]),
    st.integers(1, 4),
    st.integers(2, 9),
    st.sampled_from(["relu", "gelu"]),
    st.integers(0, 9),
)
def test_the_fast_forward_is_the_networks(p, n_heads, d_head, act_fn, seed):
    module = small_transformer(
        seed=seed,
        n_layers=1,
        n_heads=n_heads,
        d_head=d_head,
        d_vocab=p + 1,
        n_ctx=3,
        normalization=None,
        act_fn=act_fn,
    )
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weight in module.named_parameters():
            if ".b_" in name:
                weight.normal_(generator=generator)
    sums = mi.fourier.modular_sums(p)
    assert torch.allclose(last_logits(module, sums.ids), module(sums.ids)[:, -1], atol=1e-4)


def test_its_gradients_are_the_networks():
    sums = mi.fourier.modular_sums(7, "train")
    modules = [mi.Transformer(SMALL.config, seed=1) for _ in range(2)]
    for module, logits in zip(
        modules, (last_logits(modules[0], sums.ids), modules[1](sums.ids)[:, -1]), strict=True
    ):
        loss_of(logits, sums.answers).backward()
        assert all(w.grad is not None for w in learning(module))
    for ours, own in zip(*(learning(module) for module in modules), strict=True):
        assert torch.allclose(ours.grad, own.grad, atol=1e-5)


def test_training_learns_its_sums_and_follows_its_seed():
    sums = mi.fourier.modular_sums(7, "train", share=0.5)
    first = trained(0)
    with torch.no_grad():
        assert loss_of(last_logits(first, sums.ids), sums.answers) < 0.2
    again, other = trained(0), trained(1)
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), again.parameters(), strict=True))
    assert not torch.equal(first.embed.W_E, other.embed.W_E)


def test_the_biases_that_the_papers_network_lacks_stay_zero():
    module = trained(0)
    for name, weight in module.named_parameters():
        if name.rsplit(".", 1)[-1] in ("b_Q", "b_K", "b_V", "b_O", "b_U"):
            assert not weight.any(), name
    assert module.blocks[0].mlp.b_in.any()


def test_the_start_is_drawn_as_the_papers_code_does():
    module = mi.Transformer(RECIPE.config, seed=0)
    for name, weight in module.named_parameters():
        if ".W_" in name:
            size = 114 if name.endswith("W_U") else 128
            assert weight.std().item() == pytest.approx(size**-0.5, rel=0.05), name
            assert weight.mean().abs() < 0.1 * weight.std()


def test_a_trained_folder_is_a_model_with_its_numbers_for_tokens(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(RECIPES, SMALL.name, SMALL)
    folder = tmp_path / "mine"
    assert (
        main(["train", SMALL.name, "--seed", "1", "--out", str(folder)]) == 1
    )  # so small a one misses the bars
    assert "✗ key frequencies is" in capsys.readouterr().err
    model = mi.load(str(folder))
    assert model.trust.warnings == ()
    assert mi.shipped.checkpoints(str(folder)) == (0, 20, 40, 60)
    run = model.run("3 5 =")
    assert run.ids.tolist() == [[3, 5, 7]]
    assert run.tokens == ((" 3", " 5", " ="),)
    with pytest.raises(PromptError, match=r"does not know '9', '\+': its vocabulary has 8 tokens"):
        model.run("9 + 5 =")
    measured = expected(str(folder))["measures"]
    assert measured["control: test accuracy"] <= 1
    progress = mi.fourier.progress_measures(
        model, task=mi.fourier.Task(7, split=mi.fourier.modular_sums(7, "train", seed=1, share=0.5))
    ).dataset
    assert measured["test accuracy"] == pytest.approx(progress["test_accuracy"].item(), abs=1e-4)
    assert '`mi.fourier.modular_sums(7, "train", seed=…)`' in (folder / "CARD.md").read_text("utf-8")
    assert main(["verify", str(folder)]) == 1
    assert "recorded is" not in capsys.readouterr().err
