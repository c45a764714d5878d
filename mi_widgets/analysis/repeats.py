"""Random tokens that repeat: the probe on which induction is measured, and the same without a repeat."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
import xarray as xr
from jaxtyping import Float, Int
from torch import Tensor

from mi_widgets.core.argument_types import checked
from mi_widgets.core.draws import seeded
from mi_widgets.core.errors import PromptError
from mi_widgets.core.recording import recorded
from mi_widgets.core.results import Result
from mi_widgets.core.whole_numbers import whole
from mi_widgets.model.model import Model

from .loss import loss_per_token

_USUAL = 32
_LEAST = 2


@checked
def repeated_tokens(
    model: Model, *, length: int | None = None, n: int = 8, seed: int = 0
) -> Int[Tensor, "n pos"]:
    """Rows of random tokens that come twice: `<bos>`, a span, the same span again.

    Within a span every token is different (where the vocabulary allows), so that "the earlier
    occurrence" is one position. Special tokens are left out; `<bos>` comes first where there is one.

    Args:
        model: whose vocabulary to draw from.
        length: the tokens of one span; by default 32, or as many as fit twice into a shorter context.
        n: how many rows.
        seed: of the draw.

    Raises:
        PromptError: the rows would be longer than the model's context.
    """
    [one] = lengths_of(model, length, "mi.repeated_tokens", several=False)
    return probe(model, one, n, seed, "mi.repeated_tokens").repeated


@dataclass(frozen=True)
class Probe:
    """Rows that repeat, and rows that begin alike and do not.

    Args:
        start: where the first passage begins: after `<bos>`, where there is one.
        repeated: `<bos>`, a span, the span again.
        unrepeated: `<bos>`, the same span, and other tokens.
    """

    start: int
    repeated: Int[Tensor, "n pos"]
    unrepeated: Int[Tensor, "n pos"]


def lengths_of(
    model: Model,
    given: int | Iterable[int] | None,
    caller: str,
    *,
    usual: tuple[int, ...] = (_USUAL,),
    several: bool = True,
) -> list[int]:
    """The lengths of a span that a user names, or the usual ones that a model has room for.

    Args:
        model: whose context it must fit into twice.
        given: one, several, or None for the usual ones; where none of these fits, the longest that does.
        caller: the function, for the message.
        usual: by default.
        several: whether more than one means something.

    Raises:
        PromptError: a length that does not fit, none, one twice, or a context that has room for none.
    """
    n_ctx = model.config.n_ctx
    longest = (n_ctx - len(_beginning(model))) // 2
    if longest < _LEAST:
        raise PromptError(
            f"{caller}: {model.name} takes {n_ctx} tokens, and a span of {_LEAST} that comes twice needs "
            f"{len(_beginning(model)) + 2 * _LEAST}."
        )
    if given is None:
        return [length for length in usual if length <= longest] or [longest]
    asked = list(given) if several and isinstance(given, Iterable) else [given]
    lengths = [whole(length) or 0 for length in asked]
    if not lengths or len(set(lengths)) < len(lengths) or not all(_LEAST <= x <= longest for x in lengths):
        said = ", or several of them, each once" if several else ""
        raise PromptError(
            f"{caller}: {model.name} takes {n_ctx} tokens, so length must be a whole number from {_LEAST} to "
            f"{longest}{said}; got {given!r}."
        )
    return lengths


def probe(model: Model, length: int, n: int, seed: int, caller: str) -> Probe:
    """The rows of one length.

    Args:
        model: whose vocabulary to draw from.
        length: the tokens of one span.
        n: how many rows of each kind.
        seed: of the draw.
        caller: the function, for the message.

    Raises:
        PromptError: no rows, or fewer than two tokens to draw from.
    """
    n_rows = whole(n) or 0
    if n_rows < 1:
        raise PromptError(f"{caller}: n must be a whole number from 1; got {n!r}.")
    special = set(getattr(model.tokenizer, "all_special_ids", []))
    words = torch.tensor([i for i in range(model.config.d_vocab) if i not in special])
    if len(words) < _LEAST:
        raise PromptError(
            f"{caller}: {model.name} has {len(words)} token(s) that are not special; it takes 2."
        )
    first, generator = _beginning(model), seeded(seed)
    # Rows that repeat are drawn first, so that they do not depend on whether the others are wanted.
    drawn = [_passage(words, length, generator) for _ in range(n_rows)]
    begin = torch.tensor([first] * n_rows, dtype=torch.long)
    spans = torch.stack([span for span, _ in drawn])
    others = torch.stack([_other(words, span, rest, generator) for span, rest in drawn])
    return Probe(
        len(first),
        repeated=torch.cat([begin, spans, spans], 1),
        unrepeated=torch.cat([begin, spans, others], 1),
    )


def _beginning(model: Model) -> list[int]:
    bos = getattr(model.tokenizer, "bos_token_id", None)
    return [bos] if bos is not None and bos < model.config.d_vocab else []


def _passage(words: Tensor, length: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """A span, and the words that are not in it. Where there are too few words, a span has some twice."""
    if length <= len(words):
        order = torch.randperm(len(words), generator=generator)
        return words[order[:length]], words[order[length:]]
    return words[torch.randint(len(words), (length,), generator=generator)], words[:0]


def _other(words: Tensor, span: Tensor, rest: Tensor, generator: torch.Generator) -> Tensor:
    """As many words that do not repeat a span: new ones, or where these are too few none in its own place."""
    if len(rest) >= len(span):
        return rest[: len(span)]
    places = torch.searchsorted(words, span)
    steps = torch.randint(1, len(words), (len(span),), generator=generator)
    return words[(places + steps) % len(words)]


@recorded
def repeat_accuracy(
    model: Model, *, length: int | Iterable[int] | None = None, n: int = 8, seed: int = 0
) -> Result:
    """How well the model foresees random tokens when it meets them first, and when they come again.

    Args:
        model: under whatever interventions are active.
        length: the tokens of one span, or several such numbers; by default 32, or as many as fit twice into a
            shorter context. What a model does by positions alone depends on it.
        n: how many rows, of each length.
        seed: of the rows.

    Returns:
        Result (passage): the share of tokens whose likeliest prediction is right, in the first passage and
        in the repeat, averaged over the lengths; the variable `loss` has the mean loss in nats, `by_length`
        (length, passage) the share at each length. The first token of the repeat is left
        out of both: nothing says that the span begins again.

    Raises:
        PromptError: rows that would be longer than the model's context.

    Source: the repeated random sequences of Olsson et al. 2022 (arXiv:2209.11895), section on head
    activation evaluators.
    """
    lengths = lengths_of(model, length, "mi.repeat_accuracy")
    found = [_foreseen(model, one, n, seed) for one in lengths]
    right, loss = (np.array(numbers) for numbers in zip(*found, strict=True))
    return Result(
        kind="repeat_accuracy",
        title="Repeat accuracy",
        dataset=xr.Dataset(
            {
                "accuracy": ("passage", right.mean(0)),
                "loss": ("passage", loss.mean(0), {"units": "nats"}),
                "by_length": (("length", "passage"), right, {"units": "share of tokens"}),
            },
            coords={"passage": ["first", "repeat"], "length": lengths},
        ),
        primary="accuracy",
        unit="share of tokens",
        source="Olsson et al. 2022 (arXiv:2209.11895)",
        provenance=model.provenance(seed=seed),
    )


def _foreseen(model: Model, length: int, n: int, seed: int) -> tuple[list[float], list[float]]:
    """The share of tokens that are foreseen in either passage, and the loss."""
    rows = probe(model, length, n, seed, "mi.repeat_accuracy")
    run = model.run(rows.repeated)
    right: Float[Tensor, "n pos"] = (run.logits[:, :-1].argmax(-1).cpu() == run.ids[:, 1:]).float()
    loss = torch.from_numpy(loss_per_token(run).to_xarray().values)
    # Of each passage but its first token; column p of what is right is about token p + 1.
    begins = [rows.start + 1, rows.start + length + 1]
    return (
        [right[:, at - 1 : at + length - 2].mean().item() for at in begins],
        [loss[:, at : at + length - 1].mean().item() for at in begins],
    )
