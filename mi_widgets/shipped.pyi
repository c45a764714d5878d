"""What comes with the package: models, dictionaries, toys and texts."""

from .zoo.data import corpora
from .zoo.data import data as sample_texts
from .zoo.dictionaries import dictionaries
from .zoo.shipped import checkpoints, models
from .zoo.superposition import toys

__all__ = ["checkpoints", "corpora", "dictionaries", "models", "sample_texts", "toys"]
