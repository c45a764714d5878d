"""The training loop of the induction models: seeded, interruptible, with a progress bar."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F
from tqdm.auto import tqdm

from mi_widgets.zoo.data import LONGEST_SPAN, data
from mi_widgets.zoo.transformer import Block, Transformer
from mi_widgets.zoo.transformer_config import TransformerConfig

_BATCHES_A_DRAW = 50


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """What a training depends on, but for the seed.

    Args:
        name: of the model it makes.
        config: its shape.
        steps: optimiser steps.
        batch_size: rows a step, half of them repeats and half documents.
        lr: peak learning rate of AdamW.
        weight_decay: on weight matrices.
        warm_up: steps of linear warm-up.
        decay_from: the share of the steps after which the rate falls linearly to 3 %.
        short_until: steps for which repeated spans have at most `short_span` words: they come round often,
            so that induction is worth learning early.
        short_span: see there.
        head_penalty: weight of the sparsity penalty on heads (see the function of this name).
        penalty_from: the step after which it is raised, over `penalty_ramp` steps, from 0 to its weight.
        penalty_ramp: see there.
        penalty_until: the share of the steps after which it is gone: heads that were given up stay so, and
            those at work are no longer held back.
    """

    name: str
    config: TransformerConfig
    steps: int
    batch_size: int = 32
    lr: float = 3e-3
    weight_decay: float = 0.01
    warm_up: int = 100
    decay_from: float = 0.6
    short_until: int = 400
    short_span: int = 12
    head_penalty: float = 0.1
    penalty_from: int = 300
    penalty_ramp: int = 200
    penalty_until: float = 0.6


def batches(schedule: Schedule, seed: int, steps: int) -> Iterator[Int[Tensor, "batch pos"]]:
    """The rows of every step. Each row is seen once.

    Args:
        schedule: whose texts.
        seed: of the texts.
        steps: how many batches.
    """
    for first in range(0, steps, _BATCHES_A_DRAW):
        count = min(_BATCHES_A_DRAW, steps - first)
        span = schedule.short_span if first < schedule.short_until else LONGEST_SPAN
        # A draw has a seed of its own, so that a row depends on neither batch size nor steps before it.
        rows = data(
            "induction",
            "train",
            n=count * schedule.batch_size,
            seed=seed * 100_003 + first,
            longest_span=span,
        ).ids
        yield from rows.split(schedule.batch_size)


def learning_rate(schedule: Schedule, step: int, steps: int) -> float:
    """Warm-up, plateau, then a straight line down to 3 % of the peak."""
    warm = min(1.0, (step + 1) / schedule.warm_up)
    left = (steps - step) / (steps * (1 - schedule.decay_from))
    return schedule.lr * warm * max(0.03, min(1.0, left))


def penalty_weight(schedule: Schedule, step: int, steps: int) -> float:
    """What `head_penalty` weighs at a step: nothing, then a rise to its weight, then nothing."""
    if step > schedule.penalty_until * steps:
        return 0.0
    return schedule.head_penalty * min(1.0, max(0.0, (step - schedule.penalty_from) / schedule.penalty_ramp))


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


def train(schedule: Schedule, *, seed: int, progress: bool) -> Iterator[tuple[int, Transformer]]:
    """See `Recipe.train`."""
    steps = schedule.steps
    module = Transformer(schedule.config, seed=seed)
    matrices = [p for name, p in module.named_parameters() if ".W_" in name]
    rest = [p for name, p in module.named_parameters() if ".W_" not in name]
    groups = [
        {"params": matrices, "weight_decay": schedule.weight_decay},
        {"params": rest, "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=schedule.lr, betas=(0.9, 0.98))
    yield 0, module
    bar = tqdm(
        batches(schedule, seed, steps), total=steps, desc=schedule.name, disable=not progress, unit="step"
    )
    for step, ids in enumerate(bar):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(schedule, step, steps)
        loss = loss_of(module, ids)
        optimizer.zero_grad()
        (loss + penalty_weight(schedule, step, steps) * head_penalty(module)).backward()
        torch.nn.utils.clip_grad_norm_(module.parameters(), 1.0)
        optimizer.step()
        bar.set_postfix(loss=f"{loss.item():.3f}", refresh=False)
        yield step + 1, module
