"""Recipes train, follow their seed, and what is shipped is what they made."""

from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

import mi_widgets as mi
from mi_widgets.training.__main__ import main
from mi_widgets.training.induction.train import batches, head_penalty, learning_rate, loss_of
from mi_widgets.training.recipes import RECIPES
from mi_widgets.training.ship import verify
from mi_widgets.training.threads import on_threads
from tests.conftest import small_transformer

SMALL = replace(
    RECIPES["induction-2l"],
    config=replace(RECIPES["induction-2l"].config, d_model=32, d_head=8),
    steps=40,
    warm_up=5,
    batch_size=8,
    checkpoints=(20, 30),
)


def trained(recipe, seed, threads=1):
    with on_threads(threads):
        *_, (steps, module) = recipe.train(seed=seed, progress=False)
    assert steps == recipe.steps
    return module


def test_training_lowers_the_loss():
    held_out = mi.shipped.sample_texts("induction", "test", n=8).ids
    before, after = mi.Transformer(SMALL.config, seed=0), trained(SMALL, 0)
    with torch.no_grad():
        assert loss_of(after, held_out) < loss_of(before, held_out) - 0.5


@pytest.mark.parametrize("threads", [1, 2])
def test_training_follows_its_seed(threads):
    short = replace(SMALL, steps=8, checkpoints=())
    first, again, other = (trained(short, seed, threads) for seed in (0, 0, 1))
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), again.parameters(), strict=True))
    assert not torch.equal(first.embed.W_E, other.embed.W_E)


def test_batches_are_of_the_training_split_and_each_is_new():
    rows = torch.cat(list(batches(SMALL, 0, 6)))
    assert rows.shape == (48, 128)
    assert len({tuple(r) for r in rows.tolist()}) == 48
    assert torch.equal(rows[:8], next(iter(batches(SMALL, 0, 40))))


def test_the_learning_rate_rises_stays_and_falls():
    recipe = RECIPES["induction-2l"]
    rates = [learning_rate(recipe, s, recipe.steps) for s in range(recipe.steps)]
    assert rates[0] == pytest.approx(recipe.lr / recipe.warm_up)
    assert max(rates) == rates[recipe.warm_up] == recipe.lr
    assert rates[-1] == pytest.approx(0.03 * recipe.lr)
    assert all(a >= b for a, b in zip(rates[recipe.warm_up :], rates[recipe.warm_up + 1 :], strict=False))


def test_the_penalty_prefers_one_head_to_two():
    one, two = small_transformer(d_mlp=0), small_transformer(d_mlp=0)
    with torch.no_grad():
        for module, heads in ((one, 1), (two, 2)):
            for block in module.blocks:
                block.attn.W_O[heads:] = 0
        # Two heads that write half as much each, in the same direction, add up to the one.
        for block, same in zip(two.blocks, one.blocks, strict=True):
            for h in range(2):
                block.attn.W_V[h] = same.attn.W_V[0]
                block.attn.W_O[h] = same.attn.W_O[0] / 2
        assert head_penalty(one) < head_penalty(two)


def test_a_run_cut_short_is_written_with_its_checkpoints_and_misses_the_bars(capsys, tmp_path, monkeypatch):
    monkeypatch.setitem(RECIPES, SMALL.name, SMALL)
    folder = tmp_path / "runs" / "mine"
    assert main(["train", "induction-2l", "--steps", "25", "--out", str(folder)]) == 1
    said = capsys.readouterr().err
    assert "✗ repeat accuracy is 0.0" in said
    assert "without the induction heads cannot be measured; the bar is" in said
    assert mi.shipped.checkpoints(str(folder)) == (0, 20, 25)
    kept = load_file(folder / "checkpoints" / "step-000020.safetensors")
    assert kept["embed.W_E"].dtype == torch.float16
    model = mi.load(str(folder), checkpoint=20)
    assert torch.equal(model.module.embed.W_E, kept["embed.W_E"].float())
    assert main(["verify", str(folder)]) == 1  # its figures are as recorded, and it misses the bars
    assert "recorded is" not in capsys.readouterr().err
    assert [p.name for p in folder.parent.iterdir()] == ["mine"]


def test_weights_that_could_not_be_measured_are_kept(tmp_path, monkeypatch, capsys):
    def fails(*_):
        raise RuntimeError("mine")

    monkeypatch.setitem(RECIPES, SMALL.name, replace(SMALL, steps=2, checkpoints=(1,)))
    monkeypatch.setattr("mi_widgets.training.ship.measured", fails)
    with pytest.raises(RuntimeError, match="mine"):
        main(["train", SMALL.name, "--out", str(tmp_path / "run")])
    [kept] = tmp_path.iterdir()
    assert f"trained, but not measured; the weights are kept in {kept}" in capsys.readouterr().err
    assert {"model.safetensors", "checkpoints", "config.json", "tokens.json"} <= {
        p.name for p in kept.iterdir()
    }


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path, capsys):
    (tmp_path / "thesis.txt").write_text("mine")
    assert main(["train", "induction-2l", "--steps", "1", "--out", str(tmp_path)]) == 1
    assert (
        "holds thesis.txt, which is no part of a trained model: give a new folder" in capsys.readouterr().err
    )
    assert (tmp_path / "thesis.txt").read_text() == "mine"
    (tmp_path / "expected.json").write_text("{}")
    assert main(["train", "induction-2l", "--steps", "1", "--out", str(tmp_path)]) == 1
    assert (tmp_path / "thesis.txt").read_text() == "mine"


def test_what_is_shipped_is_not_replaced_by_accident(capsys, monkeypatch):
    assert main(["train", "induction-2l", "--seed", "3"]) == 1
    assert "--seed 3 is not what is shipped (seed 0): give --out" in capsys.readouterr().err
    assert main(["train", "induction-2l", "--steps", "0", "--out", "nowhere"]) == 1
    assert "--steps 0: give at least 1" in capsys.readouterr().err
    monkeypatch.setitem(RECIPES, SMALL.name, replace(SMALL, steps=2, checkpoints=()))
    before = mi.load(SMALL.name).fingerprint
    assert main(["train", SMALL.name]) == 1  # it misses the bars
    assert "what is shipped stays as it was" in capsys.readouterr().err
    assert mi.load(SMALL.name).fingerprint == before


def test_the_command_names_what_is_wrong(capsys):
    assert main(["train", "induction-2l", "--steps", "5"]) == 1
    assert "--steps 5 is not the recipe (2000): give --out" in capsys.readouterr().err
    assert main(["train", "induction-9l"]) == 1
    assert "no recipe 'induction-9l'; there is one for induction-2l, induction-1l" in capsys.readouterr().err
    assert main(["verify", "induction-9l"]) == 1
    assert "no shipped model 'induction-9l'" in capsys.readouterr().err


def test_a_changed_figure_is_found(monkeypatch):
    from mi_widgets.training import ship

    record = ship.expected("induction-1l")
    record["measures"]["repeat accuracy"] += 0.5
    monkeypatch.setattr(ship, "expected", lambda name: record)
    _, problems = verify("induction-1l")
    assert len(problems) == 1
    assert "repeat accuracy is" in problems[0]
