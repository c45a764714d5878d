"""Activation patching: which part of the clean run brings the clean answer back?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from tqdm.auto import tqdm

from mi_widgets.analysis.compared import PairRuns, valid_pairs
from mi_widgets.analysis.metrics import PairMetric, logit_diff
from mi_widgets.analysis.pairs import Pairs, batches
from mi_widgets.core.patching import patch
from mi_widgets.core.recording import recorded
from mi_widgets.core.results import Result
from mi_widgets.core.sites import Site, part_axis
from mi_widgets.model.grid import Axes, Grid, axes_named
from mi_widgets.model.model import Model
from mi_widgets.model.sweep import SweepProgress, filling

from .effects import Measurement, check_apart, effects

_SOURCE = "Meng et al. 2022 (arXiv:2202.05262), section 2; Zhang and Nanda 2023 (arXiv:2309.16042)"


@recorded
def activation_patching(
    model: Model,
    pairs: Pairs,
    site: Site,
    *,
    metric: PairMetric = logit_diff,
    by: Sequence[str] | None = None,
    layers: Sequence[int] | None = None,
    positions: Sequence[int] | None = None,
    heads: Sequence[int] | None = None,
    experts: Sequence[int] | None = None,
    batch_size: int = 64,
    progress: bool = True,
) -> Result:
    """Put one activation of the clean run at a time into the corrupted run: how much of the clean answer is back?

    Args:
        model: under whatever interventions are active.
        pairs: one `PromptPair`, or several; effects are means over them. The two prompts of a pair have as many tokens.
        site: the kind of activation, as in `at.resid_pre` or `at.z`.
        metric: of the logits after each prompt and the answers: one of `mi.metrics`, or a
            function of yours.
        by: the axes, of `"layer"`, `"pos"` and `"head"` (at `at.router` `"expert"`): by default layer and head (or
            expert) where the site has any, else layer and pos.
        layers: those to patch; all by default.
        positions: those to patch; all by default.
        heads: those to patch; all by default.
        experts: those to patch; all by default.
        batch_size: pairs that are run at once; an active intervention that draws, or that holds values for each row,
            does so in every batch anew.
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
    patching = ActivationPatching(
        model, pairs, site, metric, Axes(by, layers, positions, heads, experts), batch_size=batch_size
    )
    bar = {"desc": "patching", "unit": "cell", "delay": 1, "disable": not progress, "leave": False}
    for _ in tqdm(patching.fill(), total=patching.size, **bar):
        pass
    return patching.result()


class ActivationPatching:
    """What `activation_patching` measures, a cell at a time.

    Args:
        model: as there, and so are the others.
        axes: its `by`, `layers`, `positions`, `heads` and `experts`.

    Attributes:
        size: the number of cells to be run.
    """

    def __init__(
        self,
        model: Model,
        pairs: Pairs,
        site: Site,
        metric: PairMetric,
        axes: Axes,
        *,
        batch_size: int = 64,
    ) -> None:
        self._model, self._metric = model, metric
        self._site = site
        usual = ("layer", part_axis(self._site) or "pos")
        by = usual if axes.by is None else axes_named(axes.by)
        self._axes = replace(axes, by=by)
        self._pairs = valid_pairs(model, pairs, by_position="pos" in by)
        self._parts = list(batches(self._pairs, batch_size))
        tokenized = model.tokenize([pair.corrupted for pair in self._pairs])
        self._grid = Grid.of(model, self._site, tokenized, self._axes)
        self.size = self._grid.size * len(self._parts)
        self._begun: list[SweepProgress] = []  # one for each part that was begun
        self._values = np.full((len(self._pairs), *self._grid.shape), np.nan, dtype=np.float32)
        self._clean, self._corrupted = np.full((2, len(self._pairs)), np.nan, dtype=np.float32)

    @property
    def done(self) -> int:
        """How many cells have been run."""
        return sum(found.done for found in self._begun)

    def fill(self) -> Iterator[int]:
        """Run the cells, and say after each how many are done. It may wait between them as long as it likes.

        After an error it can be called again: it goes on with the cell that could not be run.

        Raises:
            MetricError: see `activation_patching`.
        """
        first = 0
        for i, part in enumerate(self._parts):
            rows = slice(first, first := first + len(part))
            begun = self._begun[i] if i < len(self._begun) else None
            if begun is not None and begun.done == self._grid.size:
                continue
            both = PairRuns.of(self._model, part, self._metric, keep=[self._site.everywhere])
            self._clean[rows], self._corrupted[rows] = both.ends
            if part is self._parts[-1]:
                check_apart(self._clean, self._corrupted)
            found = filling(
                self._model,
                [pair.corrupted for pair in part],
                lambda here, clean=both.clean: patch(here, clean),
                self._site,
                metric=both.comparison.measure,
                axes=self._axes,
                read=-1,
                begun=begun,
            )
            for cells in found:
                if i == len(self._begun):
                    self._begun.append(cells)
                self._values[rows] = cells.values
                yield self.done

    def result(self) -> Result:
        """As far as it has come: NaN where a cell was not run for all pairs yet, and then `effect` says how far."""
        measurement = Measurement(
            kind="activation_patching",
            title=f"Activation patching at {self._site.name}",
            source=_SOURCE,
            site=self._site.name,
            axes=self._grid.labels,
            metric=self._values,
            clean=self._clean,
            corrupted=self._corrupted,
            progress="" if self.done == self.size else f"{self.done} / {self.size} cells",
        )
        how = self._model.provenance(sites=[self._site.name])
        return effects(self._model, self._pairs, measurement, self._metric, how)
