"""mi_widgets: an MRI for language models, inside a notebook.

import mi_widgets as mi
from mi_widgets import sites as at
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .core import errors, sites
from .core.arrays import Array
from .core.errors import MIError
from .core.interventions import Intervention, Stack, ablate, patch, scale, stack, steer
from .core.prompts import PromptPair
from .core.result_files import load_result
from .core.results import Result, register

if TYPE_CHECKING:
    from .analysis.attention import attention
    from .analysis.head_scores import head_scores
    from .analysis.loss import loss_per_token
    from .analysis.repeats import repeat_accuracy, repeated_tokens
    from .model.load import load
    from .model.model import Model
    from .model.run import Generation, Run
    from .widgets._shared.link import link
    from .widgets.attention.widget import AttentionView
    from .zoo import Transformer, TransformerConfig, data
    from .zoo import names as models

__version__ = "0.1.0"

# Fetched at first use: nnsight, transformers and the widgets take seconds to import.
_LATER = {
    "AttentionView": "widgets.attention.widget",
    "Generation": "model.run",
    "Model": "model.model",
    "Run": "model.run",
    "Transformer": "zoo.transformer",
    "TransformerConfig": "zoo.transformer",
    "attention": "analysis.attention",
    "data": "zoo.data",
    "head_scores": "analysis.head_scores",
    "link": "widgets._shared.link",
    "load": "model.load",
    "loss_per_token": "analysis.loss",
    "models": "zoo.models",
    "repeat_accuracy": "analysis.repeats",
    "repeated_tokens": "analysis.repeats",
}
_OTHER_NAME = {"models": "names"}

__all__ = [
    "Array",
    "AttentionView",
    "Generation",
    "Intervention",
    "MIError",
    "Model",
    "PromptPair",
    "Result",
    "Run",
    "Stack",
    "Transformer",
    "TransformerConfig",
    "ablate",
    "attention",
    "data",
    "errors",
    "head_scores",
    "link",
    "load",
    "load_result",
    "loss_per_token",
    "models",
    "patch",
    "repeat_accuracy",
    "repeated_tokens",
    "scale",
    "sites",
    "stack",
    "steer",
]

register("attention", view="mi_widgets.widgets.attention.widget:AttentionView")
register("*", plot="mi_widgets.widgets.figures:plot")


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module 'mi_widgets' has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_LATER[name]}"), _OTHER_NAME.get(name, name))
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
