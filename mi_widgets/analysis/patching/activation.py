"""Activation patching: which part of the clean run brings the clean answer back?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from tqdm.auto import tqdm

from mi_widgets.analysis.compared import Both, checked
from mi_widgets.analysis.metrics import PairMetric, logit_diff
from mi_widgets.analysis.pairs import Pairs, batches
from mi_widgets.core.patching import patch
from mi_widgets.core.record import recorded
from mi_widgets.core.results import Result
from mi_widgets.core.sites import Site, named
from mi_widgets.model.model import Model

from .effects import Made, effects

_SOURCE = "Meng et al. 2022 (arXiv:2202.05262), section 2; Zhang and Nanda 2023 (arXiv:2309.16042)"


@recorded
def activation_patching(
    model: Model,
    pairs: Pairs,
    site: Site | str,
    *,
    metric: PairMetric = logit_diff,
    by: Sequence[str] | None = None,
    layers: Sequence[int] | None = None,
    positions: Sequence[int] | None = None,
    heads: Sequence[int] | None = None,
    batch: int = 64,
    progress: bool = True,
) -> Result:
    """Put one activation of the clean run at a time into the corrupted run: how much of the clean answer is back?

    Args:
        model: under whatever interventions are active.
        pairs: one `PromptPair`, or several; effects are means over them. The two prompts of a pair have as many tokens.
        site: the kind of activation, as in `at.resid_pre` or `at.z`.
        metric: of the logits after each prompt and the answers: `mi.logit_diff`, `mi.probability`, `mi.rank`, `mi.kl`
            or a function of yours.
        by: the axes, of `"layer"`, `"pos"` and `"head"`: by default layer and head where the site has heads, else
            layer and pos.
        layers: those to patch; all by default.
        positions: those to patch; all by default.
        heads: those to patch; all by default.
        batch: pairs that are run at once; an active intervention that draws, or that holds values for each row, does
            so in every batch anew.
        progress: whether bars show, for what takes more than a second. It can be interrupted.

    Returns:
        Result (*by) of the effect, (patched - corrupted) / (clean - corrupted), of means over the pairs: 0 where the
        patch does nothing, 1 where it brings the clean answer back; it may be negative or more than 1. The variables
        `metric` (batch, *by), `clean` and `corrupted` (batch) have the metric itself.

    Raises:
        PromptError: prompts of a pair that differ in length; an answer that is not one token; pairs of different
            lengths where positions are an axis.
        MetricError: the metric does not return one number a prompt, or does not tell clean from corrupted.
        SiteError: an axis, layer, head or position that the site does not have.

    Source: Meng et al. 2022 (arXiv:2202.05262), causal tracing, with another prompt in place of noise; the names and
    the scale are those of Zhang and Nanda 2023 (arXiv:2309.16042): this is denoising.
    """
    site = named(site) if isinstance(site, str) else site
    usual = ("layer", "head" if "head" in site.axes else "pos")
    by = usual if by is None else tuple(by)
    several = checked(model, pairs, by_position="pos" in by)
    found, ends, swept = [], [], None
    parts = list(batches(several, batch))
    for part in tqdm(
        parts, desc="patching", unit="batch", delay=1, disable=not progress or len(parts) == 1, leave=False
    ):
        both = Both.of(model, part, metric, keep=[site.everywhere])
        swept = model.sweep(
            [pair.corrupted for pair in part],
            lambda here, clean=both.clean: patch(here, clean),
            site,
            metric=both.asked.measure,
            by=by,
            layers=layers,
            positions=positions,
            heads=heads,
            progress=progress and len(parts) == 1,
        )
        found.append(swept.values)
        ends.append(both.ends)
    assert swept is not None  # `checked` wants one pair at least
    axes = {axis: swept.dataset[axis].values.tolist() for axis in by}
    made = Made(
        kind="activation_patching",
        title=f"Activation patching at {site.name}",
        source=_SOURCE,
        site=site.name,
        axes=axes,
        metric=np.concatenate(found),
        clean=np.concatenate([clean for clean, _ in ends]),
        corrupted=np.concatenate([corrupted for _, corrupted in ends]),
    )
    return effects(model, several, made, metric, model.provenance(sites=[site.name]))
