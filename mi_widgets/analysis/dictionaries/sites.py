"""Where a dictionary reads, and what a model has where something is marked in a text."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from mi_widgets.core.errors import DictionaryError, PromptError
from mi_widgets.core.prompts import Mark
from mi_widgets.core.sae import SAE
from mi_widgets.core.sites import Site
from mi_widgets.model.model import Model

from ..activations import text_batches


def place_of(sae: SAE, site: Site | None) -> Site:
    """Where a dictionary reads: the site given, else its own.

    Raises:
        DictionaryError: neither names a layer.
    """
    place = site or sae.site
    if place is None or place.layer is None:
        raise DictionaryError(f"{sae!r} does not say where it reads: site=at.resid_post[2], for example.")
    return place


def in_a_title(place: Site) -> str:
    """A site without the `at.` that it has in code."""
    return repr(place).removeprefix("at.")


def at_marks(
    model: Model, site: Site, texts: Sequence[str], marks: Sequence[Mark], *, progress: bool = True
) -> tuple[list[list[Mark]], Float[Tensor, "token d_in"]]:
    """The marks of every token that has one, and what the model has there; what is beyond its context is left out.

    Args:
        model: one whose tokenizer tells where in a text a token stands.
        site: see `text_batches`.
        texts: what is read.
        marks: in them.
        progress: whether a bar shows.

    Raises:
        PromptError: a mark in no text, or at no token.
    """
    by_text: dict[int, list[Mark]] = {}
    for mark in marks:
        if not 0 <= mark.text < len(texts) or not 0 < mark.end <= len(texts[mark.text]):
            raise PromptError(f"{mark!r} is in none of the {len(texts)} texts.")
        by_text.setdefault(mark.text, []).append(mark)
    found: list[list[Mark]] = []
    rows: list[Tensor] = []
    for read in text_batches(model, site, texts, what="reading", progress=progress):
        for row, number in enumerate(read.numbers):
            for place, here in _places(model, texts[number], by_text.get(number, [])).items():
                if place < read.x.shape[1] and read.real[row, place]:
                    found.append(here)
                    rows.append(read.x[row, place])
    if not rows:
        raise PromptError("There is no mark at any token of these texts.")
    return found, torch.stack(rows).float().cpu()


def _places(model: Model, text: str, marks: Sequence[Mark]) -> dict[int, list[Mark]]:
    """The marks of each token."""
    found: dict[int, list[Mark]] = {}
    spans = model.tokenizer(text, return_offsets_mapping=True)["offset_mapping"] if marks else []
    for mark in marks:
        place = next((i for i, (start, end) in enumerate(spans) if start < mark.end <= end), None)
        if place is None:
            raise PromptError(f"{mark!r}: no token of {text!r} holds its last character.")
        found.setdefault(place, []).append(mark)
    return found
