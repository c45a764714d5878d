"""Toy models: what they compute, what they refuse, and the shipped files."""

import json
import shutil

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import mi_widgets as mi
from mi_widgets.core.errors import DamagedWeights, MIError, UnknownModel
from mi_widgets.training.small import card_of, verify_small
from mi_widgets.training.superposition.recipes import RECIPES
from mi_widgets.zoo import superposition as zoo

W = torch.randn(3, 2, 5, generator=torch.Generator().manual_seed(0))
B = torch.randn(3, 5, generator=torch.Generator().manual_seed(1))


@given(st.integers(1, 3), st.integers(1, 3), st.integers(1, 5), st.integers(0, 9))
def test_it_computes_what_it_says(k, m, n, seed):
    rng = torch.Generator().manual_seed(seed)
    weights, bias, x = (torch.randn(*shape, generator=rng) for shape in ((k, m, n), (k, n), (k, 4, n)))
    found = mi.toys.ToyModel(weights, bias)(x)
    for i in range(k):
        for j in range(4):
            expected = torch.relu(weights[i].T @ (weights[i] @ x[i, j]) + bias[i])
            assert torch.allclose(found[i, j], expected, atol=1e-5)


def test_samples_are_as_sparse_as_they_should_be_and_share_their_draws():
    x = mi.toys.ToyModel(W, sparsity=[0.0, 0.5, 0.9]).sample(20_000, seed=3)
    assert x.shape == (3, 20_000, 5)
    assert [(part == 0).float().mean().item() for part in x] == pytest.approx([0, 0.5, 0.9], abs=0.01)
    there = x[2] > 0
    assert torch.equal(x[2][there], x[0][there])
    assert x[0].mean().item() == pytest.approx(0.5, abs=0.01)
    assert torch.equal(x, mi.toys.ToyModel(W, sparsity=[0.0, 0.5, 0.9]).sample(20_000, seed=3))


def test_it_is_a_value():
    toy = mi.toys.ToyModel(W, B, sparsity=[0.1, 0.2, 0.3], importance=range(1, 6), name="mine")
    same = mi.toys.ToyModel(
        W.numpy(), B.tolist(), sparsity=[0.1, 0.2, 0.3], importance=[1, 2, 3, 4, 5], name="mine"
    )
    assert toy == same
    assert hash(toy) == hash(same)
    assert toy != mi.toys.ToyModel(W, sparsity=[0.1, 0.2, 0.3])
    assert repr(toy) == "ToyModel('mine', 5 features in 2 dimensions, 3 instances)"
    assert (toy.n_features, toy.d_hidden, len(toy)) == (5, 2, 3)
    with pytest.raises(AttributeError):
        toy.W = None
    made = {"mi": mi}
    exec(toy.code(), made)
    assert made["toy"] == toy
    assert len(mi.toys.ToyModel(np.eye(3))) == 1


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: mi.toys.ToyModel("W"), "W is made of numbers; got str"),
        (lambda: mi.toys.ToyModel(torch.ones(3)), r"\(m, n\) or \(instance, m, n\); got \(3,\)"),
        (lambda: mi.toys.ToyModel(torch.ones(0, 2, 3)), r"got \(0, 2, 3\)"),
        (lambda: mi.toys.ToyModel(torch.full((2, 3), torch.nan)), "W must be real and finite"),
        (lambda: mi.toys.ToyModel(torch.ones(2, 3, dtype=torch.complex64)), "real and finite"),
        (lambda: mi.toys.ToyModel(W, torch.ones(2, 5)), r"b must have the shape \(3, 5\).*got \(2, 5\)"),
        (lambda: mi.toys.ToyModel(W, sparsity=1.0), r"from 0 to below 1; got \[1\.0, 1\.0, 1\.0\]"),
        (
            lambda: mi.toys.ToyModel(W, sparsity=[0.1, 0.2]),
            r"sparsity must have the shape \(3,\).*got \(2,\)",
        ),
        (lambda: mi.toys.ToyModel(W, importance=torch.ones(4)), r"importance must have the shape \(5,\)"),
        (lambda: mi.toys.ToyModel(W)(torch.ones(3, 2, 4)), r"here \(3, …, 5\); these have shape \(3, 2, 4\)"),
        (lambda: mi.toys.ToyModel(W)(torch.ones(5)), r"these have shape \(5,\)"),
    ],
)
def test_what_does_not_fit_is_refused(call, says):
    with pytest.raises(MIError, match=says):
        call()


def test_the_shipped_ones_are_listed_by_a_wrong_name_and_are_no_language_models():
    assert zoo.toys() == ("plane", "plateau")
    with pytest.raises(UnknownModel, match=r"Did you mean 'plane'\? The shipped ones are plane, plateau"):
        mi.toys.load("plan")
    assert not set(zoo.toys()) & set(mi.shipped.models())


@pytest.mark.parametrize("name", zoo.toys())
def test_shipped_files_are_in_the_record_and_measure_what_it_says(name):
    folder = zoo.TOYS / name
    record = json.loads((folder / "expected.json").read_text("utf-8"))
    assert {path.name for path in folder.iterdir()} == {*record["files"], "expected.json"}
    text = (folder / "CARD.md").read_text("utf-8")
    assert text == card_of(RECIPES[name], record)
    assert max(len(line) for line in text.splitlines() if not line.startswith("|")) <= 120
    assert sum(path.stat().st_size for path in folder.iterdir()) < 500_000
    found, problems = verify_small(RECIPES[name])
    assert problems == []
    assert found.keys() == record["measures"].keys()
    assert set(record["other_seeds"]) == {"1", "2"}
    assert mi.toys.load(name).code() == f"toy = mi.toys.load({name!r})"


def test_a_damaged_file_is_refused(tmp_path, monkeypatch):
    shutil.copytree(zoo.TOYS, tmp_path / "superposition")
    monkeypatch.setattr(zoo, "TOYS", tmp_path / "superposition")
    assert mi.toys.load("plane").n_features == 5
    weights = tmp_path / "superposition" / "plane" / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(bytes(content))
    with pytest.raises(DamagedWeights, match=r"model.safetensors is damaged.*training train plane"):
        mi.toys.load("plane")
