"""The training loop of the modular addition models, with a forward pass that computes the last position alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F
from tqdm.auto import tqdm

from mi_widgets.zoo.modular_addition import SHARE, P, Sums, modular_sums
from mi_widgets.zoo.transformer import Block, Transformer
from mi_widgets.zoo.transformer_config import TransformerConfig

_SAID_EVERY = 20  # steps between two figures on the bar


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """What a training depends on, but for the seed.

    Args:
        name: of the model it makes.
        config: its shape.
        steps: optimiser steps.
        p: the modulus.
        share: of all sums, what is learned from.
        lr: of AdamW.
        weight_decay: on all that is learned.
        warm_up: steps of linear warm-up.
    """

    name: str
    config: TransformerConfig
    steps: int
    p: int = P
    share: float = SHARE
    lr: float = 1e-3
    weight_decay: float = 1.0
    warm_up: int = 10

    def learned(self, seed: int) -> Sums:
        """What a training with a seed learns from."""
        return modular_sums(self.p, "train", seed=seed, share=self.share)


def last_logits(module: Transformer, ids: Int[Tensor, "n 3"]) -> Float[Tensor, "n d_vocab"]:
    """The logits after `=`, exactly as the module computes them, in less than a third of the time.

    The other two positions matter only by what `=` reads of them: a key and a value a head, which depend on one number
    and its place. So keys and values are tables of 2p + 1 rows, and the query is one vector a head.

    Args:
        module: one layer, no normalization.
        ids: prompts a, b, =.
    """
    a, b, p = ids[:, 0], ids[:, 1], module.config.d_vocab - 1
    block = cast(Block, module.blocks[0])
    attention, mlp = block.attn, block.mlp
    numbers, last = module.embed.W_E[:p], module.embed.W_E[p] + module.pos_embed.W_pos[2]
    rows = torch.cat([numbers + module.pos_embed.W_pos[0], numbers + module.pos_embed.W_pos[1], last[None]])
    q = torch.einsum("m,hmd->hd", last, attention.W_Q) + attention.b_Q
    k = torch.einsum("rm,hmd->rhd", rows, attention.W_K) + attention.b_K
    v = torch.einsum("rm,hmd->rhd", rows, attention.W_V) + attention.b_V
    scores = torch.einsum("hd,rhd->rh", q, k) / q.shape[-1] ** 0.5
    read = torch.stack([a, p + b, torch.full_like(a, 2 * p)])
    pattern = scores[read].softmax(0)
    z = (pattern[..., None] * v[read]).sum(0)
    mid = last + z.flatten(1) @ attention.W_O.flatten(0, 1) + attention.b_O
    post = mlp.act(torch.addmm(mlp.b_in, mid, mlp.W_in))
    return (mid + torch.addmm(mlp.b_out, post, mlp.W_out)) @ module.unembed.W_U + module.unembed.b_U


def loss_of(logits: Float[Tensor, "n d_vocab"], answers: Int[Tensor, " n"]) -> Float[Tensor, ""]:
    """The mean cross-entropy in nats. In double precision: late in training single precision has no gradient left."""
    return F.cross_entropy(logits.double(), answers)


def learning(module: Transformer) -> list[torch.nn.Parameter]:
    """What the paper's network has: all matrices, and of the biases those of the MLP."""
    return [p for name, p in module.named_parameters() if ".W_" in name or ".mlp." in name]


def train(schedule: Schedule, *, seed: int, progress: bool) -> Iterator[tuple[int, Transformer]]:
    """See `Recipe.train`."""
    module = Transformer(schedule.config, seed=seed)
    sums = schedule.learned(seed)
    for parameter in module.parameters():
        parameter.requires_grad_(False)
    learned = [parameter.requires_grad_() for parameter in learning(module)]
    optimizer = torch.optim.AdamW(
        learned, lr=schedule.lr, weight_decay=schedule.weight_decay, betas=(0.9, 0.98), foreach=True
    )
    yield 0, module
    bar = tqdm(range(schedule.steps), desc=schedule.name, disable=not progress, unit="step")
    for step in bar:
        for group in optimizer.param_groups:
            group["lr"] = schedule.lr * min(1.0, (step + 1) / schedule.warm_up)
        loss = loss_of(last_logits(module, sums.ids), sums.answers)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % _SAID_EVERY == 0:
            bar.set_postfix(loss=f"{loss.item():.1e}", refresh=False)
        yield step + 1, module
