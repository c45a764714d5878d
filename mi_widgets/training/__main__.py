"""Train and verify the shipped models.

python -m mi_widgets.training train induction-2l [--seed 1 --out folder --steps 500 --checkpoints 100 200]
python -m mi_widgets.training verify [induction-2l …]
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import torch

from mi_widgets.core.errors import MIError
from mi_widgets.zoo.models import WEIGHTS, names

from .recipes import RECIPES, recipe_for
from .ship import missed, save_weights, ship, verify
from .train import train


def _train(asked: argparse.Namespace) -> list[str]:
    recipe = recipe_for(asked.name)
    if not asked.out and asked.steps not in (None, recipe.steps):
        raise MIError(
            f"--steps {asked.steps} is not the recipe ({recipe.steps}): give --out, what is shipped stays."
        )
    folder = Path(asked.out) if asked.out else WEIGHTS / recipe.name
    wanted = set(asked.checkpoints)
    torch.set_num_threads(1)  # another number of threads adds in another order, and gives other weights
    start = time.monotonic()
    module = None
    for step, module in train(recipe, seed=asked.seed, steps=asked.steps):
        if step in wanted:
            folder.mkdir(parents=True, exist_ok=True)
            save_weights(module, folder / f"step-{step:06d}.safetensors", dtype=torch.float16)
    if module is None:  # the generator always yields the untrained module first
        return ["nothing was trained"]
    found = ship(recipe, module, folder, seed=asked.seed, seconds=time.monotonic() - start)
    _show(recipe.name, found)
    print(f"written to {folder}")
    return missed(recipe, found)


def _verify(asked: argparse.Namespace) -> list[str]:
    problems = []
    for name in asked.names or names():
        found, wrong = verify(name)
        _show(name, found)
        problems += [f"{name}: {sentence}" for sentence in wrong]
    return problems


def _show(name: str, found: dict[str, float]) -> None:
    for measure, value in found.items():
        print(f"{name:14} {measure:38} {value:8.3f}")


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m mi_widgets.training", description=__doc__)
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("train", help="train a model by its recipe")
    one.add_argument("name", help=", ".join(RECIPES))
    one.add_argument("--seed", type=int, default=0)
    one.add_argument("--out", help="a folder; without it, the shipped files are replaced")
    one.add_argument("--steps", type=int, help="fewer or more than the recipe's")
    one.add_argument(
        "--checkpoints", type=int, nargs="*", default=[], help="steps at which to save, half precision"
    )
    one.set_defaults(run=_train)
    many = commands.add_parser("verify", help="check hashes, and measure again")
    many.add_argument("names", nargs="*")
    many.set_defaults(run=_verify)
    asked = parser.parse_args(arguments)
    try:
        problems = asked.run(asked)
    except MIError as error:
        problems = [str(error)]
    except KeyboardInterrupt:
        problems = ["interrupted; the files of the model are as they were"]
    for problem in problems:
        print(f"✗ {problem}", file=sys.stderr)
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
