"""What is asked of every model from a file, and of the module that it must be."""

import torch


def logits_of(module, ids):
    """Of a plain module."""
    with torch.no_grad():
        return module(ids).logits


def notes(model, name):
    """The status of each check of this name, and what it saw."""
    return [(check.status, check.seen) for check in model.trust.checks if check.name == name]
