"""The shipped models: architecture, tokenizer, seeded texts, weights. Nothing is measured here."""

from .data import Texts, data
from .dictionaries import dictionaries
from .models import checkpoints, is_known, names, open_model
from .modular_addition import Sums, modular_sums
from .transformer import Transformer, TransformerConfig

__all__ = [
    "Sums",
    "Texts",
    "Transformer",
    "TransformerConfig",
    "checkpoints",
    "data",
    "dictionaries",
    "is_known",
    "modular_sums",
    "names",
    "open_model",
]
