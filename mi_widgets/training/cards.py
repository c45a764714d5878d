"""Model cards, written from what is recorded of a model: its recipe, its figures, and those of other seeds."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch

from mi_widgets.core.errors import MIError
from mi_widgets.zoo.shipped import EXPECTED, expected, folder_of, sha256_of

from .recipe import Recipe
from .recipes import recipe_for

CARD = "CARD.md"


def write_record(folder: Path, record: dict[str, Any]) -> None:
    """Write what is recorded of a model, and with its figures its card."""
    if "measures" in record:
        (folder / CARD).write_text(card(recipe_for(record["recipe"]), record), "utf-8")
        record["files"][CARD] = sha256_of(folder / CARD)
    (folder / EXPECTED).write_text(json.dumps(record, indent=2) + "\n", "utf-8")


def add_seeds(name: str, folders: Iterable[str]) -> dict[int, dict[str, float]]:
    """Put the figures of other trainings by the same recipe into a model's record and card.

    Args:
        name: of a shipped model, or its folder.
        folders: where `train NAME --seed … --out FOLDER` wrote the others.

    Returns:
        The figures by seed.

    Raises:
        MIError: a folder of another recipe, of other steps, or of a seed that is there already.
    """
    record, others = expected(name), {}
    for folder in folders:
        other = expected(folder)
        for what in ("recipe", "checkpoints"):
            if other[what] != record[what]:
                raise MIError(f"{folder} is no other seed of {name}: its {what} is {other[what]!r}.")
        if other["seed"] in (record["seed"], *others):
            raise MIError(f"{folder} has seed {other['seed']}, which is there already: give other seeds.")
        others[other["seed"]] = other["measures"]
    record["other_seeds"] = {str(seed): others[seed] for seed in sorted(others)}
    write_record(folder_of(name), record)
    return others


def card(recipe: Recipe, record: Mapping[str, Any]) -> str:
    """The text of a model card.

    Args:
        recipe: of the model.
        record: what `write_record` writes.
    """
    points = {**recipe.card(), "Checkpoints": _checkpoints(recipe, record)}
    return _CARD.format(
        recipe=recipe,
        seed=record["seed"],
        steps=record["checkpoints"][-1],
        minutes=record["minutes"],
        about="\n".join(point(heading, text) for heading, text in points.items()),
        table="\n".join(table(recipe.bars, record)),
        samples="".join(_samples(record.get("samples", {}))),
    )


def _checkpoints(recipe: Recipe, record: Mapping[str, Any]) -> str:
    steps, costs = record["checkpoints"][1:-1], f"{record['half_precision_costs']:.4f}"
    kept = f"in half precision the steps {', '.join(map(str, steps))}; " if steps else ""
    if recipe.precision == torch.float32:
        last = "the last, in full. What half precision costs: rounding the final weights so moves no figure of the "
        last += f"final model by more than {costs}."
    else:
        last = "the last, in half precision too. What that costs: no figure of the weights in full differs by more "
        last += f"than {costs}."
    return f"step 0, which follows from the seed; {kept}and {last}"


def _samples(samples: Mapping[str, list[str]]) -> Iterable[str]:
    """A block of lines for each register; what is a line's end in a text is written as one in code."""
    for register, texts in samples.items():
        yield f"\n## {register.capitalize()}: {len(texts)} samples\n\n```text\n"
        yield from (text.replace("\n", "\\n") + "\n" for text in texts)
        yield "```\n"


def point(heading: str, text: str) -> str:
    """A point of a card: a bold heading and its text, in lines of 120 characters."""
    return textwrap.fill(f"- **{heading}**: {text}", 120, subsequent_indent="  ", break_on_hyphens=False)


def table(bars: Mapping[str, tuple[float, float]], record: Mapping[str, Any]) -> Iterable[str]:
    """A row for each measure, a column for each seed.

    Args:
        bars: of a recipe.
        record: with the `seed`, the `measures`, and perhaps those of `other_seeds`.
    """
    seeds = {record["seed"]: record["measures"], **record.get("other_seeds", {})}
    heads = [f"seed {seed}" for seed in seeds] if len(seeds) > 1 else ["value"]
    yield f"| measure | {' | '.join(heads)} | bar |"
    yield "|---" * (len(seeds) + 2) + "|"
    for name in record["measures"]:
        bar = bars.get(name)
        values = " | ".join(_figure(measures.get(name), bar) for measures in seeds.values())
        yield f"| {name} | {values} | {'' if bar is None else f'{bar[0]:g} to {bar[1]:g}'} |"
    if len(seeds) > 1:
        yield "\nSeed {} is shipped; ✗ marks a bar that another seed misses.".format(record["seed"])


def _figure(value: float | None, bar: tuple[float, float] | None) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" + (" ✗" if bar and not bar[0] <= value <= bar[1] else "")


_CARD = """# {recipe.name}

{recipe.about}

- **Made by** `make train MODEL={recipe.name}` with seed {seed}: {steps} steps, {minutes} minutes on two
  shared cores.
{about}
- **Measured** on held-out data by `python -m mi_widgets.training verify {recipe.name}`:

{table}
{samples}"""
