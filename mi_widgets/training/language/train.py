"""The training loop of the language models: seeded, resumable, with a progress bar."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm.auto import tqdm
from transformers import GPTNeoXConfig, GPTNeoXForCausalLM, PreTrainedTokenizerFast

from mi_widgets.training.unfinished import UnfinishedTraining
from mi_widgets.zoo.atlas import repeats
from mi_widgets.zoo.atlas.grammar import Draw, Text, joined
from mi_widgets.zoo.atlas.names import NAMES
from mi_widgets.zoo.atlas.texts import draw_document, draw_of
from mi_widgets.zoo.atlas.tokens import pieces, tokenizer
from mi_widgets.zoo.language_models import untrained
from mi_widgets.zoo.tokenizer import SPACE
from mi_widgets.zoo.vocabulary import BOS, PAD, SPECIALS

_KEPT_EVERY = 250  # steps between two states from which a training can go on
_LETTERS_A_TOKEN = 4.5  # at most, so that most rows are full


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """What a training depends on, but for the seed.

    Args:
        name: of the model it makes.
        config: its shape.
        steps: optimiser steps.
        towns_whole: a token for every town, so that its state can be looked up.
        batch_size: rows a step.
        context: tokens a row.
        lr: peak learning rate of AdamW.
        weight_decay: on matrices.
        warm_up: steps of linear warm-up.
        names_until: steps for which rows are repeats of names: few tokens, so induction comes early.
        settled: steps until which rows are repeats of any tokens, so that it serves for all; and from which
            `documents_again` and `last_attention_off` hold.
        repeats: of the rows, the share that repeats has in these two times, and afterwards.
        short_span: the most tokens of a span until settled; afterwards a half of the context.
        documents_again: of the rows are a short document, again and again.
        last_attention_off: of the rows are read without the last layer's attention (see the function of this name).
    """

    name: str
    config: GPTNeoXConfig
    steps: int
    towns_whole: bool = False
    batch_size: int = 32
    context: int = 128
    lr: float = 3e-3
    weight_decay: float = 0.1
    warm_up: int = 200
    names_until: int = 600
    settled: int = 1400
    repeats: tuple[float, float, float] = (0.5, 0.3, 0.05)
    short_span: int = 16
    documents_again: float = 0.05
    last_attention_off: float = 0.3

    @property
    def tokens(self) -> tuple[str, ...]:
        """Every token in the order of its id."""
        return pieces(towns_whole=self.towns_whole)

    def tokenizer(self) -> PreTrainedTokenizerFast:
        """The tokenizer that has these."""
        return tokenizer(self.tokens)


def batch(
    schedule: Schedule, tokenizer: PreTrainedTokenizerFast, *, seed: int, step: int
) -> Int[Tensor, "batch pos"]:
    """The rows of a step: repeats of random tokens, later documents that begin again and again, and documents.

    Args:
        schedule: whose texts.
        tokenizer: its own.
        seed: of the texts.
        step: no row depends on the steps before it.
    """
    is_settled = step >= schedule.settled
    share = schedule.repeats[0 if step < schedule.names_until else 2 if is_settled else 1]
    alone, again = (
        round(schedule.batch_size * of) for of in (share, schedule.documents_again if is_settled else 0)
    )
    draws = [draw_of("train", seed, step * schedule.batch_size + row) for row in range(schedule.batch_size)]
    spans = [_random_span(draw, schedule, step) for draw in draws[:alone]]
    letters = round(schedule.context * _LETTERS_A_TOKEN)
    texts = [_again(draw, letters) for draw in draws[alone : alone + again]]
    texts += [draw_document(draw, held_out=False, letters=letters).text for draw in draws[alone + again :]]
    cut = {"truncation": True, "max_length": schedule.context, "padding": "max_length"}
    return torch.stack([*spans, *torch.tensor(tokenizer(texts, **cut)["input_ids"])])


def _random_span(draw: Draw, schedule: Schedule, step: int) -> Int[Tensor, " pos"]:
    """A span of random tokens, again and again: at first of names, then of any tokens; at first short ones.

    A span has the same token twice at times. Where it has not, a network learns to rule out what it has just seen,
    and no induction.
    """
    known = (
        _names(schedule.tokens) if step < schedule.names_until else range(len(SPECIALS), len(schedule.tokens))
    )
    longest = schedule.short_span if step < schedule.settled else schedule.context // 2
    return _filled([draw.one(known) for _ in range(draw.number(repeats.SHORTEST, longest))], schedule)


@cache  # it is asked for in every row
def _names(tokens: tuple[str, ...]) -> tuple[int, ...]:
    """The ids of the names."""
    return tuple(tokens.index(SPACE + name) for name in NAMES)


def _filled(span: Sequence[int], schedule: Schedule) -> Int[Tensor, " pos"]:
    times = schedule.context // len(span) + 1
    return torch.tensor([schedule.tokens.index(BOS), *[*span] * times][: schedule.context])


def _again(draw: Draw, letters: int) -> str:
    """A short document, again and again; code that follows on prose is left out, since no prose follows on code."""
    short = draw_document(draw, held_out=False, letters=draw.number(letters // 6, letters // 3))
    if short.of("register")[0].value != "code":
        short = Text(short.text.partition("\n")[0])
    return joined([short] * (letters // len(short.text) + 1)).text


@contextmanager
def last_attention_off(schedule: Schedule, module: GPTNeoXForCausalLM) -> Iterator[None]:
    """Switch the last layer's attention off in the last rows of a batch.

    So the rest of the network has to bring to the last token what the last layer's MLP needs there. Left alone, it was
    the last attention that brought a town's state, and nobody could see or change it there before the last layer. This
    is stochastic depth, of one sublayer: Huang et al. 2016, arXiv:1603.09382. Earlier it kept induction on random
    tokens from forming, and later the states had their way already: see `Schedule.settled`.
    """
    on = schedule.batch_size - round(schedule.batch_size * schedule.last_attention_off)

    def off(_module: nn.Module, _args: object, out: Tensor) -> Tensor:
        return torch.cat([out[:on], torch.zeros_like(out[on:])])

    dropout = module.gpt_neox.layers[-1].get_submodule("post_attention_dropout")
    hook = dropout.register_forward_hook(off)
    try:
        yield
    finally:
        hook.remove()


def learning_rate(schedule: Schedule, step: int) -> float:
    """Warm-up, then half a cosine down to 1 % of the peak."""
    warm = min(1.0, (step + 1) / schedule.warm_up)
    return schedule.lr * warm * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * step / schedule.steps)))


def loss_of(
    logits: Float[Tensor, "batch pos d_vocab"], ids: Int[Tensor, "batch pos"], *, pad: int
) -> Float[Tensor, ""]:
    """The mean cross-entropy of the next token, in nats; padding is not counted."""
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten(), ignore_index=pad)


def optimizer_of(schedule: Schedule, module: GPTNeoXForCausalLM) -> torch.optim.Optimizer:
    """AdamW; matrices decay, biases and norms do not."""
    matrices = [p for p in module.parameters() if p.ndim == 2]
    rest = [p for p in module.parameters() if p.ndim != 2]
    groups = [
        {"params": matrices, "weight_decay": schedule.weight_decay},
        {"params": rest, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=schedule.lr, betas=(0.9, 0.98), foreach=True)


def train(
    schedule: Schedule, *, seed: int, progress: bool, unfinished: UnfinishedTraining | None = None
) -> Iterator[tuple[int, GPTNeoXForCausalLM]]:
    """See `Recipe.train`."""
    module, tokenizer = untrained(schedule.config, seed=seed).train(), schedule.tokenizer()
    pad = schedule.tokens.index(PAD)
    optimizer, of = optimizer_of(schedule, module), f"{schedule!r} seed {seed}"
    first = unfinished.restore(of=of, module=module, optimizer=optimizer) if unfinished else 0
    yield first, module
    bar = tqdm(
        range(first, schedule.steps),
        initial=first,
        total=schedule.steps,
        desc=schedule.name,
        disable=not progress,
        unit="step",
    )
    for step in bar:
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(schedule, step)
        ids = batch(schedule, tokenizer, seed=seed, step=step)
        with last_attention_off(schedule, module) if step >= schedule.settled else nullcontext():
            logits = module(ids, use_cache=False).logits
        loss = loss_of(logits, ids, pad=pad)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(module.parameters(), 1.0)
        optimizer.step()
        bar.set_postfix(loss=f"{loss.item():.3f}", refresh=False)
        if unfinished and (step + 1) % _KEPT_EVERY == 0:
            unfinished.keep(of=of, step=step + 1, module=module, optimizer=optimizer)
        yield step + 1, module
