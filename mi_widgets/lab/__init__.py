"""Live panels: a view and a model that answer each other."""
