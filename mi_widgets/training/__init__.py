"""The recipes of the shipped models: `python -m mi_widgets.training train|verify NAME`."""
