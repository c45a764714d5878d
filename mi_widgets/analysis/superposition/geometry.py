"""How the features of a toy model lie: lengths, shares of dimensions, and the figures that they form."""

from __future__ import annotations

import numpy as np
import xarray as xr
from jaxtyping import Bool, Float

from mi_widgets.core.provenance import Provenance
from mi_widgets.core.recording import recorded
from mi_widgets.core.results import Result
from mi_widgets.zoo.superposition import ToyModel

from .dimensions import dimensionality, per_feature, represented
from .figures import FIGURES, grouped, recognised
from .toys import SOURCE, coords_of, gram, weights_of

_SHARE = "share of a dimension"


@recorded
def feature_geometry(toy: ToyModel) -> Result:
    """How much of a dimension each feature has, and which figure it forms with the features that it shares it with.

    A figure is named where its features, their angles (within 10 degrees) and their dimensionalities (within 0.05) are
    those of: a feature with its own dimension (1), an antipodal pair (1/2), a triangle (2/3), a tetrahedron (3/4), a
    pentagon (2/5), a square antiprism (3/8). Features belong to one figure where they are not at right angles.

    Args:
        toy: a toy model.

    Returns:
        Result (instance, feature) of dimensionalities D_i = ‖W_i‖² / Σ_j (Ŵ_i · W_j)², from 0 to 1; their sum over the
        features is at most the rank of W. With the variables `length` (‖W_i‖), `represented` (whether it is above
        0.5), `figure` (its name, "other" or "not represented"), `group` (the first feature of its figure, −1 where not
        represented), `W` (instance, hidden, feature), `interference` (instance, feature, other): Wᵀ W,
        `dimensions_per_feature` (instance): m / ‖W‖², and `fraction` (known), the dimensionality in each figure. In a
        plane also `angle`, in degrees from the first axis, and `to_next`, from a represented feature to the next one
        counter-clockwise; NaN for others.

    Raises:
        WrongKind: not a toy model.

    Source: Elhage et al. 2022 (arXiv:2209.10652), "The geometry of superposition", which names figures by D_i; that
    number and angles must fit as well, and the two tolerances, are ours.
    """
    W = weights_of(toy)
    there, shares = represented(W), dimensionality(W)
    groups = np.stack([grouped(*one) for one in zip(W, there, strict=True)])
    names = [recognised(*one) for one in zip(W, groups, shares, strict=True)]
    each, degrees, share = ("instance", "feature"), {"units": "degrees"}, {"units": _SHARE}
    variables = {
        "dimensionality": (each, shares),
        "length": (each, np.linalg.norm(W, axis=1), {"units": "norm"}),
        "represented": (each, there, {"units": "whether"}),
        "figure": (each, np.array(names)),
        "group": (each, groups),
        "W": (("instance", "hidden", "feature"), W, {"units": "weight"}),
        "interference": (("instance", "feature", "other"), gram(W), {"units": "dot product"}),
        "dimensions_per_feature": ("instance", per_feature(W), {"units": "dimensions per feature"}),
        "fraction": ("known", np.array([figure.dimensionality for figure in FIGURES]), share),
    }
    if toy.d_hidden == 2:
        angle = np.stack([angles(*one) for one in zip(W, there, strict=True)])
        following = np.stack([to_next(one) for one in angle])
        variables |= {"angle": (each, angle, degrees), "to_next": (each, following, degrees)}
    coords = {
        **coords_of(toy),
        "other": np.arange(toy.n_features),
        "hidden": np.arange(toy.d_hidden),
        "known": [figure.name for figure in FIGURES],
    }
    return Result(
        kind="feature_geometry",
        title="Geometry of features",
        dataset=xr.Dataset(variables, coords=coords),
        primary="dimensionality",
        unit=_SHARE,
        source=f"{SOURCE}, The geometry of superposition",
        provenance=Provenance(toy.name),
    )


def angles(
    W: Float[np.ndarray, "2 feature"], there: Bool[np.ndarray, " feature"]
) -> Float[np.ndarray, " feature"]:
    """Degrees from the first axis, 0 to 360; NaN for features that are not represented."""
    return np.where(there, np.degrees(np.arctan2(W[1], W[0])) % 360, np.nan)


def to_next(angle: Float[np.ndarray, " feature"]) -> Float[np.ndarray, " feature"]:
    """Degrees to the next angle counter-clockwise; NaN without another one."""
    found = np.full(len(angle), np.nan)
    order = np.argsort(angle)[: np.isfinite(angle).sum()]  # NaN comes last
    if len(order) > 1:
        found[order] = (np.roll(angle[order], -1) - angle[order]) % 360
    return found
