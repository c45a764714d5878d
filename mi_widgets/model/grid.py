"""The cells of a sweep: which layers, positions and heads, in which order, with which labels."""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr

from mi_widgets.core.errors import SiteError
from mi_widgets.core.provenance import Provenance
from mi_widgets.core.results import Result
from mi_widgets.core.sites import WHOLE_MODEL, Site, part_axis

from .model_core import ModelCore
from .tokens import TokenizedPrompts

_AXIS = {
    "layers": "layer",
    "heads": "head",
    "experts": "expert",
    "positions": "pos",
}  # what chooses some of each axis


@dataclass(frozen=True)
class Axes:
    """What a user asks for; None is all, or what the site suggests. The fields are `Model.sweep`'s."""

    by: Sequence[str] | None = None
    layers: Sequence[int] | None = None
    positions: Sequence[int] | None = None
    heads: Sequence[int] | None = None
    experts: Sequence[int] | None = None


@dataclass(frozen=True)
class Grid:
    """The cells of a sweep over one kind of site.

    Args:
        over: the kind.
        labels: for each axis its numbers.
        tokens: the text at each position of each prompt.
        chosen: the options that chose some of an axis, and what they chose.
    """

    over: Site
    labels: dict[str, list[int]]
    tokens: tuple[tuple[str, ...], ...]
    chosen: dict[str, list[int]]

    @classmethod
    def of(cls, model: ModelCore, over: Site, tokenized: TokenizedPrompts, axes: Axes) -> Grid:
        """The grid that was asked for.

        Raises:
            SiteError: an axis, layer, head or position that the site does not have.
        """
        if (
            not isinstance(over, Site)
            or over.name in WHOLE_MODEL
            or over.part is not None
            or over.positions is not None
        ):
            raise SiteError(
                f"sweep goes over a kind of site, as in at.resid_pre, or one layer of it; got {over!r}."
            )
        part = part_axis(over)
        by = axes_named(axes.by) if axes.by is not None else ("layer", part or "pos")
        allowed = ("layer", part, "pos") if part else ("layer", "pos")
        if "layer" not in by or set(by) - set(allowed) or len(set(by)) < len(by):
            raise SiteError(
                f"sweep: by= takes layer and any of {', '.join(allowed[1:])} for {over!r}; got {axes.by!r}."
            )
        layers = [layer for layer in model.layers_of(over) if layer is not None]
        known = {
            "layer": layers,
            part: range(model.config.size(part or "", over.name) or 0),
            "pos": range(max(tokenized.lengths)),
        }
        wanted = {option: getattr(axes, option) for option in _AXIS}
        labels = {}
        for option, axis in _AXIS.items():
            if axis in by:
                labels[axis] = _chosen(option, wanted[option], list(known[axis]))
            elif wanted[option] is not None:
                raise SiteError(
                    f"sweep: {option}= was given, but by={by!r} does not go over them: add {axis!r}."
                )
        chosen = {option: labels[axis] for option, axis in _AXIS.items() if wanted[option] is not None}
        return cls(over, {axis: labels[axis] for axis in by}, tokenized.spans.tokens, chosen)

    @property
    def dims(self) -> tuple[str, ...]:
        """Its axes."""
        return tuple(self.labels)

    @property
    def shape(self) -> tuple[int, ...]:
        """Their lengths."""
        return tuple(map(len, self.labels.values()))

    @property
    def size(self) -> int:
        """The number of cells."""
        return math.prod(self.shape)

    def layers(self) -> Iterator[list[tuple[tuple[int, ...], Site]]]:
        """For each layer its cells: where they are in the grid, and their sites."""
        by_layer: dict[int, list[tuple[tuple[int, ...], Site]]] = {}
        for index in itertools.product(*map(range, self.shape)):
            at = {axis: self.labels[axis][i] for (axis, i) in zip(self.dims, index, strict=True)}
            site = replace(self.over, layer=at["layer"], head=at.get("head"), expert=at.get("expert"))
            by_layer.setdefault(at["layer"], []).append((index, site.pos(at["pos"]) if "pos" in at else site))
        return iter(by_layer.values())

    def result(self, values: np.ndarray, clean: np.ndarray, provenance: Provenance) -> Result:
        """The measured grid (batch, …) with its labels."""
        coords: dict[str, object] = {**self.labels}
        if "pos" in self.labels:
            rows = [[row[p] if p < len(row) else "" for p in self.labels["pos"]] for row in self.tokens]
            coords["pos_token"] = (("batch", "pos"), np.array(rows))
        unit = "the metric's own"
        return Result(
            kind="sweep",
            title=f"Sweep over {self.over.name}",
            dataset=xr.Dataset(
                {
                    "metric": (("batch", *self.dims), values),
                    "clean": (("batch",), clean, {"units": unit}),
                },
                coords=coords,
            ),
            primary="metric",
            unit=unit,
            source="one intervention a cell, compared with the run without it",
            provenance=provenance,
        )


def axes_named(by: str | Sequence[str]) -> tuple[str, ...]:
    """What was given as `by=`: one axis, or several."""
    return (by,) if isinstance(by, str) else tuple(by)


def _chosen(option: str, wanted: Sequence[int] | None, known: list[int]) -> list[int]:
    if wanted is None:
        return known
    try:
        chosen = [operator.index(w) for w in wanted]
    except TypeError:
        chosen = []
    if not chosen or set(chosen) - set(known) or len(set(chosen)) < len(chosen):
        raise SiteError(
            f"sweep: {option} must be some of {known[0]} to {known[-1]}, each once; got {wanted!r}."
        )
    return chosen
