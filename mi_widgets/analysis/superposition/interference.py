"""What features of a toy model do to each other."""

from __future__ import annotations

import numpy as np
import xarray as xr

from mi_widgets.core.provenance import Provenance
from mi_widgets.core.recording import recorded
from mi_widgets.core.results import Result
from mi_widgets.zoo.superposition import ToyModel

from .toys import SOURCE, coords_of, gram, safely, weights_of


@recorded
def interference(toy: ToyModel) -> Result:
    """Wᵀ W: what feature `other` adds to what is read back of a feature, before bias and ReLU.

    Args:
        toy: a toy model.

    Returns:
        Result (instance, feature, other) of W_i · W_j: on the diagonal the squared length of W_i, off it the
        interference, below 0 where it works against the feature and the ReLU hides some of it. The variable `shared`
        (instance, feature) is Σ_{j≠i} (Ŵ_i · W_j)² with Ŵ_i = W_i / ‖W_i‖: 0 where a feature has its direction for
        itself, about 1 where as much of others lies on it; NaN where W_i is 0.

    Raises:
        WrongKind: not a toy model.

    Source: Elhage et al. 2022 (arXiv:2209.10652), "Demonstrating superposition", where `shared` is the colour.
    """
    dots = gram(weights_of(toy))
    squared = np.einsum("kii->ki", dots)
    others = np.square(dots).sum(2) - np.square(squared)
    shared = safely(others, squared, np.nan)
    return Result(
        kind="interference",
        title="Interference of features",
        dataset=xr.Dataset(
            {
                "interference": (("instance", "feature", "other"), dots),
                "shared": (("instance", "feature"), shared, {"units": "dot product squared"}),
            },
            coords={**coords_of(toy), "other": np.arange(toy.n_features)},
        ),
        primary="interference",
        unit="dot product",
        source=f"{SOURCE}, Demonstrating superposition",
        provenance=Provenance(toy.name),
    )
