"""How the shipped dictionaries are made, and the bars that they must reach."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from mi_widgets.core import sites as at
from mi_widgets.core.sae import SAE
from mi_widgets.core.sae_formats.reading import read_sae
from mi_widgets.core.sae_formats.saving import save_sae
from mi_widgets.core.sites import Site
from mi_widgets.model.load import load
from mi_widgets.model.model import Model
from mi_widgets.training.small import SmallRecipe
from mi_widgets.zoo.data import data
from mi_widgets.zoo.dictionaries import DICTIONARIES

from .measure import measures_of_dictionary
from .train import train_sae

_MODEL = "atlas"
_TEXTS, _TEXTS_SEED = 6000, 11


@dataclass(frozen=True, kw_only=True)
class DictionaryRecipe(SmallRecipe[SAE]):
    """How a dictionary of atlas is made.

    Args:
        site: whose activations it takes apart.
    """

    site: Site
    within = 0.02  # few examples of a label: one of them on the other side of a threshold is a hundredth

    @property
    def home(self) -> Path:  # noqa: D102
        return DICTIONARIES / self.name

    def train(self, *, seed: int = 0, progress: bool = True) -> SAE:  # noqa: D102
        texts = [text.text for text in data(_MODEL, "train", n=_TEXTS, seed=_TEXTS_SEED)]
        return train_sae(_model(), self.site, texts, **self.options, seed=seed, progress=progress)

    def measures(self, product: SAE) -> dict[str, float]:  # noqa: D102
        return measures_of_dictionary(product, _model())

    def write(self, product: SAE, folder: Path) -> None:  # noqa: D102
        save_sae(product, folder)

    def read(self, folder: Path) -> SAE:  # noqa: D102
        return read_sae(folder)

    def card(self, record: Mapping[str, Any]) -> Mapping[str, str]:  # noqa: D102
        return {
            "What it is": f"a sparse autoencoder of `{self.site!r}` of `{_MODEL}`, in SAELens's layout: "
            f"`mi.sae.load({self.name!r})`.",
            "Made with": f"`mi.sae.train(model, {self.site!r}, texts, {self.call}, seed={record['seed']})` on "
            f'`mi.shipped.sample_texts("{_MODEL}", "train", n={_TEXTS}, seed={_TEXTS_SEED})`: {record["seconds"]} '
            "seconds of processor time.",
            "Control": "the best raw dimension, principal component, latent of a random dictionary that is as sparse, "
            "and random direction; each chosen, like the latents, on every other text and scored on the rest.",
            "Limits": "what is known of a text is what its generator wrote down; a latent without a label may still "
            "mean something. High variance explained and loss recovered say little of either.",
        }


@cache
def _model() -> Model:
    return load(_MODEL)


# A lone French sentence among English ones is seldom told by the latent that tells French documents; and no latent is
# for every happy word.
_FAITHFUL = {"variance explained": (0.8, 1), "loss recovered": (0.95, 1), "dead": (0, 0.05)}
_REGISTERS = {"comment": (0.9, 1), "arithmetic": (0.85, 1), "french": (0.75, 1), "hesitation": (0.7, 1)}
_OPTIONS = {"d_sae": 768, "k": 12, "n_tokens": 1_000_000}

RECIPES: dict[str, DictionaryRecipe] = {
    recipe.name: recipe
    for recipe in (
        DictionaryRecipe(
            name="atlas-1",
            about="What atlas holds after layer 1, where words have been read, as sums of a few of 768 directions.",
            site=at.resid_post[1],
            options=_OPTIONS,
            bars={**_FAITHFUL, **_REGISTERS, "positive words": (0.6, 1), "negative words": (0.6, 1)},
        ),
        DictionaryRecipe(
            name="atlas-2",
            about="What atlas holds before its final layer, where what is asked is known, as sums of a few of 768 "
            "directions.",
            site=at.resid_post[2],
            options=_OPTIONS,
            bars={
                **_FAITHFUL,
                **_REGISTERS,
                "what is asked: latents": (0.9, 1),
                "the same, less raw dimensions": (0.2, 1),
                "the same, less random dictionary": (0.3, 1),
            },
        ),
    )
}
