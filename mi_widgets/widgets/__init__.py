"""Widgets draw Results and report gestures as values; they never run a model."""
