"""What is measured at the end of a pair of prompts."""

from .core.public import attach

__getattr__, __dir__, __all__ = attach(__name__, __file__)
