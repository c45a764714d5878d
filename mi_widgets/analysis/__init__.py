"""A run, or a model and data, becomes a Result; one method a file."""
