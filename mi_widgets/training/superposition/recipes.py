"""How the shipped toy models are made, and the bars that they must reach."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors.torch import save_file

from mi_widgets.training.small import SmallRecipe
from mi_widgets.zoo import superposition as toys
from mi_widgets.zoo.shipped import LAST
from mi_widgets.zoo.superposition import ToyModel

from .measure import measures_of_plane, measures_of_plateau
from .train import SPARSITIES, train_superposition


@dataclass(frozen=True, kw_only=True)
class ToyRecipe(SmallRecipe[ToyModel]):
    """How a toy model is made.

    Args:
        story: what is to be seen in it, for its card.
        measured: every figure that is recorded of it.
    """

    story: str
    measured: Callable[[ToyModel], dict[str, float]]

    @property
    def home(self) -> Path:  # noqa: D102
        return toys.TOYS / self.name

    def train(self, *, seed: int = 0, progress: bool = True) -> ToyModel:  # noqa: D102
        return train_superposition(**self.options, seed=seed, progress=progress)

    def measures(self, product: ToyModel) -> dict[str, float]:  # noqa: D102
        return self.measured(product)

    def write(self, product: ToyModel, folder: Path) -> None:  # noqa: D102
        tensors = {name: getattr(product, name).tensor for name in ("W", "b", "sparsity", "importance")}
        save_file(tensors, folder / LAST, metadata={"format": "pt"})

    def read(self, folder: Path) -> ToyModel:  # noqa: D102
        return toys.read_toy(folder, name=self.name)

    def card(self, record: Mapping[str, Any]) -> Mapping[str, str]:  # noqa: D102
        return {
            "What is seen": self.story,
            "Model": "x' = ReLU(Wᵀ W x + b), after Elhage et al. 2022 (arXiv:2209.10652); `model.safetensors` holds W "
            "(instance, m, n), b (instance, n), sparsity (instance) and importance (n).",
            "Made with": f"`mi.toys.train({self.call}, seed={record['seed']})`: {record['seconds']} seconds "
            "of one core.",
            "Control": "the same lengths of features, in directions at random.",
            "Limits": "instances are trained each for itself; between them nothing was followed. Which of the features "
            "of one importance are represented is chance.",
        }


# Even in the logarithm of 1/(1 − S), as in the paper's figure, from 1 to 20.
_FROM_1_TO_20 = tuple(round(1 - 20 ** (-i / 19), 3) for i in range(20))

RECIPES: dict[str, ToyRecipe] = {
    recipe.name: recipe
    for recipe in (
        ToyRecipe(
            name="plane",
            about="Five features of falling importance in two dimensions, at nine sparsities.",
            story="dense, the two most important features have a dimension each; sparser, four of them lie as two "
            "antipodal pairs at right angles; from S = 0.9 on all five are the corners of a pentagon.",
            options={
                "n_features": 5,
                "d_hidden": 2,
                "sparsity": SPARSITIES,
                "importance": 0.9,
                "n_restarts": 8,
                "n_steps": 2000,
                "batch_size": 1024,
            },
            measured=measures_of_plane,
            bars={
                "features at S = 0": (2, 2),
                "furthest from a right angle at S = 0 (degrees)": (0, 4),
                "features at S = 0.7": (4, 4),
                "furthest from a right angle at S = 0.7 (degrees)": (0, 4),
                **{f"features at S = {s:g}": (5, 5) for s in SPARSITIES if s >= 0.9},
                **{f"furthest from 72 degrees at S = {s:g}": (0, 4) for s in SPARSITIES if s >= 0.9},
                "control: features in figures, directions at random, the most at one sparsity": (0, 2),
            },
        ),
        ToyRecipe(
            name="plateau",
            about="A hundred features of one importance in twenty dimensions, at twenty sparsities.",
            story="as features become sparse, the dimensions for each represented one fall from 1, and rest at 1/2 on "
            "the way, where the features are antipodal pairs.",
            options={
                "n_features": 100,
                "d_hidden": 20,
                "sparsity": _FROM_1_TO_20,
                "importance": 1.0,
                "n_restarts": 1,
                "n_steps": 1500,
                "batch_size": 512,
            },
            measured=measures_of_plateau,
            bars={
                "dimensions per feature at S = 0": (0.95, 1.05),
                "sparsities within 0.03 of 1/2": (3, 20),
                "dimensions per feature in the middle of the plateau": (0.47, 0.53),
                "there, share of represented features in antipodal pairs": (0.9, 1.0),
                "dimensions per feature at S = 0.95": (0.1, 0.3),
                "control: there, the same with directions at random": (0.0, 0.1),
            },
        ),
    )
}
