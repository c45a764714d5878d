"""A trained module as the files of a shipped model, and the check of those files."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from mi_widgets.model.load import load
from mi_widgets.zoo.shipped import check_files, checkpoint_file, expected, sha256_of

from .cards import write_record
from .recipe import Recipe
from .recipes import recipe_for


def missed(bars: Mapping[str, tuple[float, float]], found: Mapping[str, float]) -> list[str]:
    """The bars of a recipe that some measures do not reach, as sentences."""
    sentences = []
    for name, (low, high) in bars.items():
        if name not in found:
            sentences.append(f"{name} cannot be measured; the bar is {low} to {high}")
        elif not low <= found[name] <= high:
            sentences.append(f"{name} is {found[name]:.3f}, the bar is {low} to {high}")
    return sentences


def save_checkpoint(recipe: Recipe, module: nn.Module, folder: Path, step: int) -> None:
    """A module's parameters at a step of training, in half precision."""
    path = folder / checkpoint_file(step)
    path.parent.mkdir(parents=True, exist_ok=True)
    recipe.write_weights(module, path, dtype=torch.float16)


def ship(recipe: Recipe, module: nn.Module, folder: Path, *, seed: int, seconds: float) -> dict[str, float]:
    """Write the files of a shipped model; its checkpoints lie in the folder already.

    Args:
        recipe: how it was trained.
        module: the trained module.
        folder: where to.
        seed: of the training.
        seconds: how long it took.

    Returns:
        What was measured.
    """
    folder.mkdir(parents=True, exist_ok=True)
    recipe.write(module, folder)
    kept = [step for step in recipe.checkpoints if (folder / checkpoint_file(step)).exists()]
    files = sorted(path.name for path in folder.iterdir() if path.is_file())
    files += map(checkpoint_file, kept)
    record: dict[str, Any] = {
        "recipe": recipe.name,
        "files": {name: sha256_of(folder / name) for name in files},
        "seed": seed,
        "checkpoints": [0, *kept, recipe.steps],
        "minutes": round(seconds / 60),
    }
    write_record(folder, record)  # without the figures, which are measured on what was written
    found = {
        name: float(f"{value:.5g}") for name, value in measured(recipe, str(folder.resolve()), seed).items()
    }
    record["measures"] = found
    record["half_precision_costs"] = cost_of_half_precision(recipe, module, found, seed)
    record["samples"] = dict(recipe.samples(load(str(folder.resolve()))))
    write_record(folder, record)
    return found


def measured(recipe: Recipe, name: str, seed: int) -> dict[str, float]:
    """Every figure of a shipped model, or of a folder that its recipe has written."""
    return recipe.measures(load(name), seed) | recipe.training_figures(name, seed)


def cost_of_half_precision(recipe: Recipe, module: nn.Module, found: Mapping[str, float], seed: int) -> float:
    """The most that any figure moves between the final weights as they are and rounded to half precision."""
    other = copy.deepcopy(module)  # than the one that is shipped, and was measured
    if recipe.precision == torch.float32:
        other = other.half().float()
    now = recipe.measures(load(other.eval(), tokenizer=recipe.tokenizer()), seed)
    return max(abs(value - found[name]) for name, value in now.items() if name in found)


def verify(name: str) -> tuple[dict[str, float], list[str]]:
    """Check a shipped model's files, then measure it again.

    Returns:
        What was measured, and what is wrong with it.

    Raises:
        DamagedWeights: a file's hash differs from the recorded one.
    """
    check_files(name)
    record = expected(name)
    recipe = recipe_for(record["recipe"])
    found, problems = measured(recipe, name, record["seed"]), []
    for measure, recorded in record["measures"].items():
        value, within = found.get(measure, math.nan), recipe.tolerance(measure)
        if not abs(value - recorded) <= within:
            problems.append(f"{measure} is {value:.4f}, recorded is {recorded} (within {within})")
    return found, problems + missed(recipe.bars, found)
