"""Faithfulness: does a circuit alone do what the model does?"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

import numpy as np
import xarray as xr
from tqdm.auto import tqdm

from mi_widgets.core import sites as at
from mi_widgets.core.errors import MetricError, SiteError
from mi_widgets.core.given_prompts import Prompt
from mi_widgets.core.interventions import Stack
from mi_widgets.core.prompts import PromptPair
from mi_widgets.core.recording import recorded
from mi_widgets.core.results import Result
from mi_widgets.core.sites import Site
from mi_widgets.core.whole_numbers import checked_seed, counted
from mi_widgets.model.model import Model

from .compared import numbers, run_clean, valid_pairs
from .means import ablate_sites, check_fit, mean_activations
from .metrics import PairMetric, logit_diff, unit_of
from .pairs import Pairs, batches

_SHARE = "share of the model's metric"


@recorded
def faithfulness(
    model: Model,
    circuit: Iterable[Site],
    pairs: Pairs,
    *,
    means: Result | None = None,
    metric: PairMetric = logit_diff,
    n_random: int = 0,
    seed: int = 0,
    batch_size: int = 64,
    progress: bool = True,
) -> Result:
    """How much of the model's answer is left when all heads outside of a circuit are ablated; MLPs stay.

    Args:
        model: under whatever interventions are active.
        circuit: the heads that stay, as in `[at.z[1, 3], at.z[2, 0]]`.
        pairs: one `PromptPair` or several; their clean prompts are run.
        means: what the other heads become, of `mi.mean_activations(model, texts, at.z)`; by default the means over
            the corrupted prompts, by position where these have one length.
        metric: as in `mi.activation_patching`.
        n_random: random circuits of as many heads, for comparison.
        seed: of these.
        batch_size: prompts that are run at once.
        progress: whether a bar shows, for what takes more than a second. It can be interrupted.

    Returns:
        Result, one number: F(circuit) / F(model), means of the metric over the pairs; 1 for a circuit that does what
        the model does, more where it lacks heads that speak against the answer. The variables `circuit`, `model` and
        `nothing` (batch) are the metric with the circuit alone, with all, and without any head; `above_nothing` is
        (F(circuit) - F(nothing)) / (F(model) - F(nothing)), and `random` (draw) has F(random circuit) / F(model).

    Raises:
        SiteError: a circuit with something else than heads in it.
        MetricError: the model itself has a metric of 0.

    Source: Wang et al. 2022 (arXiv:2211.00593), section 4, who give |F(M) - F(C)|: their 0.46 of 3.56 is 0.87 here.
    """
    n_random = counted(n_random, "mi.faithfulness: n_random", 0)
    stays = _heads(model, circuit)
    several = valid_pairs(model, pairs, exchanged=False)
    others = _means(model, [pair.corrupted for pair in several], batch_size) if means is None else means
    check_fit(model, [pair.clean for pair in several], others)
    everything = list(itertools.product(range(model.config.n_layers), range(model.config.n_heads)))
    rng = np.random.default_rng(checked_seed(seed))
    drawn = [{everything[i] for i in rng.permutation(len(everything))[: len(stays)]} for _ in range(n_random)]
    circuits = [set(everything), stays, set(), *drawn]
    outs = [ablate_sites([at.z[h] for h in everything if h not in kept], others) for kept in circuits]
    found = _left(model, several, outs, metric, batch_size, progress)
    whole, alone, nothing, *random = found
    if not abs(whole.mean()) > 1e-6:
        raise MetricError(
            f"mi.faithfulness: the model itself has a metric of {whole.mean():.4g}, of which a circuit could do no "
            "share."
        )
    above = whole.mean() - nothing.mean()
    unit, share = {"units": unit_of(metric)}, {"units": _SHARE}
    return Result(
        kind="faithfulness",
        title=f"Faithfulness of {len(stays)} of {len(everything)} heads",
        dataset=xr.Dataset(
            {
                "faithfulness": ((), alone.mean() / whole.mean()),
                "above_nothing": ((), (alone.mean() - nothing.mean()) / above if above else np.nan, share),
                "circuit": (("batch",), alone, unit),
                "model": (("batch",), whole, unit),
                "nothing": (("batch",), nothing, unit),
                "random": (("draw",), np.array([some.mean() / whole.mean() for some in random]), share),
            }
        ),
        primary="faithfulness",
        unit=_SHARE,
        source="Wang et al. 2022 (arXiv:2211.00593), section 4",
        provenance=model.provenance(seed=seed if n_random else None, sites=["z"]),
    )


def _means(model: Model, prompts: Sequence[Prompt], batch_size: int) -> Result:
    """The means over some prompts, by position where they have one length, as in the paper."""
    one_length = len({len(model.tokenize(prompt).tokens[0]) for prompt in prompts}) == 1
    return mean_activations(
        model, prompts, at.z, by_position=one_length, batch_size=batch_size, progress=False
    )


def _left(
    model: Model,
    pairs: Sequence[PromptPair],
    outs: Sequence[Stack],
    metric: PairMetric,
    batch_size: int,
    progress: bool,
) -> list[np.ndarray]:
    """The metric of every pair with each of some ablations in place."""
    found: list[list[np.ndarray]] = [[] for _ in outs]
    parts = list(batches(pairs, batch_size))
    total = len(parts) * len(outs)
    with tqdm(total=total, desc="circuits", unit="run", delay=1, disable=not progress, leave=False) as bar:
        for part in parts:
            _, comparison = run_clean(model, part, metric)
            for values, out in zip(found, outs, strict=True):
                with model.intervene(out):
                    run = model.run([pair.clean for pair in part])
                values.append(numbers(comparison.measure(run.last_logits)))
                bar.update()
    return [np.concatenate(values) for values in found]


def _heads(model: Model, circuit: Iterable[Site]) -> set[tuple[int, int]]:
    heads = set()
    for site in circuit:
        whole = isinstance(site, Site) and site.name == "z" and site.positions is None
        if not whole or site.layer_number is None or site.head is None:
            raise SiteError(
                f"mi.faithfulness: a circuit is heads, as in [at.z[1, 3], at.z[2, 0]]; got {site!r}."
            )
        model.layers_of(site)
        heads.add((site.layer_number, site.head))
    return heads
