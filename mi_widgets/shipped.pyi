"""What comes with the package: models, dictionaries, toys and texts."""

from .zoo.data import corpora as corpora
from .zoo.data import data as sample_texts
from .zoo.dictionaries import dictionaries as dictionaries
from .zoo.shipped import checkpoints as checkpoints
from .zoo.shipped import models as models
from .zoo.smollm2 import smollm2 as smollm2
from .zoo.superposition import toys as toys

__all__ = ["checkpoints", "corpora", "dictionaries", "models", "sample_texts", "smollm2", "toys"]
