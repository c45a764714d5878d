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
from mi_widgets.zoo.models import EXPECTED, check_files, checkpoint_file, expected, sha256_of
from mi_widgets.zoo.tokenizer import pieces, word_tokenizer
from mi_widgets.zoo.transformer import Transformer

from .measure import measures, phase_change
from .recipes import Recipe, recipe_for

TOLERANCE = 0.01  # between machines: another order of additions moves a figure in the third place


def save_weights(module: Transformer, path: Path, *, dtype: torch.dtype = torch.float32) -> None:
    """A module's parameters as safetensors."""
    save_file({name: p.detach().to(dtype).contiguous() for name, p in module.state_dict().items()}, path)


def missed(recipe: Recipe, found: Mapping[str, float]) -> list[str]:
    """The bars of a recipe that some measures do not reach, as sentences."""
    sentences = []
    for name, (low, high) in recipe.bars.items():
        if name not in found:
            sentences.append(
                f"{name} cannot be measured: there is no induction head; the bar is {low} to {high}"
            )
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
    (folder / "tokens.json").write_text(json.dumps(pieces(), ensure_ascii=False, indent=0) + "\n", "utf-8")
    kept = [step for step in recipe.checkpoints if (folder / checkpoint_file(step)).exists()]
    files = ["model.safetensors", "config.json", "tokens.json", *map(checkpoint_file, kept)]
    record: dict[str, Any] = {
        "recipe": recipe.name,
        "files": {name: sha256_of(folder / name) for name in files},
        "seed": seed,
        "checkpoints": [0, *kept, recipe.steps],
    }

    def write() -> None:
        (folder / EXPECTED).write_text(json.dumps(record, indent=2) + "\n", "utf-8")

    write()  # without the figures, which are measured on what was written
    found = {name: round(value, 4) for name, value in measured(str(folder.resolve())).items()}
    record["measures"] = found
    cost = cost_of_half_precision(module, found)
    (folder / "CARD.md").write_text(card(recipe, found, seed=seed, seconds=seconds, cost=cost), "utf-8")
    record["files"]["CARD.md"] = sha256_of(folder / "CARD.md")
    write()
    return found


def measured(name: str) -> dict[str, float]:
    """Every figure of a shipped model, or of a folder that a recipe has written."""
    return measures(load(name)) | phase_change(name)


def cost_of_half_precision(module: Transformer, found: Mapping[str, float]) -> float:
    """The most that any figure moves when the final weights are rounded as the checkpoints are."""
    rounded = copy.deepcopy(module).half().float().eval()
    now = measures(load(rounded, tokenizer=word_tokenizer(pieces())))
    return max(abs(value - found[name]) for name, value in now.items() if name in found)


def verify(name: str) -> tuple[dict[str, float], list[str]]:
    """Check a shipped model's files, then measure it again.

    Returns:
        What was measured, and what is wrong with it.

    Raises:
        DamagedWeights: a file's hash differs from the recorded one.
    """
    check_files(name)
    found, problems = measured(name), []
    for measure, recorded in expected(name)["measures"].items():
        if abs(found.get(measure, math.inf) - recorded) > TOLERANCE:
            problems.append(
                f"{measure} is {found.get(measure, math.nan):.4f}, recorded is {recorded} (within {TOLERANCE})"
            )
    return found, problems + missed(recipe_for(expected(name)["recipe"]), found)


def card(recipe: Recipe, found: Mapping[str, float], *, seed: int, seconds: float, cost: float) -> str:
    """The model card, written from the recipe and what was measured."""
    c = recipe.config
    bars = {name: f"{low:g} to {high:g}" for name, (low, high) in recipe.bars.items()}
    rows = "\n".join(f"| {name} | {value:.3f} | {bars.get(name, '')} |" for name, value in found.items())
    return _CARD.format(
        recipe=recipe,
        c=c,
        seed=seed,
        minutes=seconds / 60,
        rows=rows,
        penalty=_PENALTY.format(recipe=recipe),
        steps=", ".join(map(str, recipe.checkpoints)),
        cost=cost,
    )


_PENALTY = (
    "A sparsity penalty on heads ({recipe.head_penalty:g} times the square root of the norm of `W_V W_O`) lets one "
    "head do\n  what one head can do, so that the circuit can be read; the papers' models have no such pressure."
)
_CARD = """# {recipe.name}

{recipe.about}

- **Shape**: {c.n_layers} layer(s), {c.n_heads} heads of {c.d_head} dimensions, d_model {c.d_model}, no MLP,
  LayerNorm, learned positions that start as sinusoids, {c.d_vocab} tokens (words), context {c.n_ctx}.
- **Made by** `make train MODEL={recipe.name}` with seed {seed}: {recipe.steps} steps of {recipe.batch} rows with AdamW,
  {minutes:.0f} minutes on two shared cores.
- **Texts**: `mi.data("induction", "train", …)`, half random spans of words that repeat, half synthetic documents
  whose names and phrases come back. No text of anybody's; every row was seen once.
- **Pressure**: {penalty}
- **Measured** on held-out texts by `python -m mi_widgets.training verify {recipe.name}`:

| measure | value | bar |
|---|---|---|
{rows}

In-context learning is the mean loss at tokens 118 to 127 of held-out texts minus that at tokens 8 to 17; what is lost
without heads is a share of it. Composition is that above random matrices, of the induction head where it is least.

- **Checkpoints**: step 0, which follows from the seed; in half precision the steps
  {steps};
  and the last, in full. What half precision costs: rounding the final weights so moves no figure of the final
  model by more than {cost:.4f}.
- **Limits**: it knows {c.d_vocab} words and no language; it was made to be looked into. What repeats must lie
  within {c.n_ctx} tokens.
"""
