"""Interventions beyond the usual five, and what they are made of."""

from .analysis.means import ablate_sites as ablate_sites
from .core.arrays import Array as Array
from .core.edits import apply as apply
from .core.edits import replace as replace
from .core.interventions import Intervention as Intervention
from .core.interventions import Stack as Stack
from .core.patching import freeze_pattern as freeze_pattern

__all__ = ["Array", "Intervention", "Stack", "ablate_sites", "apply", "freeze_pattern", "replace"]
