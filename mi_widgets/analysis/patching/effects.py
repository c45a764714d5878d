"""From a metric under many patches to effects: 0 where nothing changed, 1 where the clean answer is back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from mi_widgets.analysis.metrics import PairMetric, unit_of
from mi_widgets.core.errors import MetricError
from mi_widgets.core.prompts import PromptPair
from mi_widgets.core.provenance import Provenance
from mi_widgets.core.results import Result
from mi_widgets.model.model import Model


@dataclass(frozen=True)
class Measurement:
    """What a method has measured, for `effects`.

    Attributes:
        kind: of the Result.
        title: of the Result.
        source: of the method.
        site: the name of the kind of site that a cell stands for.
        axes: name -> labels, of every axis but the batch.
        metric: (batch, *axes), the metric with each patch in place.
        clean: (batch,) of the clean prompts.
        corrupted: (batch,) of the corrupted ones.
        progress: how far it has come, as in `"12 / 144 cells"`; empty once it is whole.
    """

    kind: str
    title: str
    source: str
    site: str
    axes: Mapping[str, Sequence[int]]
    metric: np.ndarray
    clean: np.ndarray
    corrupted: np.ndarray
    progress: str = ""


def effects(
    model: Model, pairs: Sequence[PromptPair], measurement: Measurement, metric: PairMetric, how: Provenance
) -> Result:
    """The Result of a method.

    Raises:
        MetricError: the metric does not tell the clean prompts from the corrupted ones.
    """
    if not measurement.progress:
        check_apart(measurement.clean, measurement.corrupted)
    span = float(measurement.clean.mean() - measurement.corrupted.mean())
    dims = tuple(measurement.axes)
    coords: dict[str, object] = {"site": measurement.site}
    coords |= {axis: list(labels) for axis, labels in measurement.axes.items()}
    if "pos" in measurement.axes:
        for name, text in (("pos_token", pairs[0].clean), ("corrupted_token", pairs[0].corrupted)):
            tokens = model.tokenize(text).tokens[0]
            coords[name] = ("pos", [tokens[p] for p in measurement.axes["pos"]])
    unit = {"units": unit_of(metric)}
    return Result(
        kind=measurement.kind,
        title=measurement.title,
        dataset=xr.Dataset(
            {
                "effect": (
                    dims,
                    (measurement.metric.mean(0) - measurement.corrupted.mean()) / span,
                    {"progress": measurement.progress} if measurement.progress else {},
                ),
                "metric": (("batch", *dims), measurement.metric, unit),
                "clean": (("batch",), measurement.clean, unit),
                "corrupted": (("batch",), measurement.corrupted, unit),
            },
            coords=coords,
        ),
        primary="effect",
        unit="share of the clean answer",
        source=measurement.source,
        provenance=how,
    )


def check_apart(clean: np.ndarray, corrupted: np.ndarray) -> None:
    """Raise `MetricError` unless a metric tells the clean prompts from the corrupted ones."""
    if not (np.isfinite(clean).all() and np.isfinite(corrupted).all()):
        raise MetricError(
            "The metric is no finite number after some prompts (NaN or infinite): its mean after the clean ones is "
            f"{clean.mean():.4g}, after the corrupted ones {corrupted.mean():.4g}. Give a metric that is finite."
        )
    if not abs(float(clean.mean() - corrupted.mean())) > 1e-6:
        raise MetricError(
            f"The metric is {clean.mean():.4g} after the clean prompts and after the corrupted ones too: there is "
            "no difference of which a patch could bring back a part. Give pairs that the model tells apart, or "
            "another metric."
        )
