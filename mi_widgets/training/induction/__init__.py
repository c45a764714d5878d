"""The induction models: two sizes, one schedule."""

from .recipe import InductionRecipe

__all__ = ["InductionRecipe"]
