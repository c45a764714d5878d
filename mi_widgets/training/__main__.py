"""Train and verify the shipped models.

python -m mi_widgets.training train induction-2l [--seed 1 --out folder/induction-2l --steps 500]
python -m mi_widgets.training verify [induction-2l folder/induction-2l …]
python -m mi_widgets.training seeds induction-2l folder/seed-1 folder/seed-2   # their figures into the card
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from torch import nn

from mi_widgets.core.errors import MIError
from mi_widgets.zoo.dictionaries import dictionaries
from mi_widgets.zoo.shipped import EXPECTED, WEIGHTS, expected, models
from mi_widgets.zoo.superposition import toys

from .cards import add_seeds
from .recipe import Recipe
from .recipes import RECIPES, recipe_for
from .ship import missed, save_checkpoint, ship
from .small import train_small
from .threads import on_threads
from .unfinished import UnfinishedTraining
from .verification import SMALL, verified


def _train(options: argparse.Namespace) -> list[str]:
    if options.name in SMALL:
        return _train_small(options)
    recipe = recipe_for(options.name)
    if not options.out and options.steps not in (None, recipe.steps):
        raise MIError(
            f"--steps {options.steps} is not the recipe ({recipe.steps}): give --out, what is shipped stays."
        )
    if not options.out and options.seed != 0:
        raise MIError(
            f"--seed {options.seed} is not what is shipped (seed 0): give --out, what is shipped stays."
        )
    steps = recipe.steps if options.steps is None else options.steps
    if steps < 1:
        raise MIError(f"--steps {steps}: give at least 1.")
    recipe = replace(recipe, steps=steps, checkpoints=tuple(s for s in recipe.checkpoints if s < steps))
    folder = Path(options.out).resolve() if options.out else WEIGHTS / recipe.name
    foreign = _foreign(folder)
    if foreign:
        raise MIError(
            f"--out {folder} holds {foreign}, which is no part of a trained model: give a new folder."
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = UnfinishedTraining(folder.parent / f".{folder.name}.unfinished.safetensors")
    # Beside the folder, and moved there at the end: what was there stays whole until all is done.
    with (
        on_threads(recipe.threads),
        tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as beside,
    ):
        new = Path(beside) / folder.name
        module = _trained(recipe, new, options.seed, unfinished)
        try:
            found = ship(recipe, module, new, seed=options.seed, seconds=unfinished.seconds)
        except BaseException:
            # What took so long to train is not lost because it could not be measured.
            kept = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f"{folder.name}-unmeasured-"))
            shutil.copytree(new, kept, dirs_exist_ok=True)
            print(f"trained, but not measured; the weights are kept in {kept}", file=sys.stderr)
            raise
        _show(recipe.name, found)
        problems = missed(recipe.bars, found)
        if problems and not options.out:
            return [*problems, "what is shipped stays as it was"]
        if folder.exists():
            folder.rename(Path(beside) / "old")
        new.rename(folder)
    unfinished.remove()
    print(f"written to {folder}")
    return problems


def _train_small(options: argparse.Namespace) -> list[str]:
    if options.steps is not None:
        raise MIError(
            f"--steps: {options.name} is made in one go; its card has the call that makes one of your own."
        )
    found, problems = train_small(SMALL[options.name], seed=options.seed, out=options.out)
    _show(options.name, found)
    return problems


def _trained(recipe: Recipe, folder: Path, seed: int, unfinished: UnfinishedTraining) -> nn.Module:
    """The module at the end of its training; checkpoints are written on the way."""
    steps = recipe.train(seed=seed, unfinished=unfinished)
    _, module = next(steps)  # one and the same at every step
    if unfinished.step:
        print(f"{unfinished.path} holds {unfinished.step} of {recipe.steps} steps: going on from there")
    try:
        for step, _ in steps:
            if step in recipe.checkpoints:
                save_checkpoint(recipe, module, folder, step)
    except KeyboardInterrupt:
        if unfinished.step:
            print(f"step {unfinished.step} is kept: the same command goes on from there", file=sys.stderr)
        raise
    return module


def _foreign(folder: Path) -> str | None:
    """Something in a folder that no training has written there, which must not be lost."""
    if not folder.exists():
        return None
    if not folder.is_dir():
        return "a file"
    try:
        ours = {*json.loads((folder / EXPECTED).read_text("utf-8"))["files"], EXPECTED}
    except (OSError, ValueError, KeyError, TypeError):
        ours = set()
    there = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())
    return next((name for name in there if name not in ours), None)


def _verify(options: argparse.Namespace) -> list[str]:
    problems = []
    for name, (found, wrong) in verified(options.names or (*models(), *toys(), *dictionaries())):
        _show(name, found)
        problems += [f"{name}: {sentence}" for sentence in wrong]
    return problems


def _seeds(options: argparse.Namespace) -> list[str]:
    for seed, found in add_seeds(options.name, options.folders).items():
        wrong = missed(recipe_for(expected(options.name)["recipe"]).bars, found)
        print(f"seed {seed}: {'; '.join(wrong) or 'all bars are reached'}")
    return []


def _show(name: str, found: dict[str, float]) -> None:
    for measure, value in found.items():
        print(f"{name:14} {measure:52} {value:8.3f}")


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m mi_widgets.training", description=__doc__)
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("train", help="train a model by its recipe")
    one.add_argument("name", help=", ".join((*RECIPES, *SMALL)))
    one.add_argument("--seed", type=int, default=0)
    one.add_argument("--out", help="a folder; without it, the shipped files are replaced")
    one.add_argument("--steps", type=int, help="fewer or more than the recipe's")
    one.set_defaults(run=_train)
    many = commands.add_parser("verify", help="check hashes, and measure again")
    many.add_argument("names", nargs="*")
    many.set_defaults(run=_verify)
    others = commands.add_parser("seeds", help="write the figures of other seeds into a model's card")
    others.add_argument("name")
    others.add_argument("folders", nargs="+", help="where `train` wrote them")
    others.set_defaults(run=_seeds)
    options = parser.parse_args(arguments)
    try:
        problems = options.run(options)
    except MIError as error:
        problems = [str(error)]
    except KeyboardInterrupt:
        problems = ["interrupted; the files of the model are as they were"]
    for problem in problems:
        print(f"✗ {problem}", file=sys.stderr)
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
