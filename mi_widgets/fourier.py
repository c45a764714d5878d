"""Modular addition in the Fourier basis."""

from .core.public import attach

__getattr__, __dir__, __all__ = attach(__name__, __file__)
