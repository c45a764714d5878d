"""mi_widgets: an MRI for language models, inside a notebook.

import mi_widgets as mi
from mi_widgets import sites as at
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .core import errors, sites
from .core.ablation import ablate
from .core.arrays import Array
from .core.edits import apply, project_out, replace, scale, steer
from .core.errors import MIError
from .core.interventions import Intervention, Stack, stack
from .core.patching import freeze_pattern, patch
from .core.prompts import PromptPair
from .core.result_files import load_result
from .core.results import Result, register

if TYPE_CHECKING:
    from .analysis.attention import attention
    from .analysis.composition import composition_scores
    from .analysis.copying import copying_score
    from .analysis.direct_logit_attribution import direct_logit_attribution
    from .analysis.faithfulness import faithfulness
    from .analysis.fourier.basis import fourier_basis, fourier_norms
    from .analysis.fourier.logits import frequency_ablation, key_frequencies, logit_trig_fit
    from .analysis.fourier.neuron_logit_map import neuron_logit_map
    from .analysis.fourier.neurons import neuron_frequencies
    from .analysis.fourier.progress import progress_measures
    from .analysis.fourier.spectrum import fourier_spectrum, without_frequency
    from .analysis.head_scores import head_scores
    from .analysis.in_context import in_context_learning_score
    from .analysis.knock_outs import knock_outs
    from .analysis.logit_lens import logit_lens
    from .analysis.loss import loss_per_token
    from .analysis.means import knock_out, mean_activations
    from .analysis.metrics import kl, logit_diff, probability, rank
    from .analysis.over_checkpoints import over_checkpoints
    from .analysis.patching.activation import activation_patching
    from .analysis.patching.attribution import attribution_patching
    from .analysis.patching.path import path_patching
    from .analysis.repeats import repeat_accuracy, repeated_tokens
    from .lab.fourier import FourierPanel
    from .lab.patching import PatchingPanel
    from .model.load import load
    from .model.model import Model
    from .model.run import Generation, Run
    from .widgets._shared.link import link
    from .widgets.attention.widget import AttentionView
    from .widgets.attribution.widget import AttributionView
    from .widgets.fourier.widget import FourierView
    from .widgets.heat_map.widget import HeatmapView
    from .widgets.logit_lens.widget import LogitLensView
    from .widgets.patching.widget import PatchingView
    from .widgets.tokens.widget import TokensView
    from .widgets.training.widget import TrainingView
    from .widgets.trust.widget import TrustView
    from .zoo import Transformer, TransformerConfig, checkpoints, data, modular_sums
    from .zoo import names as models

__version__ = "0.1.0"

# Fetched at first use: nnsight, transformers and the widgets take seconds to import.
_LATER = {
    "AttentionView": "widgets.attention.widget",
    "AttributionView": "widgets.attribution.widget",
    "FourierPanel": "lab.fourier",
    "FourierView": "widgets.fourier.widget",
    "Generation": "model.run",
    "HeatmapView": "widgets.heat_map.widget",
    "LogitLensView": "widgets.logit_lens.widget",
    "Model": "model.model",
    "PatchingPanel": "lab.patching",
    "PatchingView": "widgets.patching.widget",
    "Run": "model.run",
    "TokensView": "widgets.tokens.widget",
    "TrainingView": "widgets.training.widget",
    "Transformer": "zoo.transformer",
    "TransformerConfig": "zoo.transformer",
    "TrustView": "widgets.trust.widget",
    "activation_patching": "analysis.patching.activation",
    "attention": "analysis.attention",
    "attribution_patching": "analysis.patching.attribution",
    "checkpoints": "zoo.models",
    "composition_scores": "analysis.composition",
    "copying_score": "analysis.copying",
    "data": "zoo.data",
    "direct_logit_attribution": "analysis.direct_logit_attribution",
    "faithfulness": "analysis.faithfulness",
    "fourier_basis": "analysis.fourier.basis",
    "fourier_norms": "analysis.fourier.basis",
    "fourier_spectrum": "analysis.fourier.spectrum",
    "frequency_ablation": "analysis.fourier.logits",
    "head_scores": "analysis.head_scores",
    "in_context_learning_score": "analysis.in_context",
    "key_frequencies": "analysis.fourier.logits",
    "kl": "analysis.metrics",
    "knock_out": "analysis.means",
    "knock_outs": "analysis.knock_outs",
    "link": "widgets._shared.link",
    "load": "model.load",
    "logit_diff": "analysis.metrics",
    "logit_lens": "analysis.logit_lens",
    "logit_trig_fit": "analysis.fourier.logits",
    "loss_per_token": "analysis.loss",
    "mean_activations": "analysis.means",
    "models": "zoo.models",
    "modular_sums": "zoo.modular_addition",
    "neuron_frequencies": "analysis.fourier.neurons",
    "neuron_logit_map": "analysis.fourier.neuron_logit_map",
    "over_checkpoints": "analysis.over_checkpoints",
    "path_patching": "analysis.patching.path",
    "probability": "analysis.metrics",
    "progress_measures": "analysis.fourier.progress",
    "rank": "analysis.metrics",
    "repeat_accuracy": "analysis.repeats",
    "repeated_tokens": "analysis.repeats",
    "without_frequency": "analysis.fourier.spectrum",
}
_OTHER_NAME = {"models": "names"}

__all__ = [
    "Array",
    "AttentionView",
    "AttributionView",
    "FourierPanel",
    "FourierView",
    "Generation",
    "HeatmapView",
    "Intervention",
    "LogitLensView",
    "MIError",
    "Model",
    "PatchingPanel",
    "PatchingView",
    "PromptPair",
    "Result",
    "Run",
    "Stack",
    "TokensView",
    "TrainingView",
    "Transformer",
    "TransformerConfig",
    "TrustView",
    "ablate",
    "activation_patching",
    "apply",
    "attention",
    "attribution_patching",
    "checkpoints",
    "composition_scores",
    "copying_score",
    "data",
    "direct_logit_attribution",
    "errors",
    "faithfulness",
    "fourier_basis",
    "fourier_norms",
    "fourier_spectrum",
    "freeze_pattern",
    "frequency_ablation",
    "head_scores",
    "in_context_learning_score",
    "key_frequencies",
    "kl",
    "knock_out",
    "knock_outs",
    "link",
    "load",
    "load_result",
    "logit_diff",
    "logit_lens",
    "logit_trig_fit",
    "loss_per_token",
    "mean_activations",
    "models",
    "modular_sums",
    "neuron_frequencies",
    "neuron_logit_map",
    "over_checkpoints",
    "patch",
    "path_patching",
    "probability",
    "progress_measures",
    "project_out",
    "rank",
    "repeat_accuracy",
    "repeated_tokens",
    "replace",
    "scale",
    "sites",
    "stack",
    "steer",
    "without_frequency",
]

register("attention", view="mi_widgets.widgets.attention.widget:AttentionView")
for _kind in ("composition_scores", "copying_score", "head_scores", "sweep"):
    register(_kind, view="mi_widgets.widgets.heat_map.widget:HeatmapView")
for _kind in ("activation_patching", "attribution_patching", "knock_outs", "path_patching"):
    register(_kind, view="mi_widgets.widgets.patching.widget:PatchingView")
register("direct_logit_attribution", view="mi_widgets.widgets.attribution.widget:AttributionView")
register("fourier_spectrum", view="mi_widgets.widgets.fourier.widget:FourierView")
register("logit_lens", view="mi_widgets.widgets.logit_lens.widget:LogitLensView")
register("loss_per_token", view="mi_widgets.widgets.tokens.widget:TokensView")
register("trust", view="mi_widgets.widgets.trust.widget:TrustView")
register("*", plot="mi_widgets.widgets.figures:plot")


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module 'mi_widgets' has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_LATER[name]}"), _OTHER_NAME.get(name, name))
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
