"""How the modular addition models are made: the paper's set-up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mi_widgets.model.model import Model
from mi_widgets.training.recipe import Recipe
from mi_widgets.training.unfinished import UnfinishedTraining
from mi_widgets.zoo.tokenizer import number_pieces
from mi_widgets.zoo.transformer import Transformer

from .measure import measures, training_figures
from .train import Schedule, train


@dataclass(frozen=True, kw_only=True)
class ModularAdditionRecipe(Schedule, Recipe):
    """One layer that learns a + b modulo p from a part of all sums, all at every step.

    Args:
        control: the step at which it still knows the sums by heart alone.
    """

    control: int = 0

    @property
    def tokens(self) -> tuple[str, ...]:  # noqa: D102
        return number_pieces(self.p)

    def train(  # noqa: D102
        self, *, seed: int = 0, progress: bool = True, unfinished: UnfinishedTraining | None = None
    ) -> Iterator[tuple[int, Transformer]]:
        return train(self, seed=seed, progress=progress)

    def measures(self, model: Model, seed: int) -> dict[str, float]:  # noqa: D102
        return measures(model, self.learned(seed))

    def training_figures(self, name: str, seed: int) -> dict[str, float]:  # noqa: D102
        return training_figures(name, self.learned(seed), self.control)

    def card(self) -> Mapping[str, str]:  # noqa: D102
        c = self.config
        return {
            "Shape": f"{c.n_layers} layer, {c.n_heads} heads of {c.d_head} dimensions, d_model {c.d_model}, d_mlp "
            f"{c.d_mlp}, ReLU, no LayerNorm; {c.d_vocab} tokens (the numbers and `=`), three positions.",
            "Made with": f"AdamW (lr {self.lr:g}, weight decay {self.weight_decay:g}) on all of the {self.share:.0%} "
            "of sums at once, at every step; the split follows from the seed: "
            f'`mi.fourier.modular_sums({self.p}, "train", seed=…)`. '
            "After Nanda et al. 2023 (arXiv:2301.05217), section 3.",
            "Biases": "as in the paper's network, those of the MLP alone are learned; the others are 0.",
            "The measures": "Losses are means over all sums, in nats, without the logit of `=`. A frequency is key "
            "where it has 1 % of the logits' variance. Excluded loss is that of what it learned from.",
            "Control": f"the checkpoint of step {self.control}, at which it knows its sums by heart, and no others.",
            "Limits": f"It adds modulo {self.p} and does nothing else.",
        }
