"""Pairs that were run: what every analysis of pairs begins with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from torch import Tensor

from mi_widgets.core.prompts import PromptPair
from mi_widgets.core.sites import Site
from mi_widgets.model.model import Model
from mi_widgets.model.run import Run

from .metrics import PairMetric, measured
from .pairs import Answers, Pairs, answers_of, check_lengths, check_one_length, listed


@dataclass(frozen=True)
class Comparison:
    """What is asked of some prompts, and by which metric.

    Attributes:
        answers: theirs, with the clean logits.
        metric: what compares them.
    """

    answers: Answers
    metric: PairMetric

    def measure(self, logits: Float[Tensor, "batch d_vocab"]) -> Float[Tensor, " batch"]:
        """The metric of some logits after these prompts."""
        return measured(self.metric, logits, self.answers)


@dataclass(frozen=True)
class PairRuns:
    """Some pairs, run.

    Attributes:
        pairs: which.
        comparison: of them.
        clean: the run of the clean prompts.
        corrupted: the run of the others.
    """

    pairs: Sequence[PromptPair]
    comparison: Comparison
    clean: Run
    corrupted: Run

    @classmethod
    def of(
        cls,
        model: Model,
        pairs: Sequence[PromptPair],
        metric: PairMetric,
        *,
        keep: Sequence[Site] = (),
        keep_corrupted: Sequence[Site] = (),
        grad: bool = False,
    ) -> PairRuns:
        """Run them.

        Args:
            model: under whatever interventions are active.
            pairs: of equal lengths each (see `valid_pairs`).
            metric: of logits and answers.
            keep: what to keep of the clean run.
            keep_corrupted: what to keep of the other.
            grad: whether the corrupted run keeps its graph.
        """
        clean, comparison = run_clean(model, pairs, metric, keep=keep)
        corrupted = model.run([pair.corrupted for pair in pairs], keep=keep_corrupted, grad=grad)
        return cls(pairs, comparison, clean, corrupted)

    @property
    def ends(self) -> tuple[np.ndarray, np.ndarray]:
        """The metric of the clean prompts and of the corrupted ones."""
        measure = self.comparison.measure
        return numbers(measure(self.clean.last_logits)), numbers(measure(self.corrupted.last_logits))


def run_clean(
    model: Model, pairs: Sequence[PromptPair], metric: PairMetric, *, keep: Sequence[Site] = ()
) -> tuple[Run, Comparison]:
    """The clean prompts alone, run, and what is asked of them."""
    run = model.run([pair.clean for pair in pairs], keep=keep)
    found = answers_of(model, [pair.answers for pair in pairs])
    return run, Comparison(Answers(found.right, found.wrong, run.last_logits), metric)


def valid_pairs(
    model: Model, pairs: Pairs, *, by_position: bool = False, exchanged: bool = True
) -> tuple[PromptPair, ...]:
    """Pairs that can be measured.

    Args:
        model: whose tokenizer counts.
        pairs: one or several.
        by_position: whether positions are an axis: then all pairs have one length.
        exchanged: whether activations of one prompt go into the other: then both have one length.

    Raises:
        PromptError: prompts that the model cannot take, or of lengths that do not fit; an answer that is not one token.
    """
    several = listed(pairs)
    answers_of(model, [pair.answers for pair in several])
    clean = [model.tokenize(pair.clean).tokens[0] for pair in several]
    corrupted = [model.tokenize(pair.corrupted).tokens[0] for pair in several]
    if exchanged:
        check_lengths(clean, corrupted)
    if by_position:
        check_one_length(clean)
    return several


def numbers(x: Tensor) -> np.ndarray:
    """A tensor as numpy has it."""
    return x.detach().float().cpu().numpy()
