"""`erase`: take away all that a line could read of what tells two kinds of texts apart, and no more than needed."""

from __future__ import annotations

import torch

from mi_widgets.core.argument_types import checked
from mi_widgets.core.edits import ProjectOut, project_out
from mi_widgets.core.errors import InterventionError
from mi_widgets.core.given_prompts import Prompts
from mi_widgets.core.sites import Site
from mi_widgets.model.model import Model

from .contrast import contrast


@checked
def erase(
    model: Model, texts_a: Prompts, texts_b: Prompts, site: Site, *, progress: bool = True
) -> ProjectOut:
    """Least-squares concept erasure: of all edits after which no linear probe beats chance, the smallest.

    What is taken away lies along the difference of both means; how much is read along the line that tells them apart
    best, `inverse covariance @ difference`. On the activations that it was made of both kinds have the same mean
    afterwards, so that no linear classifier, whatever its convex loss, does better there than a constant.

    Args:
        model: under whatever interventions are active.
        texts_a: of the first kind.
        texts_b: of the second.
        site: where it is erased, and read: `.every(".")` or `.pos(-1)` does so at these tokens alone.
        progress: whether a bar shows, for what takes more than a second.

    Returns:
        an intervention for `model.intervene`.

    Raises:
        PromptError: no texts, or none of the site's tokens in them.
        SiteError: a site without a layer, or of no vector a token.
        InterventionError: both kinds have the same mean: there is nothing to erase.

    Source: Belrose et al. 2023 (arXiv:2306.03819), theorem 4.3, for two classes.
    """
    read = contrast("mi.directions.erase_concept", model, texts_a, texts_b, site, progress)
    x, along = read.x.double(), read.difference
    if not along.any():
        raise InterventionError(
            f"mi.directions.erase_concept: both kinds have the same mean at {site!r}; there is nothing to erase."
        )
    middle = x.mean(0)
    covariance = (x - middle).T @ (x - middle) / len(x)
    by = torch.linalg.pinv(covariance, hermitian=True) @ along
    return project_out(site, along, read_by=by, center=middle)
