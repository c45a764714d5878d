"""Toy models of superposition: `mi.train_superposition`, and the recipes of the shipped ones."""
