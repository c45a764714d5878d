"""Which table belongs to which module."""

from __future__ import annotations

from torch import nn

from mi_widgets.core.errors import UnsupportedModel
from mi_widgets.zoo.transformer import Transformer

from .base import Architecture, ModelConfig, Place, Weights, check_site, layers_of
from .gpt2 import gpt2
from .transformer import transformer

__all__ = ["Architecture", "ModelConfig", "Place", "Weights", "architecture_of", "check_site", "layers_of"]


def architecture_of(module: nn.Module) -> Architecture:
    """The table of sites for a module.

    Raises:
        UnsupportedModel: no table fits.
    """
    if isinstance(module, Transformer):
        return transformer(module)
    if type(module).__name__ == "GPT2LMHeadModel":
        return gpt2(module)
    raise UnsupportedModel(
        f"{type(module).__name__} has no table of sites; supported: mi_widgets' Transformer and transformers' "
        "GPT2LMHeadModel. A table is one small file in mi_widgets/model/architectures/."
    )
