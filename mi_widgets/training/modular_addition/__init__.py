"""The network that learns to add modulo a prime: first by heart, then by trigonometry."""

from .recipe import ModularAdditionRecipe

__all__ = ["ModularAdditionRecipe"]
