"""A trained module as the files of a shipped model, and the check of those files."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from mi_widgets.model.load import load
from mi_widgets.zoo.models import check_files, checkpoint_file, expected, sha256_of
from mi_widgets.zoo.tokenizer import word_tokenizer
from mi_widgets.zoo.transformer import Transformer

from .cards import write_record
from .recipe import Recipe
from .recipes import recipe_for

TOLERANCE = 0.01  # between machines: another order of additions moves a figure in the third place


def save_weights(module: Transformer, path: Path, *, dtype: torch.dtype = torch.float32) -> None:
    """A module's parameters as safetensors."""
    save_file({name: p.detach().to(dtype).contiguous() for name, p in module.state_dict().items()}, path)


def missed(recipe: Recipe, found: Mapping[str, float]) -> list[str]:
    """The bars of a recipe that some measures do not reach, as sentences."""
    sentences = []
    for name, (low, high) in recipe.bars.items():
        if name not in found:
            sentences.append(f"{name} cannot be measured; the bar is {low} to {high}")
        elif not low <= found[name] <= high:
            sentences.append(f"{name} is {found[name]:.3f}, the bar is {low} to {high}")
    return sentences


def save_checkpoint(module: Transformer, folder: Path, step: int) -> None:
    """A module's parameters at a step of training, in half precision."""
    path = folder / checkpoint_file(step)
    path.parent.mkdir(parents=True, exist_ok=True)
    save_weights(module, path, dtype=torch.float16)


def ship(recipe: Recipe, module: Transformer, folder: Path, *, seed: int, seconds: float) -> dict[str, float]:
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
    save_weights(module, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(recipe.config.to_dict(), indent=2) + "\n", "utf-8")
    (folder / "tokens.json").write_text(
        json.dumps(recipe.tokens, ensure_ascii=False, indent=0) + "\n", "utf-8"
    )
    kept = [step for step in recipe.checkpoints if (folder / checkpoint_file(step)).exists()]
    files = ["model.safetensors", "config.json", "tokens.json", *map(checkpoint_file, kept)]
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
    write_record(folder, record)
    return found


def measured(recipe: Recipe, name: str, seed: int) -> dict[str, float]:
    """Every figure of a shipped model, or of a folder that its recipe has written."""
    return recipe.measures(load(name), seed) | recipe.story(name, seed)


def cost_of_half_precision(
    recipe: Recipe, module: Transformer, found: Mapping[str, float], seed: int
) -> float:
    """The most that any figure moves when the final weights are rounded as the checkpoints are."""
    rounded = copy.deepcopy(module).half().float().eval()
    now = recipe.measures(load(rounded, tokenizer=word_tokenizer(recipe.tokens)), seed)
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
        if abs(found.get(measure, math.inf) - recorded) > TOLERANCE:
            problems.append(
                f"{measure} is {found.get(measure, math.nan):.4f}, recorded is {recorded} (within {TOLERANCE})"
            )
    return found, problems + missed(recipe, found)
