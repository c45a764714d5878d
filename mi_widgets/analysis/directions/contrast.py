"""Texts of two kinds, and what a model has in each at a site."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mi_widgets.core.errors import SiteError
from mi_widgets.core.given_prompts import Prompts
from mi_widgets.core.sites import AXES, Site, part_axis
from mi_widgets.model.model import Model

from ..activations import activations_at, listed_texts


@dataclass(frozen=True)
class Contrast:
    """Activations of texts of two kinds.

    Attributes:
        x: one row a token.
        is_a: which are of the first kind.
        text: which text each is of; of the second kind the numbers go on.
        n_texts: how many there are of both kinds.
    """

    x: Float[Tensor, "token d"]
    is_a: Bool[Tensor, " token"]
    text: Int[Tensor, " token"]
    n_texts: int

    @property
    def difference(self) -> Float[Tensor, " d"]:
        """The mean of the first kind, less that of the second."""
        x = self.x.double()
        return x[self.is_a].mean(0) - x[~self.is_a].mean(0)


def contrast(
    caller: str, model: Model, texts_a: Prompts, texts_b: Prompts, site: Site, progress: bool
) -> Contrast:
    """Read both.

    Raises:
        PromptError: one of them is no list of texts, or has no token that the site names.
        SiteError: a site without a layer, or of no vector a token.
    """
    check_site(caller, site)
    texts_a, texts_b = (
        listed_texts(caller, model, texts_a, "texts_a"),
        listed_texts(caller, model, texts_b, "texts_b"),
    )
    a, text_a = activations_at(model, site, texts_a, progress=progress)
    b, text_b = activations_at(model, site, texts_b, progress=progress)
    is_a = torch.arange(len(a) + len(b)) < len(a)
    text = torch.cat([text_a, text_b + len(texts_a)])
    return Contrast(torch.cat([a, b]), is_a, text, len(texts_a) + len(texts_b))


def check_site(caller: str, site: Site) -> None:
    """Raise `SiteError` unless there is one vector a token."""
    alone = part_axis(site) is None or site.head is not None
    if site.layer_number is None or "query" in AXES[site.name] or not alone or site.latents is not None:
        raise SiteError(
            f"{caller} takes a site with one vector a token, as in at.resid_post[2], at.mlp_out[0].every('.') or "
            f"at.z[1, 3].pos(-1); got {site!r}."
        )
