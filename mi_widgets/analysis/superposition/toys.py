"""What the analyses of toy models have in common."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float

from mi_widgets.zoo.superposition import ToyModel

SOURCE = "Elhage et al. 2022, Toy Models of Superposition (arXiv:2209.10652)"
# The length of W_i from which on feature i counts as represented; trained ones are near 0 or 1.
REPRESENTED = 0.5


def weights_of(toy: ToyModel) -> Float[np.ndarray, "instance hidden feature"]:
    """W in double precision."""
    return toy.W.tensor.numpy().astype(np.float64)


def coords_of(toy: ToyModel) -> dict[str, Any]:
    """The labels of instances and features, with what they were trained on."""
    return {
        "instance": np.arange(len(toy)),
        "sparsity": ("instance", toy.sparsity.tensor.numpy()),
        "feature": np.arange(toy.n_features),
        "importance": ("feature", toy.importance.tensor.numpy()),
    }


def gram(W: Float[np.ndarray, "instance hidden feature"]) -> Float[np.ndarray, "instance feature feature"]:
    """Wᵀ W."""
    return np.swapaxes(W, 1, 2) @ W


def safely(part: np.ndarray, whole: np.ndarray, otherwise: float) -> np.ndarray:
    """part / whole, and another number where the whole is 0."""
    return np.divide(part, whole, out=np.full(np.broadcast(part, whole).shape, otherwise), where=whole > 0)
