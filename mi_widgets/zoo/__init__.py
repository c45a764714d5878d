"""The shipped models: architecture, tokenizer, seeded texts, weights. Nothing is measured here."""

from .data import Texts, data
from .models import checkpoints, is_known, names, open_model
from .transformer import Transformer, TransformerConfig

__all__ = [
    "Texts",
    "Transformer",
    "TransformerConfig",
    "checkpoints",
    "data",
    "is_known",
    "names",
    "open_model",
]
