"""Directions of an activation, and what reads along them."""

from .analysis.directions.erase import erase as erase_concept
from .analysis.directions.mean_difference import mean_difference as mean_difference
from .analysis.directions.principal_component import principal_component as principal_component
from .analysis.directions.probe import probe as linear_probe
from .core.directions import Direction as Direction
from .core.directions import Probe as Probe
from .core.directions import random_direction as random_like

__all__ = [
    "Direction",
    "Probe",
    "erase_concept",
    "linear_probe",
    "mean_difference",
    "principal_component",
    "random_like",
]
