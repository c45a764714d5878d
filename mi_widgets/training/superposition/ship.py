"""A toy model as the files that are shipped, and the check of those files."""

from __future__ import annotations

import json
import math
import shutil
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors.torch import save_file

from mi_widgets.core.errors import MIError
from mi_widgets.training.cards import CARD, point, table
from mi_widgets.training.ship import missed
from mi_widgets.zoo.models import EXPECTED, LAST, check_files, sha256_of
from mi_widgets.zoo.superposition import TOYS, ToyModel, read_toy

from .recipes import RECIPES, ToyRecipe

_WITHIN = 0.001  # of a figure's recorded value: nothing but W is measured


def train_toy(name: str, *, seed: int = 0, out: str | None = None) -> tuple[dict[str, float], list[str]]:
    """Train a toy model by its recipe, and the recipe's other seeds for the card; write it where all bars are reached.

    Args:
        name: of a recipe.
        seed: of what is written.
        out: a new or empty folder; without it, what is shipped is replaced.

    Returns:
        What was measured, and what is wrong with it.

    Raises:
        MIError: the folder has something in it, or another seed than 0 would be shipped.
    """
    if not out and seed != 0:
        raise MIError(f"--seed {seed} is not what is shipped (seed 0): give --out, what is shipped stays.")
    folder = Path(out).resolve() if out else TOYS / name
    if out and folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise MIError(f"--out {folder} is not empty: give a new folder.")
    recipe = RECIPES[name]
    start = time.process_time()
    toy = recipe.train(seed=seed)
    seconds = time.process_time() - start
    found = _figures(recipe, toy)
    problems = missed(recipe.bars, found)
    if problems and not out:
        return found, [*problems, "what is shipped stays as it was"]
    others = {str(s): _figures(recipe, recipe.train(seed=s)) for s in recipe.other_seeds if s != seed}
    record = {"recipe": name, "seed": seed, "seconds": round(seconds)}
    record |= {"measures": found, "other_seeds": others}
    # Beside the folder, and moved there at the end: what was there stays whole until all is done.
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as beside:
        new = Path(beside) / folder.name
        new.mkdir()
        write(toy, new, recipe, record)
        shutil.rmtree(folder, ignore_errors=True)
        new.rename(folder)
    print(f"written to {folder}")
    return found, problems


def write(toy: ToyModel, folder: Path, recipe: ToyRecipe, record: dict[str, Any]) -> None:
    """Weights, card and record of a toy model."""
    tensors = {name: getattr(toy, name).tensor for name in ("W", "b", "sparsity", "importance")}
    save_file(tensors, folder / LAST, metadata={"format": "pt"})
    (folder / CARD).write_text(card(recipe, record), "utf-8")
    record = {**record, "files": {name: sha256_of(folder / name) for name in (LAST, CARD)}}
    (folder / EXPECTED).write_text(json.dumps(record, indent=2) + "\n", "utf-8")


def verify_toy(name: str) -> tuple[dict[str, float], list[str]]:
    """Check a shipped toy model's files, then measure it again.

    Returns:
        What was measured, and what is wrong with it.

    Raises:
        DamagedWeights: a file's hash differs from the recorded one.
    """
    folder = TOYS / name
    check_files(str(folder))
    record = json.loads((folder / EXPECTED).read_text("utf-8"))
    recipe, problems = RECIPES[record["recipe"]], []
    found = _figures(recipe, read_toy(folder, name=name))
    for measure, recorded in record["measures"].items():
        value = found.get(measure, math.nan)
        if not abs(value - recorded) <= _WITHIN * max(1.0, abs(recorded)):
            problems.append(f"{measure} is {value:.4f}, recorded is {recorded}")
    return found, problems + missed(recipe.bars, found)


def card(recipe: ToyRecipe, record: Mapping[str, Any]) -> str:
    """The text of a toy model's card."""
    told = {k: list(v) if isinstance(v, tuple) else v for k, v in recipe.options.items()}
    call = ", ".join(f"{name}={value!r}" for name, value in told.items())
    points = {
        "What is seen": recipe.story,
        "Model": "x' = ReLU(Wᵀ W x + b), after Elhage et al. 2022 (arXiv:2209.10652); `model.safetensors` holds W "
        "(instance, m, n), b (instance, n), sparsity (instance) and importance (n).",
        "Made with": f"`mi.train_superposition({call}, seed={record['seed']})`: {record['seconds']} seconds of one "
        "core.",
        "Control": "the same lengths of features, in directions at random.",
        "Limits": "instances are trained each for itself; between them nothing was followed. Which of the features of "
        "one importance are represented is chance.",
    }
    return _CARD.format(
        recipe=recipe,
        points="\n".join(point(heading, text) for heading, text in points.items()),
        table="\n".join(table(recipe.bars, record)),
    )


def _figures(recipe: ToyRecipe, toy: ToyModel) -> dict[str, float]:
    return {name: float(f"{value:.5g}") for name, value in recipe.measures(toy).items()}


_CARD = """# {recipe.name}

{recipe.about}

- **Made by** `make train MODEL={recipe.name}`.
{points}
- **Measured** by `python -m mi_widgets.training verify {recipe.name}`:

{table}
"""
