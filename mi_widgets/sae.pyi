"""Sparse autoencoders: their latents, and what they are trained and measured with."""

from .analysis.dictionaries.dashboards import dashboards as dashboards
from .analysis.dictionaries.evaluate import evaluate_sae as evaluate
from .analysis.dictionaries.latents import latents as latents
from .core.prompts import Annotation as Annotation
from .core.sae import SAE as SAE
from .core.sae_formats.saving import save_sae as save
from .model.dictionaries import load_sae as load
from .training.sae.train import train_sae as train
from .zoo.atlas.annotations import annotations_of as annotations

__all__ = ["SAE", "Annotation", "annotations", "dashboards", "evaluate", "latents", "load", "save", "train"]
