"""What the shipped toy models have come to, by the library's own analyses, each beside a control."""

from __future__ import annotations

import numpy as np
import torch
import xarray as xr

from mi_widgets.analysis.superposition.figures import NOT_REPRESENTED, OTHER
from mi_widgets.analysis.superposition.geometry import feature_geometry
from mi_widgets.core.draws import seeded
from mi_widgets.zoo.superposition import ToyModel

_PLATEAU, _WITHIN = 0.5, 0.03  # dimensions per feature


def measures_of_plane(toy: ToyModel) -> dict[str, float]:
    """Angles between neighbouring features, in degrees, and how many features there are."""
    data = feature_geometry(toy).dataset
    found: dict[str, float] = {}
    for i, sparsity in enumerate(data["sparsity"].values):
        at = f"at S = {sparsity:.2g}"
        found[f"features {at}"] = int(data["represented"][i].sum())
        angles = data["to_next"].values[i]
        if found[f"features {at}"] == 2:
            angles = angles[angles < 180]  # two at right angles have 270 degrees on the other side
        regular, name = (72, "72 degrees") if found[f"features {at}"] == 5 else (90, "a right angle")
        unit = "" if regular == 72 else " (degrees)"
        found[f"furthest from {name} {at}{unit}"] = float(np.nanmax(np.abs(angles - regular)))
    control = feature_geometry(at_random(toy)).dataset
    most = _in_figures(control).sum("feature").max().item()
    found["control: features in figures, directions at random, the most at one sparsity"] = most
    return found


def measures_of_plateau(toy: ToyModel) -> dict[str, float]:
    """Dimensions per feature, and what lies in antipodal pairs where they rest at 1/2."""
    data = feature_geometry(toy).dataset
    each = data["dimensions_per_feature"].values
    resting = np.flatnonzero(np.abs(each - _PLATEAU) <= _WITHIN)
    middle = int(resting[len(resting) // 2]) if len(resting) else int(np.abs(each - _PLATEAU).argmin())
    control = feature_geometry(at_random(toy)).dataset
    return {
        "dimensions per feature at S = 0": each[0].item(),
        "sparsities within 0.03 of 1/2": len(resting),
        "dimensions per feature in the middle of the plateau": each[middle].item(),
        "there, share of represented features in antipodal pairs": _paired(data.isel(instance=middle)),
        f"dimensions per feature at S = {data['sparsity'].values[-1]:.2g}": each[-1].item(),
        "control: there, the same with directions at random": _paired(control.isel(instance=middle)),
    }


def at_random(toy: ToyModel, seed: int = 0) -> ToyModel:
    """The same lengths of features, in directions at random: what a figure is to be told from."""
    W = toy.W.tensor
    directions = torch.randn(W.shape, generator=seeded(seed))
    W = directions / directions.norm(dim=1, keepdim=True) * W.norm(dim=1, keepdim=True)
    return ToyModel(W, toy.b, sparsity=toy.sparsity, importance=toy.importance, name=f"{toy.name} at random")


def _in_figures(data: xr.Dataset) -> xr.DataArray:
    return ~data["figure"].isin([NOT_REPRESENTED, OTHER])


def _paired(data: xr.Dataset) -> float:
    count = data["represented"].sum().item()
    return (data["figure"] == "antipodal pair").sum().item() / count if count else 0.0
