"""What draws which kind of Result, as import paths: this room knows no picture."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

# kind -> "module:class"; "*" stands for every other kind.
VIEWS = {
    "activation_patching": "mi_widgets.widgets.patching.widget:PatchingView",
    "attention": "mi_widgets.widgets.attention.widget:AttentionView",
    "attribution_patching": "mi_widgets.widgets.patching.widget:PatchingView",
    "composition_scores": "mi_widgets.widgets.heat_map.widget:HeatmapView",
    "copying_scores": "mi_widgets.widgets.heat_map.widget:HeatmapView",
    "direct_logit_attribution": "mi_widgets.widgets.attribution.widget:AttributionView",
    "feature_geometry": "mi_widgets.widgets.superposition.widget:SuperpositionView",
    "dashboards": "mi_widgets.widgets.dashboards.widget:DashboardView",
    "fourier_spectrum": "mi_widgets.widgets.fourier.widget:FourierView",
    "head_scores": "mi_widgets.widgets.heat_map.widget:HeatmapView",
    "interference": "mi_widgets.widgets.heat_map.widget:HeatmapView",
    "ablation_effects": "mi_widgets.widgets.patching.widget:PatchingView",
    "latents": "mi_widgets.widgets.latents.widget:LatentsView",
    "logit_lens": "mi_widgets.widgets.logit_lens.widget:LogitLensView",
    "loss_per_token": "mi_widgets.widgets.tokens.widget:TokensView",
    "numbers": "mi_widgets.widgets.heat_map.widget:HeatmapView",
    "path_patching": "mi_widgets.widgets.patching.widget:PatchingView",
    "sae_evaluation": "mi_widgets.widgets.heat_map.widget:HeatmapView",
    "sae_training": "mi_widgets.widgets.training.widget:TrainingView",
    "steering_effect": "mi_widgets.widgets.steering.widget:SteeringView",
    "sweep": "mi_widgets.widgets.heat_map.widget:HeatmapView",
    "trust": "mi_widgets.widgets.trust.widget:TrustView",
}
PLOTS = {"*": "mi_widgets.widgets.figures.plot:plot"}


def drawn_by(table: Mapping[str, str], kind: str) -> Any:
    """What draws a kind of Result, imported now; None where nothing does.

    Args:
        table: `VIEWS` or `PLOTS`.
        kind: of the Result.
    """
    path = table.get(kind, table.get("*"))
    if path is None:
        return None
    module, name = path.split(":")
    return getattr(import_module(module), name)
