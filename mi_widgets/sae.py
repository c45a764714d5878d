"""Sparse autoencoders: their latents, and what they are trained and measured with."""

from .core.public import attach

# At once: nnsight puts a `save` on every object, which would stand before one that is fetched when it is asked for.
from .core.sae_formats.saving import save_sae as save  # noqa: F401

__getattr__, __dir__, __all__ = attach(__name__, __file__)
