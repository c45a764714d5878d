"""What every recipe for a shipped model has: its shape, its training, its measures, the bars that they must reach."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from mi_widgets.model.model import Model
from mi_widgets.zoo.transformer import Transformer, TransformerConfig


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
    """

    name: str
    about: str
    config: TransformerConfig
    steps: int
    checkpoints: tuple[int, ...] = ()
    bars: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @property
    @abstractmethod
    def tokens(self) -> tuple[str, ...]:
        """Every token in the order of its id, as the tokenizer spells it."""

    @abstractmethod
    def train(self, *, seed: int = 0, progress: bool = True) -> Iterator[tuple[int, Transformer]]:
        """Train step by step.

        The same recipe, seed and number of threads give the same weights on the same machine.

        Args:
            seed: of the weights and the data.
            progress: show a bar with the loss.

        Yields:
            (steps done, the module), first (0, the untrained module). The module is one and the same: copy it to
            keep it. Stopping early is breaking out of the loop.
        """

    @abstractmethod
    def measures(self, model: Model, seed: int) -> dict[str, float]:
        """Every figure that is recorded of the trained model.

        Args:
            model: it.
            seed: of its training.
        """

    @abstractmethod
    def story(self, name: str, seed: int) -> dict[str, float]:
        """Every figure that is recorded of its training.

        Args:
            name: of the model or folder, with its checkpoints.
            seed: of its training.
        """

    @abstractmethod
    def card(self) -> Mapping[str, str]:
        """What its card says: bold heading -> text; the table of measures stands below "Measured"."""
