"""Path patching: what goes from one head straight to another, or to the logits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from tqdm.auto import tqdm

from mi_widgets.analysis.compared import PairRuns, numbers, valid_pairs
from mi_widgets.analysis.metrics import PairMetric, logit_diff
from mi_widgets.analysis.pairs import Pairs, batches
from mi_widgets.core import sites as at
from mi_widgets.core.errors import SiteError
from mi_widgets.core.interventions import Stack, stack
from mi_widgets.core.patching import patch
from mi_widgets.core.recording import recorded
from mi_widgets.core.results import Result
from mi_widgets.core.sites import Site
from mi_widgets.model.model import Model

from .effects import Measurement, effects

_SOURCE = "Wang et al. 2022 (arXiv:2211.00593), section 3.1; Goldowsky-Dill et al. 2023 (arXiv:2304.05969)"
_READ = ("q", "k", "v")


@recorded
def path_patching(
    model: Model,
    pairs: Pairs,
    receivers: Site | Sequence[Site] = at.logits,
    *,
    metric: PairMetric = logit_diff,
    layers: Sequence[int] | None = None,
    batch_size: int = 64,
    progress: bool = True,
) -> Result:
    """Of each head, what it hands straight to the receivers: the effect of its clean output by this way alone.

    In the corrupted run a head is given its clean output while every other head keeps the output that it has there;
    MLPs work as they do. What the receivers then read is put into a second corrupted run, of which the metric is
    measured. So a path through MLPs counts as direct, one through other heads does not.

    With `at.logits` among several receivers there is one run only: the sender's output is clean, heads that receive
    work with what they read there, all others keep what they read in the corrupted run. So with the queries, keys and
    values of all heads among the receivers, all paths are open, and it is the total effect.

    Args:
        model: under whatever interventions are active.
        pairs: as in `mi.activation_patching`.
        receivers: `at.logits`, or what heads read: `at.q[3, 1]`, `at.k[3, 1]`, `at.v[3, 1]`, with or without
            positions; or several, which then receive together (with `at.logits` among them at all positions).
        metric: as in `mi.activation_patching`.
        layers: of the senders; all before the last receiver by default.
        batch_size: pairs that are run at once.
        progress: whether a bar shows. It can be interrupted.

    Returns:
        Result (layer, head) of the senders' effects on the scale of `mi.activation_patching`; 0 for heads that no
        receiver can read. The variables are the same.

    Raises:
        SiteError: a receiver that is none of these, or layers that come after it.
        PromptError, MetricError: as in `mi.activation_patching`.

    Source: Wang et al. 2022, section 3.1 and appendix B. There the new activations are the corrupted ones (noising);
    here they are the clean ones, as everywhere in this library: exchange the prompts of the pairs for the other.
    """
    received = (receivers,) if isinstance(receivers, Site) else tuple(receivers)
    senders = _senders(model, received, layers)
    several = valid_pairs(model, pairs)
    # Where all ways end, heads that receive nothing keep what they read.
    kept = [at.z, *([at.q, at.k, at.v] if at.logits in received and len(received) > 1 else [])]
    found, ends = [], []
    heads, parts = range(model.config.n_heads), list(batches(several, batch_size))
    total = len(parts) * len(senders) * len(heads)
    with tqdm(total=total, desc="paths", unit="path", delay=1, disable=not progress, leave=False) as bar:
        for part in parts:
            both = PairRuns.of(model, part, metric, keep=[at.z], keep_corrupted=kept)
            values = np.zeros((len(part), len(senders), len(heads)), dtype=np.float32)
            for i, j, value in _swept(model, both, senders, received):
                values[:, i, j] = value
                bar.update()
            found.append(values)
            ends.append(both.ends)
    clean, corrupted = (np.concatenate(some) for some in zip(*ends, strict=True))
    measurement = Measurement(
        kind="path_patching",
        title=f"Path patching to {', '.join(map(repr, received))}",
        source=_SOURCE,
        site="z",
        axes={"layer": senders, "head": list(heads)},
        metric=np.concatenate(found),
        clean=clean,
        corrupted=corrupted,
    )
    how = model.provenance(sites=["z", *[site.name for site in received]])
    return effects(model, several, measurement, metric, how)


def _senders(model: Model, received: Sequence[Site], layers: Sequence[int] | None) -> list[int]:
    """The layers whose heads some receiver can read."""
    for site in received:
        ok = isinstance(site, Site) and (
            site == at.logits or (site.name in _READ and site.layer_number is not None)
        )
        if not ok:
            raise SiteError(
                "mi.path_patching: receivers are at.logits and what heads read, as in at.q[3, 1] or "
                f"at.v[3, 1].pos(-1); got {site!r}."
            )
        if site.positions is not None and at.logits in received:
            raise SiteError(
                f"mi.path_patching: beside at.logits receivers read at all positions; got {site!r}. Leave .pos out, or "
                "at.logits."
            )
        model.layers_of(site)
    if not received:
        raise SiteError(
            "mi.path_patching: no receivers; give at.logits, or what heads read, as in at.q[3, 1]."
        )
    numbers = [site.layer_number for site in received]
    ends = [model.config.n_layers if number is None else number for number in numbers]
    possible = list(range(max(ends)))
    if layers is not None and (not set(layers) <= set(possible) or not list(layers)):
        raise SiteError(
            f"mi.path_patching: layers of senders must be some of {possible}, which come before {received!r}; got "
            f"{list(layers)!r}."
        )
    if not possible:
        raise SiteError(
            f"mi.path_patching: nothing comes before {received!r}: give receivers of later layers."
        )
    return possible if layers is None else list(layers)


def _swept(
    model: Model, both: PairRuns, senders: Sequence[int], received: Sequence[Site]
) -> Iterator[tuple[int, int, np.ndarray]]:
    prompts = [pair.corrupted for pair in both.pairs]
    to_logits = at.logits in received
    held = {layer: _held(model, both, layer, received) for layer in range(1, model.config.n_layers)}
    for i, layer in enumerate(senders):
        # A head sees what earlier layers wrote, never its neighbours: those of its own layer need no hold.
        hold = stack(*(held[later] for later in range(layer + 1, model.config.n_layers)))
        reading = [site for site in received if (site.layer_number or 0) > layer]
        for head in range(model.config.n_heads):
            with model.intervene(hold, patch(at.z[layer, head], both.clean)):
                run = model.run(prompts, keep=[] if to_logits else [site.everywhere for site in reading])
            if not to_logits:
                with model.intervene(*(patch(site, run) for site in reading)):
                    run = model.run(prompts)
            yield i, head, numbers(both.comparison.measure(run.last_logits))


def _held(model: Model, both: PairRuns, layer: int, received: Sequence[Site]) -> Stack:
    """What keeps a layer's heads as they are: their outputs; where ways go on to the logits, what no receiver reads."""
    if at.logits not in received or len(received) == 1:
        return stack(patch(at.z[layer], both.corrupted))
    patches = []
    for name in _READ:
        free = [site for site in received if site.name == name and site.layer == layer]
        if any(site.head is None for site in free):
            continue
        heads = {*range(model.config.size("head", name) or 0)} - {site.head for site in free}
        sites = [Site(name, layer)] if not free else [Site(name, layer, head) for head in sorted(heads)]
        patches += [patch(site, both.corrupted) for site in sites]
    return stack(*patches)
