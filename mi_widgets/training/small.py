"""What is trained in a minute and shipped beside the models: how it is made, written, measured and checked."""

from __future__ import annotations

import json
import math
import shutil
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from mi_widgets.core.errors import MIError
from mi_widgets.zoo.shipped import EXPECTED, check_files, sha256_of

from .cards import CARD, point, table
from .ship import missed

Product = TypeVar("Product")


@dataclass(frozen=True, kw_only=True)
class SmallRecipe(ABC, Generic[Product]):
    """Everything that it depends on, but for the seed.

    Args:
        name: of what is made.
        about: one line for its card.
        options: of the public function that trains it.
        bars: measure -> (lowest, highest) that what is shipped must reach.
        other_seeds: trained beside what is shipped, for the card.

    Attributes:
        within: how far a figure may be from the recorded one on another machine, as a share of the larger of it and 1.
    """

    name: str
    about: str
    options: Mapping[str, Any]
    bars: Mapping[str, tuple[float, float]]
    other_seeds: tuple[int, ...] = (1, 2)
    within = 0.001

    @property
    @abstractmethod
    def home(self) -> Path:
        """The folder in which it is shipped."""

    @abstractmethod
    def train(self, *, seed: int = 0, progress: bool = True) -> Product:
        """What is made of a seed."""

    @abstractmethod
    def measures(self, product: Product) -> dict[str, float]:
        """Every figure that is recorded of it."""

    @abstractmethod
    def write(self, product: Product, folder: Path) -> None:
        """Write all files from which it is read."""

    @abstractmethod
    def read(self, folder: Path) -> Product:
        """It, from its files."""

    @abstractmethod
    def card(self, record: Mapping[str, Any]) -> Mapping[str, str]:
        """What its card says: bold heading -> text."""

    @property
    def call(self) -> str:
        """The options, as they stand in a call."""
        told = {k: list(v) if isinstance(v, tuple) else v for k, v in self.options.items()}
        return ", ".join(f"{name}={value!r}" for name, value in told.items())


def train_small(
    recipe: SmallRecipe[Any], *, seed: int = 0, out: str | None = None
) -> tuple[dict[str, float], list[str]]:
    """Train by a recipe, and the recipe's other seeds for the card; write it where all bars are reached.

    Args:
        recipe: which.
        seed: of what is written.
        out: a new or empty folder; without it, what is shipped is replaced.

    Returns:
        What was measured, and what is wrong with it.

    Raises:
        MIError: the folder has something in it, or another seed than 0 would be shipped.
    """
    if not out and seed != 0:
        raise MIError(f"--seed {seed} is not what is shipped (seed 0): give --out, what is shipped stays.")
    folder = Path(out).resolve() if out else recipe.home
    if out and folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise MIError(f"--out {folder} is not empty: give a new folder.")
    start = time.process_time()
    product = recipe.train(seed=seed)
    seconds = time.process_time() - start
    found = _figures(recipe, product)
    problems = missed(recipe.bars, found)
    if problems and not out:
        return found, [*problems, "what is shipped stays as it was"]
    others = {str(s): _figures(recipe, recipe.train(seed=s)) for s in recipe.other_seeds if s != seed}
    record = {"recipe": recipe.name, "seed": seed, "seconds": round(seconds)}
    record |= {"measures": found, "other_seeds": others}
    # Beside the folder, and moved there at the end: what was there stays whole until all is done.
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as beside:
        new = Path(beside) / folder.name
        new.mkdir()
        write_small(product, new, recipe, record)
        shutil.rmtree(folder, ignore_errors=True)
        new.rename(folder)
    print(f"written to {folder}")
    return found, problems


def write_small(product: Product, folder: Path, recipe: SmallRecipe[Product], record: dict[str, Any]) -> None:
    """Its files, its card and its record."""
    recipe.write(product, folder)
    (folder / CARD).write_text(card_of(recipe, record), "utf-8")
    record = {**record, "files": {path.name: sha256_of(path) for path in sorted(folder.iterdir())}}
    (folder / EXPECTED).write_text(json.dumps(record, indent=2) + "\n", "utf-8")


def verify_small(recipe: SmallRecipe[Any]) -> tuple[dict[str, float], list[str]]:
    """Check the shipped files, then measure again.

    Returns:
        What was measured, and what is wrong with it.

    Raises:
        DamagedWeights: a file's hash differs from the recorded one.
    """
    check_files(str(recipe.home))
    record = json.loads((recipe.home / EXPECTED).read_text("utf-8"))
    found, problems = _figures(recipe, recipe.read(recipe.home)), []
    for measure, recorded in record["measures"].items():
        value = found.get(measure, math.nan)
        if not abs(value - recorded) <= recipe.within * max(1.0, abs(recorded)):
            problems.append(f"{measure} is {value:.4f}, recorded is {recorded}")
    return found, problems + missed(recipe.bars, found)


def card_of(recipe: SmallRecipe[Any], record: Mapping[str, Any]) -> str:
    """The text of its card."""
    points = recipe.card(record)
    return _CARD.format(
        recipe=recipe,
        points="\n".join(point(heading, text) for heading, text in points.items()),
        table="\n".join(table(recipe.bars, record)),
    )


def _figures(recipe: SmallRecipe[Product], product: Product) -> dict[str, float]:
    return {name: float(f"{value:.5g}") for name, value in recipe.measures(product).items()}


_CARD = """# {recipe.name}

{recipe.about}

- **Made by** `make train MODEL={recipe.name}`.
{points}
- **Measured** by `python -m mi_widgets.training verify {recipe.name}`:

{table}
"""
