"""What comes with the package: models, dictionaries, toys and texts."""

from .core.public import attach

__getattr__, __dir__, __all__ = attach(__name__, __file__)
