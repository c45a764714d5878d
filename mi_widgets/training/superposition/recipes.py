"""How the shipped toy models are made, and the bars that they must reach."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mi_widgets.zoo.superposition import ToyModel

from .measure import measures_of_plane, measures_of_plateau
from .train import SPARSITIES, train_superposition


@dataclass(frozen=True, kw_only=True)
class ToyRecipe:
    """Everything that a toy model depends on, but for the seed.

    Args:
        name: of the toy model.
        about: one line for its card.
        story: what is to be seen in it, for its card.
        options: of `train_superposition`.
        measures: every figure that is recorded of it.
        bars: measure -> (lowest, highest) that what is shipped must reach.
        other_seeds: trained beside what is shipped, for the card.
    """

    name: str
    about: str
    story: str
    options: Mapping[str, Any]
    measures: Callable[[ToyModel], dict[str, float]]
    bars: Mapping[str, tuple[float, float]]
    other_seeds: tuple[int, ...] = (1, 2)

    def train(self, *, seed: int = 0, progress: bool = True) -> ToyModel:
        """The toy model of a seed."""
        return train_superposition(**self.options, seed=seed, progress=progress)


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
                "restarts": 8,
                "steps": 2000,
                "batch": 1024,
            },
            measures=measures_of_plane,
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
                "restarts": 1,
                "steps": 1500,
                "batch": 512,
            },
            measures=measures_of_plateau,
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
