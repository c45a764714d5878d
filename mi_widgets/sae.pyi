"""Sparse autoencoders: their latents, and what they are trained and measured with."""

from .analysis.dictionaries.evaluate import evaluate_sae as evaluate
from .analysis.dictionaries.features import features as dashboards
from .analysis.dictionaries.latents import latents as latents
from .core.prompts import Mark as Mark
from .core.sae import SAE as SAE
from .core.sae_files import save_sae as save
from .model.dictionaries import load_sae as load
from .training.sae.train import train_sae as train
from .zoo.atlas.marks import marks as marks

__all__ = ["SAE", "Mark", "dashboards", "evaluate", "latents", "load", "marks", "save", "train"]
