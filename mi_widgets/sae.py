"""Sparse autoencoders: their latents, and what they are trained and measured with."""

from .core.public import attach

__getattr__, __dir__, __all__ = attach(__name__, __file__)
