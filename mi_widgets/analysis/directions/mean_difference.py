"""`mean_difference`: from the mean activation of some texts to that of others."""

from __future__ import annotations

from mi_widgets.core.directions import Direction
from mi_widgets.core.given_prompts import Prompts
from mi_widgets.core.recording import recorded
from mi_widgets.core.sites import Site
from mi_widgets.model.model import Model

from .contrast import contrast


@recorded
def mean_difference(
    model: Model, texts_a: Prompts, texts_b: Prompts, site: Site, *, progress: bool = True
) -> Direction:
    """The mean activation of some texts, less that of others: steered along, a model leans to the first.

    Args:
        model: under whatever interventions are active.
        texts_a: what to steer to.
        texts_b: what is left behind; as like the others as can be, but for what is meant.
        site: where; `.every(".")` or `.pos(-1)` takes the mean over these tokens, else over all but special ones.
        progress: whether a bar shows, for what takes more than a second.

    Returns:
        in the activation's own units: `mi.steer(site, direction, scale=1)` takes the mean of the second to that of the
        first. Its facts are the tokens that were read of each.

    Raises:
        PromptError: no texts, or none of the site's tokens in them.
        SiteError: a site without a layer, or of no vector a token.
        InterventionError: both means are the same.

    Source: Marks & Tegmark 2023 (arXiv:2310.06824), section 4 ("mass mean"); Rimsky et al. 2024 (arXiv:2312.06681).
    """
    read = contrast("mi.directions.mean_difference", model, texts_a, texts_b, site, progress)
    n = int(read.is_a.sum())
    return Direction(
        read.difference.float(),
        site=site,
        provenance=model.provenance(sites=[site.name]),
        facts={"tokens": n, "other tokens": len(read.x) - n},
    )
