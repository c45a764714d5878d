"""Continuing prompts: one token a step, with a key-value cache."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Protocol

import torch
from torch import Tensor

from mi_widgets.core.draws import seeded
from mi_widgets.core.errors import MIError, PromptError, UnsupportedModel
from mi_widgets.core.interventions import Stack
from mi_widgets.core.record import Call
from mi_widgets.core.sites import Site
from mi_widgets.core.texts import Row
from mi_widgets.core.whole_numbers import checked_seed, counted, number_from

from .backend import PassRequest
from .model_core import ModelCore
from .model_with_provenance import ModelWithProvenance
from .run import Generation, Run
from .stretching import check_stretched_on
from .tokens import TokenizedPrompts


class Cancel(Protocol):
    """A `threading.Event`, or what has the same question."""

    def is_set(self) -> bool:
        """Whether to stop."""
        ...


@dataclass(frozen=True)
class Plan:
    """How to continue; the fields are `Model.generate`'s.

    Raises:
        MIError: a number that means nothing.
    """

    max_new_tokens: int
    temperature: float
    seed: int | None
    keep: tuple[Site, ...]
    cancel: Cancel | None

    def __post_init__(self) -> None:
        counted(self.max_new_tokens, "model.generate: max_new_tokens")
        heat = number_from(self.temperature, "model.generate: temperature", 0)
        object.__setattr__(self, "temperature", heat)
        if self.seed is not None:
            checked_seed(self.seed)
        if self.cancel is not None and not callable(getattr(self.cancel, "is_set", None)):
            raise MIError(f"model.generate: cancel takes a threading.Event; got {self.cancel!r}.")


OnToken = Callable[[tuple[Generation, ...]], object]


def generate(
    model: ModelWithProvenance, tokenized: TokenizedPrompts, plan: Plan, on_token: OnToken | None
) -> tuple[Generation, ...]:
    """Continue every prompt of a batch; see `Model.generate`.

    Args:
        model: what writes.
        tokenized: the prompts, padded on the left.
        plan: how.
        on_token: called after each step. No lock is held then, nor between steps.
    """
    if model.looks_ahead:
        raise UnsupportedModel(
            f"{model.name} cannot be continued: its attention is bidirectional, so each new token would change what it "
            "said before. Run whole prompts: model.run(ids)."
        )
    if not model.continues:
        raise UnsupportedModel(
            f"{model.name} cannot be continued: what its layers keep is no cache of keys and values as we fill it. "
            "Runs are right: choose each next token from model.run(ids).next_tokens()."
        )
    longest, room = tokenized.ids.shape[1], model.config.n_ctx
    if longest + plan.max_new_tokens > room:
        raise PromptError(
            f"{longest} tokens and {plan.max_new_tokens} new ones are more than {model.name} takes ({room}): "
            f"max_new_tokens can be at most {room - longest} here."
        )
    check_stretched_on(model.stretched_past, tokenized.lengths, plan.max_new_tokens, model.name)
    model.check_memory(plan.keep, (len(tokenized.ids), longest + plan.max_new_tokens))
    edits, ends = model.interventions, _ends(model)
    given = tokenized.spans.ids
    new: list[list[int]] = [[] for _ in given]
    done = [False] * len(given)
    generators = [_generator(plan.seed, row) for row in range(len(given))]
    cancelled = False
    for logits in _steps(model, tokenized, new, edits):
        for row, generator in enumerate(generators):
            if not done[row]:
                new[row].append(_choose(logits[row], plan.temperature, generator))
                done[row] = new[row][-1] in ends
        if on_token is not None:
            on_token(tuple(_generation(model, *both) for both in zip(given, new, strict=True)))
        if all(done) or max(map(len, new)) >= plan.max_new_tokens:
            break
        cancelled = plan.cancel is not None and plan.cancel.is_set()
        if cancelled:
            break
    generations = tuple(_generation(model, *both) for both in zip(given, new, strict=True))
    runs = [_run(model, tokenized, row, new[row], edits, plan.keep) for row in range(len(given))]
    return tuple(replace(g, cancelled=cancelled, run=run) for g, run in zip(generations, runs, strict=True))


def _steps(
    model: ModelCore, tokenized: TokenizedPrompts, new: list[list[int]], edits: Stack
) -> Iterator[Tensor]:
    """The next logits (batch, d_vocab), again and again; the tokens chosen are read from `new`."""
    cache = model.architecture.new_cache()
    by_text = any(edit.site.tokens or edit.site.latents for edit in edits)
    spans, device = tokenized.spans, model.device
    ids, mask = tokenized.ids.to(device), tokenized.mask.to(device)
    positions = (mask.cumsum(-1) - 1).clamp(min=0)
    # The last column alone is unembedded, unless somebody changes the logits of others.
    last = None if any(edit.site.name == "logits" for edit in edits) else torch.full((len(ids),), -1)
    while True:
        forward = PassRequest(
            inputs=model.architecture.inputs(ids, mask, positions, cache),
            batch=len(ids),
            edits=model.edits(edits, spans),
            keep=(("logits", None),),
            unembed=last,
        )
        yield model.execute(forward)["logits", None][:, -1]
        generated = tuple(tuple(model.vocabulary_of(row)) for row in new) if by_text else ()
        spans = replace(spans, start=mask.shape[1], generated=generated)
        ids = torch.tensor([[row[-1]] for row in new], device=device)
        mask = torch.cat([mask, torch.ones_like(ids, dtype=torch.bool)], 1)
        positions = positions[:, -1:] + 1


def _ends(model: ModelCore) -> set[int]:
    """The tokens that end a text, by the tokenizer and by the model."""
    settings = getattr(model.module, "generation_config", None)
    ends: Any = (getattr(model.tokenizer, "eos_token_id", None), getattr(settings, "eos_token_id", None))
    listed = (e if isinstance(e, (list, tuple)) else [e] for e in ends)
    return {int(end) for some in listed for end in some if end is not None}


def _generator(seed: int | None, row: int) -> torch.Generator | None:
    return None if seed is None else seeded(seed, plus=row)


def _choose(logits: Tensor, temperature: float, generator: torch.Generator | None) -> int:
    if temperature == 0:
        return int(logits.argmax())
    # The largest is taken away first: however low the temperature, nothing then grows out of range.
    below = logits.cpu().double()
    below = (below - below.max()) / temperature
    return int(torch.multinomial(below.softmax(-1).float(), 1, generator=generator))


def _generation(model: ModelCore, given: tuple[int, ...], new: list[int]) -> Generation:
    # A prompt of ids may end inside a character, which then is not a part of the text.
    before = model.text_of(given).rstrip("\ufffd")
    # Decoded as a whole: a piece alone may lose its leading space.
    text = model.text_of([*given, *new]).removeprefix(before)
    return Generation(before, text, tuple(model.vocabulary_of(new)), tuple(new), prompt_ids=given)


def _run(
    model: ModelWithProvenance,
    batch: TokenizedPrompts,
    row: int,
    new: list[int],
    edits: Stack,
    keep: tuple[Site, ...],
) -> Run | None:
    """Prompt and answer in one pass: what every step saw, since each token is changed once and alike."""
    if not keep:
        return None
    given = batch.spans.ids[row]
    whole = model.tokenize(Row([*given, *new]))
    # Positions are those of the prompt: what `.pos("new")` names begins behind it.
    generated = (tuple(model.vocabulary_of(new)),)
    spans = replace(batch.spans.rows([row]), left=False, width=len(given), generated=generated)
    keys = [(site.name, layer) for site in keep for layer in model.layers_of(site)]
    kept = model.forward(whole, keep=keys, edits=model.edits(edits, spans))
    ids, sites = [*given, *new], tuple(site.everywhere for site in keep)
    arguments = (("", ids), ("keep", list(sites)))
    call = Call("run", arguments, of=model.record, within=model.block, name="run", places=("prompt", "keep"))
    # Interventions act on the positions of the prompt: run anew over all tokens they would do something else.
    return Run(model, ids, whole, edits, kept, sites, None if edits else call)
