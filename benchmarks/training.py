"""A training step of modadd-113 by its exact fast forward, beside the same step by the module's own forward.

python -m benchmarks.training 21     # rounds; the last line that it prints is the seconds of both, as JSON
"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from benchmarks.model_worker import Times, interleaved
from benchmarks.process import last_line_of
from benchmarks.rows import Multiple, MultipleRow
from mi_widgets.training.modular_addition import ModularAdditionRecipe
from mi_widgets.training.modular_addition.train import last_logits, learning, loss_of
from mi_widgets.training.recipes import RECIPES
from mi_widgets.zoo.transformer import Transformer

ROUNDS = 21
BAR = 1 / 3
OURS, PLAIN = "mi_widgets", "plain"
TASK = "a training step of modadd-113, on one thread"
AGAINST = "the same step by the network's own forward"


def rows() -> Iterator[MultipleRow]:
    """One row."""
    times: Times = last_line_of(__name__, str(ROUNDS))
    ratios = [a / b for a, b in zip(times[OURS], times[PLAIN], strict=True)]
    yield MultipleRow(TASK, AGAINST, statistics.median(times[PLAIN]), Multiple(OURS, ratios), bar=BAR)


def main(rounds: int) -> Times:
    """The seconds of both, in turns."""
    torch.set_num_threads(1)  # as in training
    recipe = RECIPES["modadd-113"]
    assert isinstance(recipe, ModularAdditionRecipe)
    return interleaved(
        {OURS: _step(recipe, last_logits), PLAIN: _step(recipe, lambda module, ids: module(ids)[:, -1])},
        rounds,
    )


def _step(
    recipe: ModularAdditionRecipe, forward: Callable[[Transformer, Tensor], Tensor]
) -> Callable[[], None]:
    module, sums = Transformer(recipe.config, seed=0), recipe.learned(0)
    optimizer = torch.optim.AdamW(
        learning(module), lr=recipe.lr, weight_decay=recipe.weight_decay, foreach=True
    )

    def step() -> None:
        loss = loss_of(forward(module, sums.ids), sums.answers)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]))))
