"""Live panels: a view and a model that answer each other. The room is kept for the first of them."""
