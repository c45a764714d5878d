"""Ablation effects: what changes without a part."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from tqdm.auto import tqdm

from mi_widgets.core import sites as at
from mi_widgets.core.recording import recorded
from mi_widgets.core.results import Result
from mi_widgets.core.sites import Site, part_axis
from mi_widgets.model.model import Model

from .compared import numbers, run_clean, valid_pairs
from .means import ablate_sites, check_fit
from .metrics import PairMetric, logit_diff, unit_of
from .pairs import Pairs, batches


@recorded
def ablation_effects(
    model: Model,
    pairs: Pairs,
    site: Site = at.z,
    *,
    means: Result | None = None,
    metric: PairMetric = logit_diff,
    by: Sequence[str] | None = None,
    batch_size: int = 64,
    progress: bool = True,
) -> Result:
    """How a metric of the clean prompts changes when one part at a time is taken out.

    Args:
        model: under whatever interventions are active: ablate something there, and this shows what is left
            without it (backup behaviour).
        pairs: one `PromptPair` or several; their clean prompts are run.
        site: the kind of part, as in `at.z`, `at.mlp_out` or `at.router`.
        means: of `mi.mean_activations`, over all positions or by position; without, parts become zero.
        metric: as in `mi.activation_patching`.
        by: the axes: layer and head (or expert) where the site has any, else the layer.
        batch_size: prompts that are run at once.
        progress: whether a bar shows, for what takes more than a second.

    Returns:
        Result (*by) of the change in the metric's unit, a mean over the pairs: negative where the part helped. The
        variables are `metric` (batch, *by) and `clean` (batch).

    Raises:
        PromptError, MetricError, SiteError: as in `mi.activation_patching`.

    Source: Wang et al. 2022 (arXiv:2211.00593), section 2.
    """
    one_of = part_axis(site)
    usual = ("layer", one_of) if one_of else ("layer",)
    by = usual if by is None else tuple(by)
    several = valid_pairs(model, pairs, by_position="pos" in by, exchanged=False)
    check_fit(model, [pair.clean for pair in several], means)
    found, clean, swept = [], [], None
    parts = list(batches(several, batch_size))
    for part in tqdm(
        parts, desc="ablations", unit="batch", delay=1, disable=not progress or len(parts) == 1, leave=False
    ):
        run, comparison = run_clean(model, part, metric)
        swept = model.sweep(
            [pair.clean for pair in part],
            lambda here: ablate_sites(here, means),
            site,
            metric=comparison.measure,
            by=by,
            progress=progress and len(parts) == 1,
        )
        found.append(swept.values)
        clean.append(numbers(comparison.measure(run.last_logits)))
    assert swept is not None  # `valid_pairs` wants one pair at least
    after, before = np.concatenate(found), np.concatenate(clean)
    unit = {"units": unit_of(metric)}
    return Result(
        kind="ablation_effects",
        title=f"Ablation effects at {site.name}",
        dataset=xr.Dataset(
            {
                "change": (by, after.mean(0) - before.mean()),
                "metric": (("batch", *by), after, unit),
                "clean": (("batch",), before, unit),
            },
            coords={"site": site.name, **{axis: swept.dataset[axis].values for axis in by}},
        ),
        primary="change",
        unit=unit_of(metric),
        source="Wang et al. 2022 (arXiv:2211.00593), section 2",
        provenance=model.provenance(sites=[site.name]),
    )
