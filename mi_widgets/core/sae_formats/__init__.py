"""Dictionaries in files: all that these say is honoured, or refused by its name, and nothing is unpickled."""
