"""Attribution patching: all patches at once, to first order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from tqdm.auto import tqdm

from mi_widgets.analysis.compared import PairRuns, valid_pairs
from mi_widgets.analysis.metrics import PairMetric, logit_diff
from mi_widgets.analysis.pairs import Pairs, batches
from mi_widgets.core.errors import MetricError, SiteError
from mi_widgets.core.recording import recorded
from mi_widgets.core.results import Result
from mi_widgets.core.sites import WHOLE_MODEL, Site, part_axis
from mi_widgets.model.grid import axes_named
from mi_widgets.model.model import Model

from .effects import Measurement, effects

_SOURCE = "Nanda 2023, Attribution Patching; Syed et al. 2023 (arXiv:2310.10348)"
_AXIS = {"query": "pos"}  # positions of a square site are those of the query


@recorded
def attribution_patching(
    model: Model,
    pairs: Pairs,
    site: Site,
    *,
    metric: PairMetric = logit_diff,
    by: Sequence[str] | None = None,
    batch_size: int = 64,
    progress: bool = True,
) -> Result:
    """What `mi.activation_patching` would find, foretold by one backward pass: gradient times difference.

    Two runs and one gradient give every cell, where patching takes a run each. The price: it is exact for a linear
    model alone, and misjudges what saturates (attention patterns, the final norm). Compare a few cells.

    Args:
        model: under whatever interventions are active.
        pairs: as in `mi.activation_patching`.
        site: the kind of activation, all layers of it or one.
        metric: as there; it must have a gradient (`mi.metrics.rank` has none).
        by: as there.
        batch_size: pairs that are run at once.
        progress: whether a bar shows, for what takes more than a second.

    Returns:
        Result (*by) of the effect on the same scale as `mi.activation_patching`'s, with the same variables; `metric` is
        what the gradient foretells.

    Raises:
        MetricError: the metric has no gradient; and all that `mi.activation_patching` raises.

    Source: Nanda 2023, "Attribution Patching: Activation Patching At Industrial Scale"; the gradient is taken at the
    corrupted run.
    """
    one_of = part_axis(site)
    usual = ("layer", one_of or "pos")
    by = usual if by is None else axes_named(by)
    _check(site, by)
    several = valid_pairs(model, pairs, by_position="pos" in by)
    foretold, ends = [], []
    parts = list(batches(several, batch_size))
    for part in tqdm(parts, desc="attribution", unit="batch", delay=1, disable=not progress, leave=False):
        kept = [site.everywhere]
        both = PairRuns.of(model, part, metric, keep=kept, keep_corrupted=kept, grad=True)
        foretold.append(_foretold(model, both, site, by))
        ends.append(both.ends)
    clean, corrupted = (np.concatenate(numbers) for numbers in zip(*ends, strict=True))
    change = np.concatenate(foretold)
    layers = [layer for layer in model.layers_of(site) if layer is not None]
    labels = {"layer": layers, one_of: range(model.config.size(one_of or "", site.name) or 0)}
    axes = {axis: list(labels.get(axis, range(change.shape[1 + by.index(axis)]))) for axis in by}
    measurement = Measurement(
        kind="attribution_patching",
        title=f"Attribution patching at {site.name}",
        source=_SOURCE,
        site=site.name,
        axes=axes,
        metric=corrupted.reshape(-1, *[1] * len(by)) + change,
        clean=clean,
        corrupted=corrupted,
    )
    how = model.provenance(sites=[site.name])
    return effects(model, several, measurement, metric, how)


def _check(site: Site, by: tuple[str, ...]) -> None:
    part = part_axis(site)
    allowed = ["layer", "pos", *([part] if part else [])]
    if site.name in WHOLE_MODEL or site.positions is not None or site.part is not None:
        raise SiteError(
            f"mi.attribution_patching goes over a kind of site, as in at.resid_pre, or a layer of it; got {site!r}."
        )
    if "layer" not in by or set(by) - set(allowed) or len(set(by)) < len(by):
        raise SiteError(
            f"mi.attribution_patching: by= takes layer and any of {', '.join(allowed[1:])} for {site!r}; got {by!r}."
        )


def _foretold(model: Model, both: PairRuns, site: Site, by: tuple[str, ...]) -> np.ndarray:
    """What the gradient says of each cell, (batch, *by)."""
    of = both.comparison.measure(both.corrupted.last_logits)
    if not of.requires_grad:
        raise MetricError(
            "mi.attribution_patching needs a metric with a gradient: logit_diff, probability and kl of mi.metrics have "
            "one, rank and whatever counts or compares has none."
        )
    number, sites = of.sum(), _sites(model, site)
    parts = [
        (both.corrupted.gradient(number, s) * (both.clean[s] - both.corrupted[s])).detach().float()
        for s in sites
    ]
    change = parts[0] if sites == [site] and not isinstance(site.layer, int) else torch.stack(parts)
    axes = ["layer", *[_AXIS.get(axis, axis) for axis in site.axes]]
    left = ["batch", *by]
    change = change.nan_to_num().sum([i for i, axis in enumerate(axes) if axis not in left])
    kept = [axis for axis in axes if axis in left]
    return _ordered(change, kept, left).cpu().numpy()


def _sites(model: Model, site: Site) -> list[Site]:
    """The site itself, or a layer of it each where only some have it, which a run does not stack."""
    layers = [layer for layer in model.layers_of(site) if layer is not None]
    if site.layer is not None or len(layers) == model.config.n_layers:
        return [site]
    return [site[layer] for layer in layers]


def _ordered(x: Tensor, have: Sequence[str], want: Sequence[str]) -> Tensor:
    return torch.permute(x, [have.index(axis) for axis in want])
