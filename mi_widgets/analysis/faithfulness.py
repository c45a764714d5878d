"""Faithfulness: does a circuit alone do what the model does?"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import xarray as xr

from mi_widgets.core import sites as at
from mi_widgets.core.errors import MetricError, SiteError
from mi_widgets.core.interventions import Stack
from mi_widgets.core.results import Result
from mi_widgets.core.sites import Site
from mi_widgets.model.model import Model

from .compared import Both, as_code, checked, last, numbers, provenance
from .means import knock_out, mean_activations
from .metrics import PairMetric, logit_diff, unit_of
from .pairs import Pairs


def faithfulness(
    model: Model,
    circuit: Iterable[Site],
    pairs: Pairs,
    *,
    means: Result | None = None,
    metric: PairMetric = logit_diff,
    draws: int = 0,
    seed: int = 0,
) -> Result:
    """How much of the model's answer is left when all heads outside of a circuit are knocked out; MLPs stay.

    Args:
        model: under whatever interventions are active.
        circuit: the heads that stay, as in `[at.z[1, 3], at.z[2, 0]]`.
        pairs: one `PromptPair` or several; their clean prompts are run.
        means: what the other heads become, of `mi.mean_activations(model, prompts, at.z)`; by default the means over
            the corrupted prompts.
        metric: as in `mi.activation_patching`.
        draws: random circuits of as many heads, for comparison.
        seed: of these.

    Returns:
        Result, one number: F(circuit) / F(model), means of the metric over the pairs; 1 for a circuit that does it
        all. The variables `circuit`, `model` and `nothing` (batch) are the metric with the circuit alone, with all, and
        without any head; `above_nothing` is (F(circuit) - F(nothing)) / (F(model) - F(nothing)), and `random` (draw)
        has F(random circuit) / F(model).

    Raises:
        SiteError: a circuit with something else than heads in it.
        MetricError: the model itself has a metric of 0.

    Source: Wang et al. 2022 (arXiv:2211.00593), section 4, who give |F(M) - F(C)|: their 0.46 of 3.56 is 0.87 here.
    """
    stays = _heads(model, circuit)
    several = checked(model, pairs, by_position=False)
    others = means or mean_activations(model, [pair.corrupted for pair in several], at.z, progress=False)
    both = Both.of(model, several, metric)
    everything = [
        (layer, head) for layer in range(model.config.n_layers) for head in range(model.config.n_heads)
    ]

    def left(kept: set[tuple[int, int]]) -> np.ndarray:
        out: Stack = knock_out([at.z[head] for head in everything if head not in kept], others)
        with model.intervene(out):
            return numbers(both.measure(last(model.run([pair.clean for pair in several]))))

    whole, alone, nothing = both.ends[0], left(stays), left(set())
    if not abs(whole.mean()) > 1e-6:
        raise MetricError(
            f"faithfulness: the model itself has a metric of {whole.mean():.4g}, of which a circuit could do no share."
        )
    rng = np.random.default_rng(seed)
    shuffled = [rng.permutation(len(everything))[: len(stays)] for _ in range(draws)]
    random = [left({everything[i] for i in some}).mean() / whole.mean() for some in shuffled]
    above, unit = whole.mean() - nothing.mean(), {"units": unit_of(metric)}
    listed = ", ".join(repr(at.z[head]) for head in sorted(stays))
    given = [f"[{listed}]", as_code(pairs), *([f"draws={draws}, seed={seed}"] if draws else [])]
    how = provenance(model, "faithfulness", given, metric, sites=["z"], means=means)
    return Result(
        kind="faithfulness",
        title=f"Faithfulness of {len(stays)} of {len(everything)} heads",
        dataset=xr.Dataset(
            {
                "faithfulness": ((), alone.mean() / whole.mean()),
                "above_nothing": ((), (alone.mean() - nothing.mean()) / above if above else np.nan),
                "circuit": (("batch",), alone, unit),
                "model": (("batch",), whole, unit),
                "nothing": (("batch",), nothing, unit),
                "random": (("draw",), np.array(random, dtype=np.float32)),
            }
        ),
        primary="faithfulness",
        unit="share of the model's metric",
        source="Wang et al. 2022 (arXiv:2211.00593), section 4",
        provenance=how,
    )


def _heads(model: Model, circuit: Iterable[Site]) -> set[tuple[int, int]]:
    heads = set()
    for site in circuit:
        whole = isinstance(site, Site) and site.name == "z" and site.positions is None
        if not whole or site.layer is None or site.head is None:
            raise SiteError(
                f"faithfulness: a circuit is heads, as in [at.z[1, 3], at.z[2, 0]]; got {site!r}."
            )
        model.layers_of(site)
        heads.add((site.layer, site.head))
    return heads
