"""Toy models of superposition: `mi.toys.train`, and the recipes of the shipped ones."""
