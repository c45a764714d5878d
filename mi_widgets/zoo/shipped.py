"""The shipped models: their names, their files, and the check that the files are as they were shipped."""

from __future__ import annotations

import difflib
import hashlib
import json
import os
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from safetensors.torch import load_file
from torch import nn
from transformers import PreTrainedTokenizerFast

from mi_widgets.core.argument_types import checked
from mi_widgets.core.errors import DamagedWeights, UnknownCheckpoint, UnknownModel
from mi_widgets.core.whole_numbers import whole

from . import language_models
from .tokenizer import word_tokenizer
from .transformer import Transformer
from .transformer_config import TransformerConfig

WEIGHTS = Path(__file__).parent / "weights"
LAST = "model.safetensors"  # the weights at the end of training
EXPECTED = "expected.json"  # the hash of every other file, and what the model was measured to do


@cache
def models() -> tuple[str, ...]:
    """The names of the shipped models."""
    return tuple(sorted(path.parent.name for path in WEIGHTS.glob(f"*/{EXPECTED}")))


def is_known(name: str) -> bool:
    """Whether this names a shipped model, or a folder that a recipe has written."""
    return name in models() or (Path(name) / EXPECTED).is_file()


def folder_of(name: str) -> Path:
    """Where a shipped model lies, or one that you trained by a recipe into a folder of your own.

    Raises:
        UnknownModel: no shipped model has this name, and no folder of that path has its files.
    """
    if name not in models() and (Path(name) / EXPECTED).is_file():
        return Path(name)
    if name not in models():
        near = difflib.get_close_matches(name, models(), n=1)
        meant = f" Did you mean {near[0]!r}?" if near else ""
        raise UnknownModel(
            f"There is no shipped model {name!r}.{meant} The shipped ones are {', '.join(models())}. "
            "A model of your own is loaded as a module, mi.load(module, tokenizer=tokenizer), or from the folder that "
            "mi_widgets.training has written."
        )
    return WEIGHTS / name


def expected(name: str) -> dict[str, Any]:
    """What is recorded of a shipped model: its `recipe`, `seed`, `checkpoints`, `files` (hashes) and `measures`."""
    return json.loads((folder_of(name) / EXPECTED).read_text("utf-8"))


def sha256_of(path: Path) -> str:
    """The hash of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_files(name: str, files: Iterable[str] | None = None) -> None:
    """Raise `DamagedWeights` unless the files of a shipped model are as they were shipped.

    Args:
        name: of the model.
        files: which of them; all by default.
    """
    folder, recorded = folder_of(name), expected(name)["files"]
    for file in recorded if files is None else files:
        path = folder / file
        found = sha256_of(path) if path.exists() else "no file"
        if found != recorded[file]:
            record = expected(name)
            again = f"python -m mi_widgets.training train {record['recipe']}"
            if WEIGHTS in folder.parents:
                again = f"Install mi-widgets again, or make the file again with: {again}"
            else:
                again = f"Make the folder again with: {again} --seed {record['seed']} --out …"
            raise DamagedWeights(
                f"{path} is damaged: its sha256 is {found[:16]}, expected {recorded[file][:16]}…. {again}"
            )


def checkpoint_file(step: int) -> str:
    """Where the weights of a step lie in a model's folder."""
    return f"checkpoints/step-{step:06d}.safetensors"


@checked
def checkpoints(name: str | os.PathLike[str]) -> tuple[int, ...]:
    """The steps of its training at which a shipped model can be loaded: `mi.load(name, checkpoint=step)`.

    Step 0 is the untrained network, the last step the shipped model itself. What lies between is kept in half
    precision; the model's card says what that costs.

    Args:
        name: one of `mi.shipped.models()`, or a folder that a recipe has written.

    Raises:
        UnknownModel: no shipped model has this name.
    """
    return tuple(expected(os.fspath(name))["checkpoints"])


def open_model(name: str, checkpoint: int | None = None) -> tuple[nn.Module, PreTrainedTokenizerFast]:
    """A shipped model and its tokenizer.

    Args:
        name: one of `models()`, or a folder that a recipe has written.
        checkpoint: one of `checkpoints(name)`; the end of training by default.

    Raises:
        UnknownModel: no shipped model has this name.
        UnknownCheckpoint: nothing was kept of that step.
        DamagedWeights: a file's hash differs from the recorded one.
    """
    folder, record = folder_of(name), expected(name)
    steps = record["checkpoints"]
    if checkpoint is not None and whole(checkpoint) not in steps:
        raise UnknownCheckpoint(
            f"{name} has no checkpoint {checkpoint!r}; the steps that were kept are {', '.join(map(str, steps))}."
        )
    file = LAST if checkpoint in (None, steps[-1]) else checkpoint_file(checkpoint)
    untrained = checkpoint == 0  # needs no file: it follows from the seed
    read = {name for name in record["files"] if name.endswith(".json")}
    check_files(name, sorted(read if untrained else {*read, file}))
    config = json.loads((folder / "config.json").read_text("utf-8"))
    if "model_type" in config:
        module, tokenizer = (
            language_models.start(config, seed=record["seed"]),
            language_models.tokenizer(folder),
        )
    else:
        module = Transformer(TransformerConfig(**config), seed=record["seed"])
        tokenizer = word_tokenizer(json.loads((folder / "tokens.json").read_text("utf-8")))
    if not untrained:
        module.load_state_dict(load_file(folder / file))  # copied into float32
    return module.eval().requires_grad_(False), tokenizer
