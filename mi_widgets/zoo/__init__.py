"""The shipped models: architecture, tokenizer, seeded texts, weights. Nothing is measured here."""

from .data import Texts, data
from .dictionaries import DICTIONARIES, dictionaries
from .modular_addition import Sums, modular_sums
from .shipped import checkpoints, is_known, models, open_model
from .transformer import Transformer
from .transformer_config import TransformerConfig

__all__ = [
    "DICTIONARIES",
    "Sums",
    "Texts",
    "Transformer",
    "TransformerConfig",
    "checkpoints",
    "data",
    "dictionaries",
    "is_known",
    "models",
    "modular_sums",
    "open_model",
]
