"""The training loop of the induction models: seeded, interruptible, with a progress bar."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F
from tqdm.auto import tqdm

from mi_widgets.zoo.data import LONGEST_SPAN, data
from mi_widgets.zoo.transformer import Block, Transformer

if TYPE_CHECKING:
    from .recipe import InductionRecipe

_BATCHES_A_DRAW = 50


def batches(recipe: InductionRecipe, seed: int, steps: int) -> Iterator[Int[Tensor, "batch pos"]]:
    """The rows of every step. Each row is seen once.

    Args:
        recipe: whose texts.
        seed: of the texts.
        steps: how many batches.
    """
    for first in range(0, steps, _BATCHES_A_DRAW):
        count = min(_BATCHES_A_DRAW, steps - first)
        span = recipe.short_span if first < recipe.short_until else LONGEST_SPAN
        # A draw has a seed of its own, so that a row depends on neither batch size nor steps before it.
        rows = data(
            "induction", "train", n=count * recipe.batch, seed=seed * 100_003 + first, longest_span=span
        ).ids
        yield from rows.split(recipe.batch)


def learning_rate(recipe: InductionRecipe, step: int, steps: int) -> float:
    """Warm-up, plateau, then a straight line down to 3 % of the peak."""
    warm = min(1.0, (step + 1) / recipe.warm_up)
    left = (steps - step) / (steps * (1 - recipe.decay_from))
    return recipe.lr * warm * max(0.03, min(1.0, left))


def penalty_weight(recipe: InductionRecipe, step: int, steps: int) -> float:
    """What `head_penalty` weighs at a step: nothing, then a rise to the recipe's weight, then nothing."""
    if step > recipe.penalty_until * steps:
        return 0.0
    return recipe.head_penalty * min(1.0, max(0.0, (step - recipe.penalty_from) / recipe.penalty_ramp))


def loss_of(module: Transformer, ids: Int[Tensor, "batch pos"]) -> Float[Tensor, ""]:
    """The mean cross-entropy of the next token, in nats."""
    logits = module(ids)
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten())


def head_penalty(module: Transformer) -> Float[Tensor, ""]:
    """The sum over heads of the square root of the norm of `W_V W_O`.

    It costs less to have one strong head than two half as strong: a job that one head can do is done by
    one, and the heads without a job fade. A pressure of ours, for a circuit that can be read; the papers'
    models have none.
    """
    total = torch.zeros(())
    for block in module.blocks:
        attention = cast(Block, block).attn
        written = torch.einsum("hmd,hdn->hmn", attention.W_V, attention.W_O)
        total = total + ((written.square().sum((1, 2)) + 1e-4) ** 0.25).sum()
    return total


def train(recipe: InductionRecipe, *, seed: int, progress: bool) -> Iterator[tuple[int, Transformer]]:
    """See `Recipe.train`."""
    steps = recipe.steps
    module = Transformer(recipe.config, seed=seed)
    matrices = [p for name, p in module.named_parameters() if ".W_" in name]
    rest = [p for name, p in module.named_parameters() if ".W_" not in name]
    groups = [
        {"params": matrices, "weight_decay": recipe.weight_decay},
        {"params": rest, "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=recipe.lr, betas=(0.9, 0.98))
    yield 0, module
    bar = tqdm(batches(recipe, seed, steps), total=steps, desc=recipe.name, disable=not progress, unit="step")
    for step, ids in enumerate(bar):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(recipe, step, steps)
        loss = loss_of(module, ids)
        optimizer.zero_grad()
        (loss + penalty_weight(recipe, step, steps) * head_penalty(module)).backward()
        torch.nn.utils.clip_grad_norm_(module.parameters(), 1.0)
        optimizer.step()
        bar.set_postfix(loss=f"{loss.item():.3f}", refresh=False)
        yield step + 1, module
