"""What is measured at the end of a pair of prompts."""

from .analysis.metrics import kl, logit_diff, probability, rank

__all__ = ["kl", "logit_diff", "probability", "rank"]
