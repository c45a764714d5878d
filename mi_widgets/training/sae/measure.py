"""What the shipped dictionaries have come to, against what is known of the texts, each figure beside its controls."""

from __future__ import annotations

import xarray as xr

from mi_widgets.analysis.dictionaries.evaluate import BASES, evaluate_sae
from mi_widgets.core.sae import SAE
from mi_widgets.model.model import Model
from mi_widgets.zoo.atlas.annotations import annotations_of
from mi_widgets.zoo.data import data

_TEXTS, _TEXTS_SEED = 800, 5
REGISTERS = ("french", "comment", "arithmetic", "hesitation")
SENTIMENTS = ("positive", "negative")


def measures_of_dictionary(sae: SAE, model: Model) -> dict[str, float]:
    """Fidelity, and F1 of single latents on held-out texts: of what is asked, of registers, of sentiment."""
    known = data("atlas", "test", n=_TEXTS, seed=_TEXTS_SEED)
    texts = [text.text for text in known]
    scores = evaluate_sae(model, sae, texts, annotations=annotations_of(known), progress=False).dataset
    every = evaluate_sae(
        model, sae, texts, annotations=annotations_of(known, every_token=True), progress=False
    ).dataset
    asked = [label for label in scores["label"].values if label.startswith("asked ")]
    found = {
        name.replace("_", " "): float(scores[name])
        for name in ("variance_explained", "loss_recovered", "dead")
    }
    by_basis = scores["f1"].sel(label=asked).mean("label")
    found |= {f"what is asked: {basis}": float(by_basis.sel(basis=basis)) for basis in BASES}
    for basis in ("raw dimensions", "random dictionary"):
        found[f"the same, less {basis}"] = float(by_basis.sel(basis="latents") - by_basis.sel(basis=basis))
    for name in REGISTERS:
        found |= _pair(name, scores["f1"].sel(label=f"register {name}"))
    for name in SENTIMENTS:
        found |= _pair(f"{name} words", scores["f1"].sel(label=f"sentiment {name}"))
        found |= _pair(f"{name} sentences, every word", every["f1"].sel(label=f"sentiment {name}"))
    return found


def _pair(name: str, f1: xr.DataArray) -> dict[str, float]:
    return {
        name: float(f1.sel(basis="latents")),
        f"{name}: raw dimensions": float(f1.sel(basis="raw dimensions")),
    }
