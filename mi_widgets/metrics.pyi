"""What is measured at the end of a pair of prompts."""

from .analysis.metrics import kl as kl
from .analysis.metrics import logit_diff as logit_diff
from .analysis.metrics import probability as probability
from .analysis.metrics import rank as rank

__all__ = ["kl", "logit_diff", "probability", "rank"]
