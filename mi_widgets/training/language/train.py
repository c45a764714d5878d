"""The training loop of the language models: seeded, resumable, with a progress bar."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F
from tqdm.auto import tqdm
from transformers import GPTNeoXForCausalLM, PreTrainedTokenizerFast

from mi_widgets.training.unfinished import Unfinished
from mi_widgets.zoo.atlas import repeats
from mi_widgets.zoo.atlas.grammar import Draw
from mi_widgets.zoo.atlas.names import NAMES
from mi_widgets.zoo.atlas.texts import document, stream
from mi_widgets.zoo.language_models import untrained
from mi_widgets.zoo.tokenizer import SPACE
from mi_widgets.zoo.vocabulary import BOS, PAD, SPECIALS

if TYPE_CHECKING:
    from .recipe import LanguageRecipe

_KEPT_EVERY = 250  # steps between two states from which a training can go on
_LETTERS_A_TOKEN = 4.5  # at most, so that most rows are full


def batch(
    recipe: LanguageRecipe, tokenizer: PreTrainedTokenizerFast, *, seed: int, step: int
) -> Int[Tensor, "batch pos"]:
    """The rows of a step: documents of all registers, cut to the context, and some repeats, early many.

    Args:
        recipe: whose texts.
        tokenizer: of the recipe.
        seed: of the texts.
        step: no row depends on the steps before it.
    """
    is_early = step < recipe.repeats_until
    alone = round(recipe.batch * (recipe.repeats_early if is_early else recipe.repeats_later))
    letters = round(recipe.context * _LETTERS_A_TOKEN)
    draws = [stream("train", seed, step * recipe.batch + row) for row in range(recipe.batch)]
    rows = [document(draw, held_out=False, letters=letters).text for draw in draws]
    cut = {"truncation": True, "max_length": recipe.context, "padding": "max_length"}
    ids = torch.tensor(tokenizer(rows, **cut)["input_ids"])
    for row in range(alone):
        ids[row] = _repeated(draws[row], recipe, is_early=is_early)
    return ids


def _repeated(draw: Draw, recipe: LanguageRecipe, *, is_early: bool) -> Int[Tensor, " pos"]:
    """A span of random tokens, again and again: early a short one of names, then any tokens, which no text has.

    A span has the same token twice at times. Where it has not, a network learns to rule out what it has just seen,
    and no induction.
    """
    bos, names = recipe.tokens.index(BOS), [recipe.tokens.index(SPACE + name) for name in NAMES]
    known = names if is_early else range(len(SPECIALS), len(recipe.tokens))
    longest = recipe.short_span if is_early else recipe.context // 2
    span = [draw.one(known) for _ in range(draw.number(repeats.SHORTEST, longest))]
    return torch.tensor([bos, *span * (recipe.context // len(span) + 1)][: recipe.context])


def learning_rate(recipe: LanguageRecipe, step: int) -> float:
    """Warm-up, then half a cosine down to 3 % of the peak."""
    warm = min(1.0, (step + 1) / recipe.warm_up)
    return recipe.lr * warm * (0.03 + 0.97 * 0.5 * (1 + math.cos(math.pi * step / recipe.steps)))


def loss_of(
    logits: Float[Tensor, "batch pos d_vocab"], ids: Int[Tensor, "batch pos"], *, pad: int
) -> Float[Tensor, ""]:
    """The mean cross-entropy of the next token, in nats; padding is not counted."""
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten(), ignore_index=pad)


def optimizer_of(recipe: LanguageRecipe, module: GPTNeoXForCausalLM) -> torch.optim.Optimizer:
    """AdamW; matrices decay, biases and norms do not."""
    matrices = [p for p in module.parameters() if p.ndim == 2]
    rest = [p for p in module.parameters() if p.ndim != 2]
    groups = [
        {"params": matrices, "weight_decay": recipe.weight_decay},
        {"params": rest, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=recipe.lr, betas=(0.9, 0.98), foreach=True)


def train(
    recipe: LanguageRecipe, *, seed: int, progress: bool, unfinished: Unfinished | None = None
) -> Iterator[tuple[int, GPTNeoXForCausalLM]]:
    """See `Recipe.train`."""
    module, tokenizer = untrained(recipe.config, seed=seed).train(), recipe.tokenizer()
    pad = recipe.tokens.index(PAD)
    optimizer, of = optimizer_of(recipe, module), f"{recipe!r} seed {seed}"
    first = unfinished.restore(of=of, module=module, optimizer=optimizer) if unfinished else 0
    yield first, module
    bar = tqdm(
        range(first, recipe.steps),
        initial=first,
        total=recipe.steps,
        desc=recipe.name,
        disable=not progress,
        unit="step",
    )
    for step in bar:
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(recipe, step)
        ids = batch(recipe, tokenizer, seed=seed, step=step)
        loss = loss_of(module(ids, use_cache=False).logits, ids, pad=pad)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(module.parameters(), 1.0)
        optimizer.step()
        bar.set_postfix(loss=f"{loss.item():.3f}", refresh=False)
        if unfinished and (step + 1) % _KEPT_EVERY == 0:
            unfinished.keep(of=of, step=step + 1, module=module, optimizer=optimizer)
        yield step + 1, module
