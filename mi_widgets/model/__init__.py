"""The wrapped model: the only code that imports nnsight."""
