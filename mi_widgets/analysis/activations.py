"""A model reads texts of any number: what it has at a site, at all tokens or at those that the site names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from tqdm.auto import tqdm

from mi_widgets.core.errors import PromptError
from mi_widgets.core.sites import Site
from mi_widgets.core.texts import Row, plain_texts
from mi_widgets.core.whole_numbers import whole
from mi_widgets.model.model import Model
from mi_widgets.model.run import Run

_TOKENS_A_RUN = 512  # with padding: every one of them takes room for a vocabulary of logits


@dataclass(frozen=True)
class TextBatch:
    """A run of some texts.

    Attributes:
        numbers: which texts.
        pieces: their token ids.
        run: the run.
        x: what is at the site.
        real: the tokens that are neither padding nor special.
    """

    numbers: range
    pieces: list[Row]
    run: Run
    x: Float[Tensor, "batch pos d_in"]
    real: Bool[Tensor, "batch pos"]


def listed_texts(caller: str, model: Model, texts: Any, name: str = "texts") -> list[str | Row]:
    """Texts, or rows of token ids, as a list.

    Args:
        caller: what takes them, for the message.
        model: that reads them.
        texts: what was given.
        name: of the argument.

    Raises:
        PromptError: a single text, whose letters would be read as texts; the ids of a single one; none; or something
            else.
    """
    given = plain_texts(texts)
    alone = isinstance(given, str) or getattr(given, "ndim", 2) == 1
    alone = alone or (isinstance(given, (list, tuple)) and bool(given) and whole(given[0]) is not None)
    if not alone:
        try:
            return model.listed(given)
        except PromptError as error:
            raise PromptError(
                f"{caller}: {name} must be a list with a text in it, or with a row of token ids; got {texts!r:.60}. "
                f"{error}"
            ) from error
    raise PromptError(
        f"{caller}: {name} must be a list with a text in it, or with a row of token ids, as in [[3, 1, 4]]; got "
        f"{texts!r:.60}."
    )


def text_batches(
    model: Model,
    site: Site,
    texts: Sequence[str | Row],
    *,
    what: str,
    progress: bool,
    also: Sequence[Site] = (),
) -> Iterator[TextBatch]:
    """Some texts at a time, cut off where the model's context ends.

    Args:
        model: under whatever interventions are active.
        site: of a vector at every token, with a layer.
        texts: what is read.
        what: is done, for the bar.
        progress: whether a bar shows, for what takes more than a second.
        also: what else the runs keep.
    """
    cut = [model.cut(text)[0] for text in texts]
    for numbers in tqdm(batch_ranges(cut), desc=what, unit="run", delay=1, disable=not progress, leave=False):
        pieces = cut[numbers.start : numbers.stop]
        run = model.run(pieces, keep=[site.everywhere, *also])
        yield TextBatch(numbers, pieces, run, run[site].detach(), not_special(run))


def batch_ranges(pieces: Sequence[Sequence[int]], *, most: int = _TOKENS_A_RUN) -> list[range]:
    """Which pieces are run together: neighbours with at most so many tokens, and at least one."""
    found, first, longest = [], 0, 0
    for i, piece in enumerate(pieces):
        longest = max(longest, len(piece))
        if i > first and longest * (i + 1 - first) > most:
            found.append(range(first, i))
            first, longest = i, len(piece)
    return [*found, range(first, len(pieces))]


def not_special(run: Run) -> Bool[Tensor, "batch pos"]:
    """The tokens of a run that are neither padding nor special."""
    special = torch.tensor(getattr(run.model.tokenizer, "all_special_ids", None) or [-1])
    return run.mask & ~torch.isin(run.ids, special.to(run.ids.device))


def activations_at(
    model: Model, site: Site, texts: Sequence[str | Row], *, progress: bool = True
) -> tuple[Float[Tensor, "token d"], Int[Tensor, " token"]]:
    """What a model has at the tokens of some texts that a site names, and which text each is of.

    Args:
        model: under whatever interventions are active.
        site: of a vector at every token, with a layer; without `.pos` and `.every` all but special tokens.
        texts: what is read, as far as the model's context goes.
        progress: whether a bar shows, for what takes more than a second.

    Raises:
        PromptError: it names none of their tokens.
    """
    rows, numbers = [], []
    for read in text_batches(
        model, replace(site, positions=None, tokens=None), texts, what="reading", progress=progress
    ):
        where = read.real & read.run.token_mask(site)
        columns = read.run.spans.resolve(site, where.shape[1])
        if columns is not None:
            where = torch.zeros_like(where).scatter(1, columns, True)
        rows.append(read.x[where.to(read.x.device)].float().cpu())
        numbers.append(torch.tensor(read.numbers)[where.nonzero()[:, 0].cpu()])
    if not sum(map(len, rows)):
        raise PromptError(f"{site!r} names no token of these {len(texts)} texts.")
    return torch.cat(rows), torch.cat(numbers)
