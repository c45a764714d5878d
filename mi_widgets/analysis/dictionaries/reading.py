"""A model reads texts of any number: what it has at a site, at all tokens or where something is marked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from tqdm.auto import tqdm

from mi_widgets.core.errors import DictionaryError, PromptError
from mi_widgets.core.prompts import Mark
from mi_widgets.core.sae import SAE
from mi_widgets.core.sites import Site
from mi_widgets.model.model import Model
from mi_widgets.model.run import Run

_TOKENS_A_RUN = 512  # with padding: every one of them takes room for a vocabulary of logits


def place_of(sae: SAE, site: Site | None) -> Site:
    """Where a dictionary reads: the site given, else its own.

    Raises:
        DictionaryError: neither names a layer.
    """
    place = site or sae.site
    if place is None or place.layer is None:
        raise DictionaryError(f"{sae!r} does not say where it reads: site=at.resid_post[2], for example.")
    return place


def in_a_title(place: Site) -> str:
    """A site without the `at.` that it has in code."""
    return repr(place).removeprefix("at.")


def check_texts(asked: str, texts: Sequence[str]) -> None:
    """Raise `DictionaryError` unless there is a text, in a list."""
    if isinstance(texts, str) or not len(texts):
        raise DictionaryError(f"{asked}: texts must be a list with a text in it.")


@dataclass(frozen=True)
class Read:
    """A run of some texts.

    Attributes:
        numbers: which texts.
        pieces: their token ids.
        run: the run.
        x: what is at the site.
        real: the tokens that are neither padding nor special.
    """

    numbers: range
    pieces: list[list[int]]
    run: Run
    x: Float[Tensor, "batch pos d_in"]
    real: Bool[Tensor, "batch pos"]


def reads(model: Model, site: Site, texts: Sequence[str], *, what: str, progress: bool) -> Iterator[Read]:
    """Some texts at a time, cut off where the model's context ends.

    Args:
        model: under whatever interventions are active.
        site: of a vector at every token, with a layer.
        texts: what is read.
        what: is done, for the bar.
        progress: whether a bar shows, for what takes more than a second.
    """
    cut = [model.cut(text)[0] for text in texts]
    for numbers in tqdm(in_runs(cut), desc=what, unit="run", delay=1, disable=not progress, leave=False):
        pieces = cut[numbers.start : numbers.stop]
        run = model.run(pieces, keep=[site.everywhere])
        yield Read(numbers, pieces, run, run[site].detach(), ordinary(run))


def in_runs(pieces: Sequence[list[int]]) -> list[range]:
    """Which pieces are run together: neighbours, as many as take little room, and at least one."""
    found, first, longest = [], 0, 0
    for i, piece in enumerate(pieces):
        longest = max(longest, len(piece))
        if i > first and longest * (i + 1 - first) > _TOKENS_A_RUN:
            found.append(range(first, i))
            first, longest = i, len(piece)
    return [*found, range(first, len(pieces))]


def ordinary(run: Run) -> Bool[Tensor, "batch pos"]:
    """The tokens of a run that are neither padding nor special."""
    special = torch.tensor(getattr(run.model.tokenizer, "all_special_ids", None) or [-1])
    return run.mask & ~torch.isin(run.ids, special.to(run.ids.device))


def at_marks(
    model: Model, site: Site, texts: Sequence[str], marks: Sequence[Mark], *, progress: bool = True
) -> tuple[list[Mark], Float[Tensor, "mark d_in"]]:
    """What a model has where something is marked; marks beyond its context are left out.

    Args:
        model: one whose tokenizer tells where in a text a token stands.
        site: see `reads`.
        texts: what is read.
        marks: in them.
        progress: whether a bar shows.

    Raises:
        PromptError: a mark in no text, or at no token.
    """
    by_text: dict[int, list[Mark]] = {}
    for mark in marks:
        if not 0 <= mark.text < len(texts) or not 0 < mark.end <= len(texts[mark.text]):
            raise PromptError(f"{mark!r} is in none of the {len(texts)} texts.")
        by_text.setdefault(mark.text, []).append(mark)
    found: list[Mark] = []
    rows: list[Tensor] = []
    for read in reads(model, site, texts, what="reading", progress=progress):
        for row, number in enumerate(read.numbers):
            for mark, place in _places(model, texts[number], by_text.get(number, [])):
                if place < read.x.shape[1] and read.real[row, place]:
                    found.append(mark)
                    rows.append(read.x[row, place])
    if not rows:
        raise PromptError("There is no mark at any token of these texts.")
    return found, torch.stack(rows).float().cpu()


def _places(model: Model, text: str, marks: Sequence[Mark]) -> Iterator[tuple[Mark, int]]:
    """The token of each mark."""
    if not marks:
        return
    spans = model.tokenizer(text, return_offsets_mapping=True)["offset_mapping"]
    for mark in marks:
        place = next((i for i, (start, end) in enumerate(spans) if start < mark.end <= end), None)
        if place is None:
            raise PromptError(f"{mark!r}: no token of {text!r} holds its last character.")
        yield mark, place
