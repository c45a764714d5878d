"""`load`: from a name or a module to a `Model`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from torch import nn

from mi_widgets import zoo
from mi_widgets.core.errors import MIError, UnknownModel

from .architectures import architecture_of
from .model import Model


def load(
    name_or_module: str | os.PathLike[str] | nn.Module, *, checkpoint: Any = None, tokenizer: Any = None
) -> Model:
    """A model to look into.

    Args:
        name_or_module: the name of a shipped model, a folder that `python -m mi_widgets.training train` has
            written, or a module in memory (mi_widgets' `Transformer`, or a Hugging Face GPT-2). A module is not
            copied; `model.release()` takes away what is added to it.
        checkpoint: for a name: a step of its training, one of `mi.checkpoints(name)`; the last by default.
        tokenizer: for a module: its Hugging Face tokenizer. Without one, prompts are token ids.

    Raises:
        UnknownModel: no shipped model has this name.
        UnknownCheckpoint: nothing was kept of that step.
        UnsupportedModel: a module of a family that has no table of sites.
        DamagedWeights: a shipped file is not as it was shipped.
    """
    if isinstance(name_or_module, os.PathLike):
        name_or_module = os.fspath(name_or_module)
    if hasattr(checkpoint, "item"):
        checkpoint = checkpoint.item()  # numpy's numbers, as a Result's labels are
    if isinstance(name_or_module, nn.Module):
        if checkpoint is not None:
            raise MIError(
                f"mi.load: checkpoint={checkpoint!r} goes with a shipped model's name; a module has the weights it has."
            )
        module, name, code = name_or_module, type(name_or_module).__name__, None
    elif isinstance(name_or_module, str):
        if tokenizer is not None:
            raise MIError(
                f"mi.load({name_or_module!r}): a shipped model has its own tokenizer; leave tokenizer= out."
            )
        module, tokenizer = zoo.open_model(name_or_module, checkpoint)
        name = Path(name_or_module).name + ("" if checkpoint is None else f" at step {checkpoint}")
        step = "" if checkpoint is None else f", checkpoint={checkpoint}"
        code = f"model = mi.load({name_or_module!r}{step})"
    else:
        raise UnknownModel(
            f"mi.load takes a name ({', '.join(zoo.names())}) or a torch module; got {type(name_or_module).__name__}."
        )
    return Model(module, architecture=architecture_of(module), tokenizer=tokenizer, name=name, code=code)
