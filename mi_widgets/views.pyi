"""The widgets that draw Results."""

from .widgets._shared.link import link as link
from .widgets.attention.widget import AttentionView as AttentionView
from .widgets.attribution.widget import AttributionView as AttributionView
from .widgets.dashboards.widget import DashboardView as DashboardView
from .widgets.fourier.widget import FourierView as FourierView
from .widgets.heat_map.widget import HeatmapView as HeatmapView
from .widgets.latents.widget import LatentsView as LatentsView
from .widgets.logit_lens.widget import LogitLensView as LogitLensView
from .widgets.patching.widget import PatchingView as PatchingView
from .widgets.steering.widget import SteeringView as SteeringView
from .widgets.superposition.widget import SuperpositionView as SuperpositionView
from .widgets.tokens.widget import TokensView as TokensView
from .widgets.training.widget import TrainingView as TrainingView
from .widgets.trust.widget import TrustView as TrustView
