"""Pairs that were run: what every analysis of pairs begins with, and how its Result is made again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from mi_widgets.core.prompts import PromptPair
from mi_widgets.core.results import Provenance, Result
from mi_widgets.core.sites import Site
from mi_widgets.model.model import Model
from mi_widgets.model.run import Run

from .metrics import PairMetric, measured, name_of
from .pairs import Answers, Pairs, answers_of, check_lengths, check_one_length, listed


@dataclass(frozen=True)
class Both:
    """Some pairs, run: clean and corrupted, with the metric of each.

    Attributes:
        pairs: which.
        answers: theirs, with the clean logits.
        clean: the run of the clean prompts.
        corrupted: the run of the others.
        metric: what compares them.
    """

    pairs: Sequence[PromptPair]
    answers: Answers
    clean: Run
    corrupted: Run
    metric: PairMetric

    @classmethod
    def of(
        cls,
        model: Model,
        pairs: Sequence[PromptPair],
        metric: PairMetric,
        *,
        keep: Sequence[Site] = (),
        grad: bool = False,
    ) -> Both:
        """Run them.

        Args:
            model: under whatever interventions are active.
            pairs: of equal lengths each (see `checked`).
            metric: of logits and answers.
            keep: what to keep of both runs.
            grad: whether the corrupted run keeps its graph.
        """
        clean = model.run([pair.clean for pair in pairs], keep=keep)
        corrupted = model.run([pair.corrupted for pair in pairs], keep=keep, grad=grad)
        found = answers_of(model, [pair.answers for pair in pairs])
        return cls(pairs, Answers(found.right, found.wrong, last(clean)), clean, corrupted, metric)

    def measure(self, logits: Float[Tensor, "batch d_vocab"]) -> Float[Tensor, " batch"]:
        """The metric of some logits after these prompts."""
        return measured(self.metric, logits, self.answers)

    @property
    def ends(self) -> tuple[np.ndarray, np.ndarray]:
        """The metric of the clean prompts and of the corrupted ones."""
        return numbers(self.measure(last(self.clean))), numbers(self.measure(last(self.corrupted)))


def checked(model: Model, pairs: Pairs, *, by_position: bool) -> tuple[PromptPair, ...]:
    """Pairs that can be patched.

    Raises:
        PromptError: two prompts of a pair differ in length, an answer is not one token, or positions are asked for and
            pairs differ in length.
    """
    several = listed(pairs)
    answers_of(model, [pair.answers for pair in several])
    check_lengths(model, several)
    if by_position:
        check_one_length(model, several)
    return several


def last(run: Run) -> Float[Tensor, "batch d_vocab"]:
    """The logits after each prompt."""
    return run.logits[torch.arange(len(run.ids)), run.tokenized.last.to(run.logits.device)]


def numbers(x: Tensor) -> np.ndarray:
    """A tensor as numpy has it."""
    return x.detach().float().cpu().numpy()


def provenance(
    model: Model,
    function: str,
    arguments: Sequence[str],
    metric: PairMetric,
    *,
    sites: Sequence[str],
    means: Result | None = None,
) -> Provenance:
    """How it is made again; a metric of the user's is named, and the reader is told to bring it.

    Args:
        model: of which it was made.
        function: its public name.
        arguments: of it, as code, after the model.
        metric: the user's choice.
        sites: the names of the sites that were read.
        means: where they were given.
    """
    metric_name, before = name_of(metric), []
    options = [*arguments, *([] if metric_name == "mi.logit_diff" else [f"metric={metric_name}"])]
    if means is not None:
        before.append(f"means = {means.provenance.call}")
        options.append("means=means")
    if metric_name == "metric":
        before.append("metric = ...  # bring yours: from logits (batch, d_vocab) and answers to (batch,)")
    made = model.provenance(f"mi.{function}({', '.join(['model', *options])})", sites=sites)
    return replace(made, run="\n".join(before))


def as_code(pairs: Pairs) -> str:
    """Pairs as Python."""
    return repr(pairs if isinstance(pairs, PromptPair) else list(pairs))
