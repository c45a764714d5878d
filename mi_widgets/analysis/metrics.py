"""How well a model answers: numbers made of the logits after each prompt and of the two answers.

A metric of your own is a function of the same two arguments:
`lambda logits, answers: logits[:, 7] - logits.logsumexp(-1)`. By hand a metric takes the token ids of the answers:
`mi.metrics.logit_diff(run.last_logits, (right, wrong))`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from mi_widgets.core.argument_types import checked
from mi_widgets.core.errors import MetricError
from mi_widgets.model.sweep import called_with

from .pairs import Answers

AnswerIds = Answers | tuple[Any, Any] | Tensor | np.ndarray  # (right, wrong): one token each, or one a prompt
PairMetric = Callable[[Tensor, Answers], Tensor]
Logits = Float[Tensor, "batch d_vocab"]
PerPrompt = Float[Tensor, " batch"]

UNITS = {"logit_diff": "nats", "probability": "probability", "rank": "rank", "kl": "nats"}


@checked
def logit_diff(logits: Logits, answers: AnswerIds) -> PerPrompt:
    """The logit of the right answer less that of the wrong one: in nats, positive where the right one leads.

    Args:
        logits: after each prompt, as `run.last_logits`; numpy's too.
        answers: the token ids (right, wrong), each a number or one a prompt; an analysis of pairs gives them itself.

    Source: Wang et al. 2022 (arXiv:2211.00593), section 2.
    """
    logits, answers = _given("logit_diff", logits, answers)
    logits = logits.float()  # in half precision near numbers are one
    return _at(logits, answers.right) - _at(logits, answers.wrong)


@checked
def probability(logits: Logits, answers: AnswerIds) -> PerPrompt:
    """The probability of the right answer, from 0 to 1.

    Args:
        logits, answers: as in `mi.metrics.logit_diff`.
    """
    logits, answers = _given("probability", logits, answers)
    return _at(logits.float().softmax(-1), answers.right)


@checked
def rank(logits: Logits, answers: AnswerIds) -> PerPrompt:
    """How many tokens are likelier than the right answer: 0 where it leads.

    Args:
        logits, answers: as in `mi.metrics.logit_diff`.
    """
    logits, answers = _given("rank", logits, answers)
    return (logits > _at(logits, answers.right)[:, None]).sum(-1).float()


@checked
def kl(logits: Logits, answers: AnswerIds) -> PerPrompt:
    """How far the distribution is from that after the clean prompt: KL(clean, this one) in nats, 0 where they agree.

    Raises:
        MetricError: there was no clean run to compare with.
    """
    logits, answers = _given("kl", logits, answers)
    if answers.clean is None:
        raise MetricError(
            "mi.metrics.kl compares with the logits after the clean prompts, which an analysis of pairs has: "
            "metric=mi.metrics.kl. By hand give two log-softmaxes to torch.nn.functional.kl_div."
        )
    clean = answers.clean.to(logits).float().log_softmax(-1)
    return (clean.exp() * (clean - logits.float().log_softmax(-1))).sum(-1)


def _given(metric: str, logits: Any, given: AnswerIds) -> tuple[Logits, Answers]:
    """What an analysis gives; or logits of any make and the token ids that a user gives by hand, for every prompt.

    Raises:
        MetricError: logits of another shape, or no two ids of their tokens for each prompt.
    """
    if isinstance(given, Answers):
        return logits, given
    logits = torch.as_tensor(logits)
    if logits.ndim != 2:
        raise MetricError(
            f"mi.metrics.{metric}: logits have the shape (batch, d_vocab), as run.last_logits; "
            f"got {tuple(logits.shape)}."
        )
    both: list[Tensor] = []
    two = given.tolist() if isinstance(given, (Tensor, np.ndarray)) else given
    for ids in two if isinstance(two, (tuple, list)) and len(two) == 2 else ():
        try:
            found = torch.as_tensor(ids)
        except (TypeError, ValueError, RuntimeError):
            break
        whole = not (found.is_floating_point() or found.is_complex() or found.dtype == torch.bool)
        if whole and found.shape in ((), (len(logits),)) and ((found >= 0) & (found < logits.shape[1])).all():
            both.append(found.long().expand(len(logits)))
    if len(both) < 2:
        raise MetricError(
            f"mi.metrics.{metric}: answers are two token ids (right, wrong) from 0 to {logits.shape[1] - 1}, each a "
            f"number or one for each of the {len(logits)} prompts, as in (17, 4); got {given!r:.80}."
        )
    return logits, Answers(both[0], both[1])


def measured(metric: PairMetric, logits: Logits, answers: Answers) -> PerPrompt:
    """What a metric says, checked.

    Raises:
        MetricError: it takes other arguments, or does not return one number a prompt.
    """
    return called_with(
        "metric=lambda logits, answers: logits[:, 7]", metric, logits, answers.to(logits.device)
    )


def unit_of(metric: PairMetric) -> str:
    """The unit of a metric."""
    ours = getattr(metric, "__module__", "") == __name__
    return UNITS.get(getattr(metric, "__name__", ""), _OWN) if ours else _OWN


_OWN = "the metric's own"


def _at(x: Logits, ids: Tensor) -> PerPrompt:
    return x[torch.arange(len(x), device=x.device), ids.to(x.device)]
