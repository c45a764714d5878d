"""How the induction models are made: their texts, their schedule, the penalty that lets their circuit be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mi_widgets.model.model import Model
from mi_widgets.training.recipe import Recipe
from mi_widgets.training.unfinished import UnfinishedTraining
from mi_widgets.zoo.tokenizer import pieces
from mi_widgets.zoo.transformer import Transformer

from .measure import measures, phase_change
from .train import Schedule, train


@dataclass(frozen=True, kw_only=True)
class InductionRecipe(Schedule, Recipe):
    """Attention alone, on words that come back."""

    @property
    def tokens(self) -> tuple[str, ...]:  # noqa: D102
        return pieces()

    def train(  # noqa: D102
        self, *, seed: int = 0, progress: bool = True, unfinished: UnfinishedTraining | None = None
    ) -> Iterator[tuple[int, Transformer]]:
        return train(self, seed=seed, progress=progress)

    def measures(self, model: Model, seed: int) -> dict[str, float]:  # noqa: D102
        return measures(model)

    def training_figures(self, name: str, seed: int) -> dict[str, float]:  # noqa: D102
        return phase_change(name)

    def card(self) -> Mapping[str, str]:  # noqa: D102
        c = self.config
        return {
            "Shape": f"{c.n_layers} layer(s), {c.n_heads} heads of {c.d_head} dimensions, d_model {c.d_model}, no MLP, "
            f"LayerNorm, learned positions that start as sinusoids, {c.d_vocab} tokens (words), context {c.n_ctx}.",
            "Made with": f"{self.batch_size} rows a step and AdamW.",
            "Texts": '`mi.shipped.sample_texts("induction", "train", …)`, half random spans of words that repeat, half '
            "synthetic documents whose names and phrases come back. No text of anybody's; every row was seen once.",
            "Pressure": f"A sparsity penalty on heads ({self.head_penalty:g} times the square root of the norm of "
            "`W_V W_O`) lets one head do what one head can do, so that the circuit can be read; the papers' models "
            "have no such pressure.",
            "The measures": "Repeat accuracy is that of spans of 50 words. With spans of other lengths (each from 8 "
            "to 60) a model that goes by positions alone foresees now more, now less: one layer can find a place at "
            "some distances, by where it is and not by what stands there. The control of an induction score is the "
            "attention just as far back where nothing repeats. In-context learning is the mean loss at tokens 118 to "
            "127 of held-out texts minus that at tokens 8 to 17; what is lost without heads is a share of it. "
            "Composition is that above random matrices, of the induction head where it is least.",
            "Limits": f"It knows {c.d_vocab} words and no language; it was made to be looked into. What repeats must "
            f"lie within {c.n_ctx} tokens.",
        }
