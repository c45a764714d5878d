"""Widgets draw Results and report gestures as values; they never run a model."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .attention.widget import AttentionView as AttentionView
    from .attribution.widget import AttributionView as AttributionView
    from .features.widget import FeatureView as FeatureView
    from .fourier.widget import FourierView as FourierView
    from .heat_map.widget import HeatmapView as HeatmapView
    from .latents.widget import LatentsView as LatentsView
    from .logit_lens.widget import LogitLensView as LogitLensView
    from .patching.widget import PatchingView as PatchingView
    from .steering.widget import SteeringView as SteeringView
    from .tokens.widget import TokensView as TokensView
    from .training.widget import TrainingView as TrainingView
    from .trust.widget import TrustView as TrustView

__all__ = [
    "AttentionView",
    "AttributionView",
    "FeatureView",
    "FourierView",
    "HeatmapView",
    "LatentsView",
    "LogitLensView",
    "PatchingView",
    "SteeringView",
    "TokensView",
    "TrainingView",
    "TrustView",
]

_HOMES = {
    "AttentionView": ".attention.widget",
    "AttributionView": ".attribution.widget",
    "FeatureView": ".features.widget",
    "FourierView": ".fourier.widget",
    "HeatmapView": ".heat_map.widget",
    "LatentsView": ".latents.widget",
    "LogitLensView": ".logit_lens.widget",
    "PatchingView": ".patching.widget",
    "SteeringView": ".steering.widget",
    "TokensView": ".tokens.widget",
    "TrainingView": ".training.widget",
    "TrustView": ".trust.widget",
}


def __getattr__(name: str) -> Any:
    # Imported when asked for: building the front end, or a script without pictures, needs no ipywidgets.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name], __name__), name)


def __dir__() -> list[str]:
    return sorted(__all__)
