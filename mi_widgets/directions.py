"""Directions of an activation, and what reads along them."""

from .core.public import attach

__getattr__, __dir__, __all__ = attach(__name__, __file__)
