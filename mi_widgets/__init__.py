"""mi_widgets: an MRI for language models, inside a notebook.

import mi_widgets as mi
from mi_widgets import sites as at
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .analysis.attention import attention
    from .analysis.composition import composition_scores
    from .analysis.copying import copying_score
    from .analysis.dictionaries.evaluate import evaluate_sae
    from .analysis.dictionaries.features import features
    from .analysis.dictionaries.latents import latents
    from .analysis.direct_logit_attribution import direct_logit_attribution
    from .analysis.directions.effect import steering_effect
    from .analysis.directions.erase import erase
    from .analysis.directions.mean_difference import mean_difference
    from .analysis.directions.principal_component import principal_component
    from .analysis.directions.probe import probe
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
    from .analysis.superposition.dimensions import dimensions_per_feature
    from .analysis.superposition.geometry import feature_geometry
    from .analysis.superposition.interference import interference
    from .core import errors as errors
    from .core import sites as sites
    from .core.ablation import ablate
    from .core.arrays import Array
    from .core.directions import Direction, Probe, random_direction
    from .core.edits import apply, project_out, replace, scale, steer
    from .core.errors import MIError
    from .core.interventions import Intervention, Stack, stack
    from .core.patching import freeze_pattern, patch
    from .core.prompts import Mark, PromptPair
    from .core.result_files import load_result
    from .core.results import Result
    from .core.sae import SAE
    from .core.sae_files import save_sae
    from .lab.features import FeaturePanel
    from .lab.fourier import FourierPanel
    from .lab.patching import PatchingPanel
    from .lab.steering.panel import SteeringPanel
    from .model.dictionaries import load_sae
    from .model.load import load
    from .model.model import Model
    from .model.run import Generation, Run
    from .training.sae.train import train_sae
    from .training.superposition.train import train_superposition
    from .widgets._shared.link import link
    from .widgets.attention.widget import AttentionView
    from .widgets.attribution.widget import AttributionView
    from .widgets.features.widget import FeatureView
    from .widgets.fourier.widget import FourierView
    from .widgets.heat_map.widget import HeatmapView
    from .widgets.latents.widget import LatentsView
    from .widgets.logit_lens.widget import LogitLensView
    from .widgets.patching.widget import PatchingView
    from .widgets.steering.widget import SteeringView
    from .widgets.superposition.widget import SuperpositionView
    from .widgets.tokens.widget import TokensView
    from .widgets.training.widget import TrainingView
    from .widgets.trust.widget import TrustView
    from .zoo import Transformer, TransformerConfig, checkpoints, data, modular_sums
    from .zoo import names as models
    from .zoo.atlas.marks import marks
    from .zoo.superposition import ToyModel, superposition

__version__ = "0.1.0"

# Everything is fetched at first use: torch, nnsight, transformers and the widgets take seconds to import, and a Jupyter
# server that loads `mi_widgets.server` needs none of them.
_LATER = {
    "Array": "core.arrays",
    "AttentionView": "widgets.attention.widget",
    "AttributionView": "widgets.attribution.widget",
    "Direction": "core.directions",
    "FeaturePanel": "lab.features",
    "FeatureView": "widgets.features.widget",
    "FourierPanel": "lab.fourier",
    "FourierView": "widgets.fourier.widget",
    "Generation": "model.run",
    "HeatmapView": "widgets.heat_map.widget",
    "Intervention": "core.interventions",
    "LatentsView": "widgets.latents.widget",
    "LogitLensView": "widgets.logit_lens.widget",
    "MIError": "core.errors",
    "Mark": "core.prompts",
    "Model": "model.model",
    "PatchingPanel": "lab.patching",
    "PatchingView": "widgets.patching.widget",
    "Probe": "core.directions",
    "PromptPair": "core.prompts",
    "Result": "core.results",
    "Run": "model.run",
    "SAE": "core.sae",
    "SteeringPanel": "lab.steering.panel",
    "SteeringView": "widgets.steering.widget",
    "Stack": "core.interventions",
    "SuperpositionView": "widgets.superposition.widget",
    "TokensView": "widgets.tokens.widget",
    "ToyModel": "zoo.superposition",
    "TrainingView": "widgets.training.widget",
    "Transformer": "zoo.transformer",
    "TransformerConfig": "zoo.transformer",
    "TrustView": "widgets.trust.widget",
    "ablate": "core.ablation",
    "activation_patching": "analysis.patching.activation",
    "apply": "core.edits",
    "attention": "analysis.attention",
    "attribution_patching": "analysis.patching.attribution",
    "checkpoints": "zoo.models",
    "composition_scores": "analysis.composition",
    "copying_score": "analysis.copying",
    "data": "zoo.data",
    "dimensions_per_feature": "analysis.superposition.dimensions",
    "direct_logit_attribution": "analysis.direct_logit_attribution",
    "erase": "analysis.directions.erase",
    "errors": "core.errors",
    "evaluate_sae": "analysis.dictionaries.evaluate",
    "faithfulness": "analysis.faithfulness",
    "feature_geometry": "analysis.superposition.geometry",
    "features": "analysis.dictionaries.features",
    "fourier_basis": "analysis.fourier.basis",
    "fourier_norms": "analysis.fourier.basis",
    "fourier_spectrum": "analysis.fourier.spectrum",
    "freeze_pattern": "core.patching",
    "frequency_ablation": "analysis.fourier.logits",
    "head_scores": "analysis.head_scores",
    "in_context_learning_score": "analysis.in_context",
    "interference": "analysis.superposition.interference",
    "key_frequencies": "analysis.fourier.logits",
    "kl": "analysis.metrics",
    "knock_out": "analysis.means",
    "knock_outs": "analysis.knock_outs",
    "latents": "analysis.dictionaries.latents",
    "link": "widgets._shared.link",
    "load": "model.load",
    "load_result": "core.result_files",
    "load_sae": "model.dictionaries",
    "logit_diff": "analysis.metrics",
    "logit_lens": "analysis.logit_lens",
    "logit_trig_fit": "analysis.fourier.logits",
    "loss_per_token": "analysis.loss",
    "marks": "zoo.atlas.marks",
    "mean_activations": "analysis.means",
    "mean_difference": "analysis.directions.mean_difference",
    "models": "zoo.models",
    "modular_sums": "zoo.modular_addition",
    "neuron_frequencies": "analysis.fourier.neurons",
    "neuron_logit_map": "analysis.fourier.neuron_logit_map",
    "over_checkpoints": "analysis.over_checkpoints",
    "patch": "core.patching",
    "path_patching": "analysis.patching.path",
    "principal_component": "analysis.directions.principal_component",
    "probability": "analysis.metrics",
    "probe": "analysis.directions.probe",
    "progress_measures": "analysis.fourier.progress",
    "project_out": "core.edits",
    "random_direction": "core.directions",
    "rank": "analysis.metrics",
    "repeat_accuracy": "analysis.repeats",
    "repeated_tokens": "analysis.repeats",
    "replace": "core.edits",
    "save_sae": "core.sae_files",
    "scale": "core.edits",
    "sites": "core.sites",
    "stack": "core.interventions",
    "steer": "core.edits",
    "steering_effect": "analysis.directions.effect",
    "superposition": "zoo.superposition",
    "train_sae": "training.sae.train",
    "train_superposition": "training.superposition.train",
    "without_frequency": "analysis.fourier.spectrum",
}
_OTHER_NAME = {"models": "names"}
_MODULES = ("errors", "sites")

__all__ = [
    "SAE",
    "Array",
    "AttentionView",
    "AttributionView",
    "Direction",
    "FeaturePanel",
    "FeatureView",
    "FourierPanel",
    "FourierView",
    "Generation",
    "HeatmapView",
    "Intervention",
    "LatentsView",
    "LogitLensView",
    "MIError",
    "Mark",
    "Model",
    "PatchingPanel",
    "PatchingView",
    "Probe",
    "PromptPair",
    "Result",
    "Run",
    "Stack",
    "SteeringPanel",
    "SteeringView",
    "SuperpositionView",
    "TokensView",
    "ToyModel",
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
    "dimensions_per_feature",
    "direct_logit_attribution",
    "erase",
    "errors",
    "evaluate_sae",
    "faithfulness",
    "feature_geometry",
    "features",
    "fourier_basis",
    "fourier_norms",
    "fourier_spectrum",
    "freeze_pattern",
    "frequency_ablation",
    "head_scores",
    "in_context_learning_score",
    "interference",
    "key_frequencies",
    "kl",
    "knock_out",
    "knock_outs",
    "latents",
    "link",
    "load",
    "load_result",
    "load_sae",
    "logit_diff",
    "logit_lens",
    "logit_trig_fit",
    "loss_per_token",
    "marks",
    "mean_activations",
    "mean_difference",
    "models",
    "modular_sums",
    "neuron_frequencies",
    "neuron_logit_map",
    "over_checkpoints",
    "patch",
    "path_patching",
    "principal_component",
    "probability",
    "probe",
    "progress_measures",
    "project_out",
    "random_direction",
    "rank",
    "repeat_accuracy",
    "repeated_tokens",
    "replace",
    "save_sae",
    "scale",
    "sites",
    "stack",
    "steer",
    "steering_effect",
    "superposition",
    "train_sae",
    "train_superposition",
    "without_frequency",
]


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module 'mi_widgets' has no attribute {name!r}")
    module = import_module(f"{__name__}.{_LATER[name]}")
    value = module if name in _MODULES else getattr(module, _OTHER_NAME.get(name, name))
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
