"""The shipped models: their names, their files, and the check that the files are as they were shipped."""

from __future__ import annotations

import difflib
import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from safetensors.torch import load_file
from transformers import PreTrainedTokenizerFast

from mi_widgets.core.errors import DamagedWeights, UnknownModel

from .tokenizer import word_tokenizer
from .transformer import Transformer, TransformerConfig

WEIGHTS = Path(__file__).parent / "weights"
EXPECTED = "expected.json"  # the hash of every other file, and what the model was measured to do


@cache
def names() -> tuple[str, ...]:
    """The names of the shipped models."""
    return tuple(sorted(path.parent.name for path in WEIGHTS.glob(f"*/{EXPECTED}")))


def folder_of(name: str) -> Path:
    """Where a shipped model lies.

    Raises:
        UnknownModel: no shipped model has this name.
    """
    if name not in names():
        near = difflib.get_close_matches(name, names(), n=1)
        meant = f" Did you mean {near[0]!r}?" if near else ""
        raise UnknownModel(
            f"There is no shipped model {name!r}.{meant} The shipped ones are {', '.join(names())}. "
            "A model of your own is loaded as a module: mi.load(module, tokenizer=tokenizer)."
        )
    return WEIGHTS / name


def expected(name: str) -> dict[str, Any]:
    """What is recorded of a shipped model: `files` (hashes) and `measures`."""
    return json.loads((folder_of(name) / EXPECTED).read_text("utf-8"))


def sha256_of(path: Path) -> str:
    """The hash of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def check_files(name: str) -> None:
    """Raise `DamagedWeights` unless every file of a shipped model is as it was shipped."""
    folder = folder_of(name)
    for file, recorded in expected(name)["files"].items():
        path = folder / file
        found = sha256_of(path) if path.exists() else "no file"
        if found != recorded:
            raise DamagedWeights(
                f"{path} is damaged: its sha256 is {found[:16]}, expected {recorded[:16]}…. Install mi-widgets "
                f"again, or make the file again with: python -m mi_widgets.training train {name}"
            )


def open_model(name: str) -> tuple[Transformer, PreTrainedTokenizerFast]:
    """A shipped model and its tokenizer.

    Args:
        name: one of `names()`.

    Raises:
        UnknownModel: no shipped model has this name.
        DamagedWeights: a file's hash differs from the recorded one.
    """
    folder = folder_of(name)
    check_files(name)
    module = Transformer(TransformerConfig(**json.loads((folder / "config.json").read_text("utf-8"))))
    module.load_state_dict(load_file(folder / "model.safetensors"))
    tokens = json.loads((folder / "tokens.json").read_text("utf-8"))
    return module.eval().requires_grad_(False), word_tokenizer(tokens)
