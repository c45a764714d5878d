"""`principal_component`: along what activations differ most."""

from __future__ import annotations

import torch

from mi_widgets.core.directions import Direction
from mi_widgets.core.errors import MIError
from mi_widgets.core.given_prompts import Prompts
from mi_widgets.core.recording import recorded
from mi_widgets.core.sites import Site
from mi_widgets.core.whole_numbers import whole
from mi_widgets.model.model import Model

from ..activations import activations_at, listed_texts
from .contrast import check_site


@recorded
def principal_component(
    model: Model, texts: Prompts, site: Site, *, component: int = 0, progress: bool = True
) -> Direction:
    """One of the directions along which the activations of some texts differ most.

    Args:
        model: under whatever interventions are active.
        texts: what is read.
        site: where, as in `mi.directions.mean_difference`.
        component: 0 for the one with the greatest variance, then in falling order.
        progress: whether a bar shows, for what takes more than a second.

    Returns:
        as long as one standard deviation along it; its largest entry is positive, since a component has no sign of
        its own. Its fact is the share of the variance that it explains.

    Raises:
        PromptError: no texts, or none of the site's tokens in them.
        SiteError: a site without a layer, or of no vector a token.
        MIError: no such component.
    """
    check_site("mi.directions.principal_component", site)
    x, _ = activations_at(
        model, site, listed_texts("mi.directions.principal_component", model, texts), progress=progress
    )
    x = x.double()
    _, spread, rows = torch.linalg.svd(x - x.mean(0), full_matrices=False)
    there = int((spread > spread[0] * 1e-9).sum()) if spread[0] > 0 else 0
    if whole(component) not in range(there):
        raise MIError(
            f"mi.directions.principal_component: there are {there} components here, from 0; got "
            f"component={component!r}."
        )
    row = rows[component] * rows[component][rows[component].abs().argmax()].sign()
    return Direction(
        (row * spread[component] / len(x) ** 0.5).float(),
        site=site,
        provenance=model.provenance(
            sites=[site.name],
        ),
        facts={"variance explained": float(spread[component] ** 2 / spread.square().sum())},
    )
