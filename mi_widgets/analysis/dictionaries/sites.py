"""Where a dictionary reads, and what a model has where a text is annotated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor

from mi_widgets.core.errors import DictionaryError, PromptError
from mi_widgets.core.prompts import Annotation
from mi_widgets.core.provenance import Provenance
from mi_widgets.core.sae import SAE
from mi_widgets.core.sites import Site
from mi_widgets.core.spans import beside
from mi_widgets.core.texts import Row
from mi_widgets.model.model import Model
from mi_widgets.model.model_with_provenance import ModelWithProvenance

from ..activations import text_batches


def site_of(sae: SAE, site: Site | None) -> Site:
    """Where a dictionary reads: the site given, else its own; all positions of it.

    Raises:
        DictionaryError: neither names a layer, or it is no vector at every token.
    """
    site = site or sae.site
    if site is None or not site.is_one_activation:
        raise DictionaryError(f"{sae!r} does not say where it reads: site=at.resid_post[2], for example.")
    site = replace(site, positions=None, tokens=None, latents=None)
    site.latent(sae)  # which refuses what has no latents
    return site


def written_of(sae: SAE, site: Site) -> Site:
    """What a dictionary that reads at a site says: the activation there, but for a transcoder."""
    return replace(site.latent(sae).written, latents=None)


def with_warnings(provenance: Provenance, model: ModelWithProvenance, sae: SAE, site: Site) -> Provenance:
    """What a Result says of how it was made, and whether the dictionary reads where it was trained."""
    warnings = dict.fromkeys((*provenance.warnings, *model.warnings_of(sae, site)))
    return replace(provenance, warnings=tuple(warnings))


def in_a_title(site: Site) -> str:
    """A site without the `at.` that it has in code."""
    return repr(site).removeprefix("at.")


def at_annotations(
    model: Model,
    site: Site,
    texts: Sequence[str | Row],
    annotations: Sequence[Annotation],
    *,
    progress: bool = True,
) -> tuple[list[list[Annotation]], Float[Tensor, "token d_in"]]:
    """The annotations of every token that has one, and the model's activation there; none beyond its context.

    Args:
        model: one whose tokenizer tells where in a text a token stands.
        site: see `text_batches`.
        texts: what is read.
        annotations: in them.
        progress: whether a bar shows.

    Raises:
        PromptError: an annotation in no text, or at no token.
    """
    by_text: dict[int, list[Annotation]] = {}
    for annotation in annotations:
        if not isinstance(annotation, Annotation):
            raise PromptError(
                "annotations are what mi.sae.annotations(texts) gives, or mi.sae.Annotation(text, end, kind, value); "
                f"got {annotation!r}."
            )
        if not 0 <= annotation.text < len(texts) or not 0 < annotation.end <= len(texts[annotation.text]):
            raise PromptError(f"{annotation!r} is in none of the {len(texts)} texts.")
        if not isinstance(texts[annotation.text], str):
            raise PromptError(
                f"{annotation!r} names characters, and text {annotation.text} is token ids: give it as a text."
            )
        by_text.setdefault(annotation.text, []).append(annotation)
    found: list[list[Annotation]] = []
    rows: list[Tensor] = []
    for read in text_batches(model, site, texts, what="reading", progress=progress):
        for row, number in enumerate(read.numbers):
            for place, here in _places(model, str(texts[number]), by_text.get(number, [])).items():
                if place < read.x.shape[1] and read.real[row, place]:
                    found.append(here)
                    rows.append(beside(read.x, site)[row, place])
    if not rows:
        raise PromptError("There is no annotation at any token of these texts.")
    return found, torch.stack(rows).float().cpu()


def _places(model: Model, text: str, annotations: Sequence[Annotation]) -> dict[int, list[Annotation]]:
    """The annotations of each token."""
    found: dict[int, list[Annotation]] = {}
    spans = model.tokenizer(text, return_offsets_mapping=True)["offset_mapping"] if annotations else []
    for annotation in annotations:
        place = next((i for i, (start, end) in enumerate(spans) if start < annotation.end <= end), None)
        if place is None:
            raise PromptError(f"{annotation!r}: no token of {text!r} holds its last character.")
        found.setdefault(place, []).append(annotation)
    return found
