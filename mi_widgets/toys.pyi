"""Toy models of superposition."""

from .analysis.superposition.dimensions import dimensions_per_feature as dimensions_per_feature
from .analysis.superposition.geometry import feature_geometry as feature_geometry
from .analysis.superposition.interference import interference as interference
from .training.superposition.train import train_superposition as train
from .zoo.superposition import ToyModel as ToyModel
from .zoo.superposition import superposition as load

__all__ = ["ToyModel", "dimensions_per_feature", "feature_geometry", "interference", "load", "train"]
