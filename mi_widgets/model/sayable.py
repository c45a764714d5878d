"""The tokens that a model can say: a network trained elsewhere may read more."""

from __future__ import annotations

from torch import Tensor

from mi_widgets.zoo.state_dicts import sayable_of
from mi_widgets.zoo.transformer import Transformer

from .model_core import ModelCore


def sayable_tokens(model: ModelCore) -> Tensor | slice:
    """Which ids: all, but those that a `Transformer` was given columns of zeros for."""
    module = model.module
    return (
        sayable_of(module.unembed).nonzero()[:, 0].cpu() if isinstance(module, Transformer) else slice(None)
    )
