"""What every recipe for a shipped model has: its shape, its training, its measures, the bars that they must reach."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import torch
from safetensors.torch import save_file
from torch import nn
from transformers import PreTrainedTokenizerFast

from mi_widgets.model.model import Model
from mi_widgets.zoo.shipped import LAST
from mi_widgets.zoo.tokenizer import word_tokenizer

from .unfinished import UnfinishedTraining


@dataclass(frozen=True, kw_only=True)
class Recipe(ABC):
    """Everything that a training run depends on, but for the seed.

    Args:
        name: of the model it makes.
        about: one line for the model's card.
        config: the shape.
        steps: optimiser steps.
        checkpoints: steps to keep in half precision, besides step 0 and the last.
        bars: measure -> (lowest, highest) that what is shipped must reach; the card says what other seeds do.

    Attributes:
        threads: of PyTorch; another number adds in another order, and gives other weights.
        precision: of the weights that are shipped.
    """

    threads: ClassVar[int] = 1
    precision: ClassVar[torch.dtype] = torch.float32

    name: str
    about: str
    config: Any
    steps: int
    checkpoints: tuple[int, ...] = ()
    bars: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @property
    @abstractmethod
    def tokens(self) -> tuple[str, ...]:
        """Every token in the order of its id, as the tokenizer spells it."""

    def tokenizer(self) -> PreTrainedTokenizerFast:
        """The model's tokenizer."""
        return word_tokenizer(self.tokens)

    @abstractmethod
    def train(
        self, *, seed: int = 0, progress: bool = True, unfinished: UnfinishedTraining | None = None
    ) -> Iterator[tuple[int, nn.Module]]:
        """Train step by step.

        The same recipe, seed and number of threads give the same weights on the same machine.

        Args:
            seed: of the weights and the data.
            progress: show a bar with the loss.
            unfinished: what an earlier training had come to, to go on from, and where this one is kept now and then;
                recipes of a few minutes do without.

        Yields:
            (steps done, the module), first (0, the untrained module), or what was unfinished. The module is one and
            the same: copy it to keep it. Stopping early is breaking out of the loop.
        """

    @abstractmethod
    def measures(self, model: Model, seed: int) -> dict[str, float]:
        """Every figure that is recorded of the trained model.

        Args:
            model: it.
            seed: of its training.
        """

    def training_figures(self, name: str, seed: int) -> dict[str, float]:
        """Every figure that is recorded of its training; none where no checkpoints are kept.

        Args:
            name: of the model or folder, with its checkpoints.
            seed: of its training.
        """
        del name, seed
        return {}

    def tolerance(self, measure: str) -> float:
        """How far a figure may be from the recorded one on another machine, which adds in another order."""
        del measure
        return 0.01

    def samples(self, model: Model) -> Mapping[str, list[str]]:
        """Texts of the model for its card, by what they are samples of; none for models that write none."""
        del model
        return {}

    def write(self, module: nn.Module, folder: Path) -> None:
        """Write all files from which a model is loaded."""
        self.write_weights(module, folder / LAST)
        (folder / "config.json").write_text(json.dumps(self.config.to_dict(), indent=2) + "\n", "utf-8")
        tokens = json.dumps(self.tokens, ensure_ascii=False, indent=0)
        (folder / "tokens.json").write_text(tokens + "\n", "utf-8")

    def write_weights(self, module: nn.Module, path: Path, *, dtype: torch.dtype | None = None) -> None:
        """Write a module's parameters as safetensors, in the recipe's precision or another."""
        dtype = dtype or self.precision
        kept = {name: p.detach().to(dtype).contiguous() for name, p in module.state_dict().items()}
        save_file(kept, path, metadata={"format": "pt"})

    @abstractmethod
    def card(self) -> Mapping[str, str]:
        """What its card says: bold heading -> text; the table of measures stands below "Measured"."""
