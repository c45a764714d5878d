"""Which table belongs to which module."""

from __future__ import annotations

from torch import nn

from mi_widgets.core.errors import UnsupportedModel
from mi_widgets.zoo.transformer import Transformer

from .base import Architecture, Inputs, ModelConfig, Place, Weights, change_before, check_site, layers_of
from .families import TABLES
from .hugging_face import build
from .structure import table_of
from .transformer import transformer

__all__ = [
    "Architecture",
    "Inputs",
    "ModelConfig",
    "Place",
    "Weights",
    "architecture_of",
    "change_before",
    "check_site",
    "layers_of",
]


FAMILIES = tuple(TABLES)  # the classes of transformers that have a table


def architecture_of(module: nn.Module) -> Architecture:
    """The table of sites for a module.

    Raises:
        UnsupportedModel: no table fits.
    """
    if isinstance(module, Transformer):
        return transformer(module)
    # A subclass is read as what it was made from.
    for ancestor in type(module).__mro__:
        if ancestor.__name__ in TABLES:
            return build(TABLES[ancestor.__name__](module), module)
    if hasattr(module, "config") and hasattr(module, "get_output_embeddings"):
        return build(table_of(module), module)
    raise UnsupportedModel(
        f"{type(module).__name__} has no table of sites; supported: mi_widgets' Transformer and the decoders of "
        "transformers. A table is a few lines in mi_widgets/model/architectures/families.py."
    )
