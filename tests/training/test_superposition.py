"""Toy models of superposition: the loss is the paper's, training follows its seed, and finds the known figures."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import mi_widgets as mi
from mi_widgets.core.errors import MIError
from mi_widgets.training.__main__ import SMALL, main
from mi_widgets.training.superposition.measure import at_random
from mi_widgets.training.superposition.recipes import RECIPES
from mi_widgets.training.superposition.train import losses


def trained(**options):
    return mi.toys.train(progress=False, **options)


@given(st.integers(1, 2), st.integers(1, 3), st.integers(1, 3), st.integers(1, 4), st.integers(0, 9))
def test_the_loss_is_the_papers(restarts, instances, m, n, seed):
    rng = torch.Generator().manual_seed(seed)
    W, b = (
        torch.randn(restarts, instances, m, n, generator=rng),
        torch.randn(restarts, instances, n, generator=rng),
    )
    x, importance = torch.rand(instances, 6, n, generator=rng), torch.rand(n, generator=rng)
    found = losses(W, b, x, importance)
    for r in range(restarts):
        wrong = (x - mi.toys.ToyModel(W[r], b[r])(x)).square()
        assert torch.allclose(found[r], (importance * wrong).sum(-1).mean(-1), atol=1e-5)


def test_pairs_and_the_pentagon_are_found_in_seconds():
    toy = trained(sparsity=[0.0, 0.7, 0.95], n_restarts=6, n_steps=700)
    data = mi.toys.feature_geometry(toy).dataset
    assert data["represented"].values.sum(1).tolist() == [2, 4, 5]
    assert data["represented"].values[0, :2].all()  # the two most important ones
    assert np.nanmax(np.abs(data["to_next"].values[1] - 90)) < 4
    assert np.abs(data["to_next"].values[2] - 72).max() < 4
    made = at_random(toy)
    assert torch.allclose(made.W.tensor.norm(dim=1), toy.W.tensor.norm(dim=1), atol=1e-5)


def test_it_follows_its_seed_and_can_be_made_again():
    options = {"n_features": 4, "sparsity": [0.5, 0.9], "n_restarts": 2, "n_steps": 20, "batch_size": 32}
    threads = torch.get_num_threads()
    first = trained(**options)
    assert torch.get_num_threads() == threads
    assert first == trained(**options)
    assert first != trained(**options, seed=1)
    made = {"mi": mi}
    exec(first.code().replace("seed=0", "seed=0, progress=False"), made)
    assert made["toy"] == first
    assert first.importance.tensor.tolist() == pytest.approx([1, 0.9, 0.81, 0.729])
    assert trained(**options | {"importance": [2, 1, 1, 1]}).importance.tensor.tolist() == [2, 1, 1, 1]


def test_of_several_starts_the_best_is_kept():
    options = {"sparsity": [0.9], "n_steps": 200, "batch_size": 256}
    several = trained(**options, n_restarts=5)
    x = several.sample(20_000, seed=9)

    def loss(toy):
        return losses(toy.W.tensor[None], toy.b.tensor[None], x, toy.importance.tensor).item()

    singles = [loss(trained(**options, n_restarts=1, seed=seed)) for seed in range(5)]
    assert loss(several) < np.median(singles)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"n_features": 0}, "n_features must be a whole number from 1; got 0"),
        ({"n_steps": 1.5}, r"n_steps must be a whole number from 1; got 1\.5"),
        ({"n_restarts": True}, "n_restarts must be a whole number from 1; got True"),
        ({"lr": 0}, "lr must be more than 0; got 0"),
        ({"sparsity": [0.5, 1.0]}, r"from 0 to below 1, one or a list of them; got \[0\.5, 1\.0\]"),
        ({"sparsity": []}, r"got \[\]"),
        ({"importance": [1, 2]}, r"5 such numbers, one a feature; got \[1, 2\]"),
        ({"importance": -1.0}, r"above 0.*got -1\.0"),
    ],
)
def test_what_cannot_be_trained_is_refused(options, says):
    with pytest.raises(MIError, match=says):
        trained(**options)


def test_a_recipe_writes_a_folder_and_keeps_what_is_shipped(tmp_path, monkeypatch, capsys):
    recipe = RECIPES["plane"]
    small = replace(
        recipe, options={**recipe.options, "n_steps": 3, "batch_size": 16, "n_restarts": 1}, other_seeds=(1,)
    )
    monkeypatch.setitem(SMALL, "plane", small)
    folder = tmp_path / "mine"
    assert (
        main(["train", "plane", "--seed", "5", "--out", str(folder)]) == 1
    )  # after 3 steps it misses the bars
    assert "✗ features at S = 0.9 is" in capsys.readouterr().err
    record = json.loads((folder / "expected.json").read_text("utf-8"))
    assert record["seed"] == 5
    assert set(record["other_seeds"]) == {"1"}
    assert "seed 5 is shipped" in (folder / "CARD.md").read_text("utf-8").lower()
    for arguments, says in [
        (["train", "plane", "--out", str(folder)], "is not empty: give a new folder"),
        (["train", "plane", "--seed", "1"], "give --out, what is shipped stays"),
        (["train", "plane", "--steps", "9"], "made in one go"),
        (["train", "plane"], "what is shipped stays as it was"),
    ]:
        assert main(arguments) == 1
        assert says in capsys.readouterr().err
