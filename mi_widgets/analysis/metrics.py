"""How well a model answers: numbers made of the logits after each prompt and of the two answers.

A metric of your own is a function of the same two arguments:
`lambda logits, answers: logits[:, 7] - logits.logsumexp(-1)`.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from mi_widgets.core.argument_types import checked
from mi_widgets.core.errors import MetricError
from mi_widgets.model.sweep import one_a_prompt

from .pairs import Answers

PairMetric = Callable[[Tensor, Answers], Tensor]
Logits = Float[Tensor, "batch d_vocab"]
PerPrompt = Float[Tensor, " batch"]

UNITS = {"logit_diff": "nats", "probability": "probability", "rank": "rank", "kl": "nats"}


@checked
def logit_diff(logits: Logits, answers: Answers) -> PerPrompt:
    """The logit of the right answer less that of the wrong one: in nats, positive where the right one leads.

    Source: Wang et al. 2022 (arXiv:2211.00593), section 2.
    """
    logits = logits.float()  # in half precision near numbers are one
    return _at(logits, answers.right) - _at(logits, answers.wrong)


@checked
def probability(logits: Logits, answers: Answers) -> PerPrompt:
    """The probability of the right answer, from 0 to 1."""
    return _at(logits.float().softmax(-1), answers.right)


@checked
def rank(logits: Logits, answers: Answers) -> PerPrompt:
    """How many tokens are likelier than the right answer: 0 where it leads."""
    return (logits > _at(logits, answers.right)[:, None]).sum(-1).float()


@checked
def kl(logits: Logits, answers: Answers) -> PerPrompt:
    """How far the distribution is from that after the clean prompt: KL(clean, this one) in nats, 0 where they agree.

    Raises:
        MetricError: there was no clean run to compare with.
    """
    if answers.clean is None:
        raise MetricError("kl compares with the logits after the clean prompts: it needs pairs of prompts.")
    clean = answers.clean.to(logits).float().log_softmax(-1)
    return (clean.exp() * (clean - logits.float().log_softmax(-1))).sum(-1)


def measured(metric: PairMetric, logits: Logits, answers: Answers) -> PerPrompt:
    """What a metric says, checked.

    Raises:
        MetricError: it does not return one number a prompt.
    """
    found = metric(logits, answers.to(logits.device))
    return one_a_prompt(found, logits, "lambda logits, answers: logits[:, 7]")


def unit_of(metric: PairMetric) -> str:
    """The unit of a metric."""
    ours = getattr(metric, "__module__", "") == __name__
    return UNITS.get(getattr(metric, "__name__", ""), _OWN) if ours else _OWN


_OWN = "the metric's own"


def _at(x: Logits, ids: Tensor) -> PerPrompt:
    return x[torch.arange(len(x), device=x.device), ids.to(x.device)]
