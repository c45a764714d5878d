"""Directions in activations: found, erased, and what pushing along them does."""
