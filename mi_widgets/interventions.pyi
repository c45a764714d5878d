"""Interventions beyond the usual five, and what they are made of."""

from .analysis.means import ablate_sites
from .core.arrays import Array
from .core.edits import apply, replace
from .core.interventions import Intervention, Stack
from .core.patching import freeze_pattern

__all__ = ["Array", "Intervention", "Stack", "ablate_sites", "apply", "freeze_pattern", "replace"]
