"""Evaluation mode: dropout is off in every pass, and afterwards on again where it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn


@contextmanager
def evaluating(module: nn.Module) -> Iterator[None]:
    """Dropout off inside, everything as before afterwards.

    The parts' own `train` and `eval` are not called: some change weights in them.
    """
    on = [part for part in module.modules() if part.training and not isinstance(part, nn.Identity)]
    for part in on:
        part.training = False
    try:
        yield
    finally:
        for part in on:
            part.training = True


def parts_in_training(module: nn.Module) -> list[str]:
    """The parts that are in training mode; of parts inside one another the outermost."""
    modes = {name: part.training for name, part in module.named_modules()}
    return [
        name or "the whole model"
        for name, part in module.named_modules()
        # An Identity (a tap, say) does nothing in either mode.
        if part.training
        and not isinstance(part, nn.Identity)
        and not (name and modes[name.rpartition(".")[0]])
    ]
