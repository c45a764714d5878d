"""How much of a dimension a feature of a toy model has."""

from __future__ import annotations

import numpy as np
import xarray as xr
from jaxtyping import Float

from mi_widgets.core.provenance import Provenance
from mi_widgets.core.recording import recorded
from mi_widgets.core.results import Result
from mi_widgets.zoo.superposition import ToyModel

from .toys import REPRESENTED, SOURCE, coords_of, gram, safely, weights_of


@recorded
def dimensions_per_feature(toy: ToyModel) -> Result:
    """m / ‖W‖², the dimensions that there are for each represented feature: ‖W‖² counts features of length 1.

    Args:
        toy: a toy model.

    Returns:
        Result (instance): 1 where every represented feature has a dimension of its own, 1/2 where they share them two
        by two; NaN where W is 0. Where features are longer than 1, as in a trained pentagon, it is less than each
        one's dimensionality (`mi.toys.feature_geometry`), which knows no lengths. The variable `represented` counts the
        features whose W_i is longer than 0.5.

    Raises:
        WrongKind: not a toy model.

    Source: Elhage et al. 2022 (arXiv:2209.10652), "The geometry of superposition", uniform superposition: D*.
    """
    W = weights_of(toy)
    coords = coords_of(toy)
    return Result(
        kind="dimensions_per_feature",
        title="Dimensions per feature",
        dataset=xr.Dataset(
            {
                "dimensions": ("instance", per_feature(W)),
                "represented": ("instance", represented(W).sum(1), {"units": "features"}),
            },
            coords={name: coords[name] for name in ("instance", "sparsity")},
        ),
        primary="dimensions",
        unit="dimensions per feature",
        source=f"{SOURCE}, The geometry of superposition",
        provenance=Provenance(toy.name),
    )


def per_feature(W: Float[np.ndarray, "instance hidden feature"]) -> Float[np.ndarray, " instance"]:
    """m / ‖W‖²; NaN where W is 0."""
    return safely(np.array(float(W.shape[1])), np.square(W).sum((1, 2)), np.nan)


def dimensionality(W: Float[np.ndarray, "instance hidden feature"]) -> Float[np.ndarray, "instance feature"]:
    """‖W_i‖² / Σ_j (Ŵ_i · W_j)², 0 where W_i is 0: from 0 to 1, and over all features at most the rank of W.

    The sum is the rank where each W_i is an eigenvector of W Wᵀ, as in the figures of the paper.
    """
    dots = gram(W)
    return safely(np.square(np.einsum("kii->ki", dots)), np.square(dots).sum(2), 0.0)


def represented(W: Float[np.ndarray, "instance hidden feature"]) -> np.ndarray:
    """Which features have a W_i longer than 0.5, truth values (instance, feature)."""
    return np.linalg.norm(W, axis=1) > REPRESENTED
