"""`latents`: which latents of a dictionary fire at each token of a run."""

from __future__ import annotations

import numpy as np
import torch
import xarray as xr
from jaxtyping import Float, Int
from torch import Tensor

from mi_widgets.core.recording import recorded
from mi_widgets.core.results import Result
from mi_widgets.core.sae import SAE
from mi_widgets.core.sites import Site
from mi_widgets.core.spans import beside
from mi_widgets.model.run import Run

from ..activations import not_special
from .sites import in_a_title, site_of, with_warnings


@recorded
def latents(run: Run, sae: SAE, *, site: Site | None = None) -> Result:
    """Which latents fire at each token of a run, the strongest first: shown as `LatentsView`.

    Args:
        run: one that kept the site, as in `model.run(prompt, keep=[sae.site])`.
        sae: which.
        site: where it reads; its own by default.

    Returns:
        Result (batch, pos, rank) of activations above 0, NaN where fewer fire than at the busiest token, and at
        padding and special tokens, which no dictionary is trained on (nor does an edit of latents touch these, unless
        it is asked to: `Site.latent`). The variable `latent` is the number of each, -1 where there is none.

    Raises:
        DictionaryError: no site, or a width that is not the site's.
        NotKept: the run did not keep the site.
    """
    site = site_of(sae, site)
    found = sae.encode(beside(run[site].detach(), site))
    numbers, activations = _strongest(found.where(not_special(run)[..., None].to(found.device), 0))
    dims = ("batch", "pos", "rank")
    return Result(
        kind="latents",
        title=f"Latents at {in_a_title(site)}",
        dataset=xr.Dataset(
            {
                "activation": (dims, activations),
                "latent": (dims, numbers),
                "d_sae": ((), sae.d_sae, {"units": "latents"}),
            },
            coords={
                "batch": np.arange(len(numbers)),
                "pos": np.arange(numbers.shape[1]),
                "pos_token": (("batch", "pos"), np.array(run.tokens)),
            },
        ),
        primary="activation",
        unit="activation",
        source="the dictionary's encoder",
        provenance=with_warnings(run.provenance(sites=[site.name]), run.model, sae, site),
    )


def _strongest(
    found: Float[Tensor, "batch pos latent"],
) -> tuple[Int[np.ndarray, "batch pos rank"], Float[np.ndarray, "batch pos rank"]]:
    """The latents above 0 at each token, in falling order, as many as there are at the busiest token."""
    most = max(1, int((found > 0).sum(-1).max()))
    values, numbers = found.float().topk(most, dim=-1)
    none = values <= 0
    return (
        numbers.masked_fill(none, -1).cpu().numpy(),
        values.masked_fill(none, torch.nan).cpu().numpy(),
    )
