"""Seeded texts for the shipped models: what they were trained on, and held-out texts of the same kind.

Every draw comes from its own stream, named by corpus, split, seed and row: the same call gives the same
texts on every machine, and no stream serves two splits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args, overload

import numpy as np
import torch
from jaxtyping import Int
from torch import Tensor

from mi_widgets.core.argument_types import checked
from mi_widgets.core.errors import MIError
from mi_widgets.core.texts import WithIds
from mi_widgets.core.whole_numbers import checked_seed, counted, whole

from .atlas.grammar import Text
from .atlas.texts import atlas_texts
from .documents import document
from .random_streams import random_stream
from .vocabulary import BOS, SPECIALS, token_ids, vocabulary

Corpus = Literal["repeats", "documents", "induction"]
Split = Literal["train", "test"]
N_POS = 128
SHORTEST_SPAN, LONGEST_SPAN, LONGEST_PREFIX = 3, 60, 11


@dataclass(frozen=True)
class Texts(WithIds):
    """Texts as token ids, and what is known about them: a prompt wherever one is taken.

    Args:
        corpus: what they are.
        split: "train" or "test".
        ids: the token ids, `<bos>` first; all rows are of one length.
        period: after how many tokens a row repeats itself; 0 for documents.
        start: where the first passage of a repeat begins; 0 for documents.
    """

    corpus: Corpus
    split: Split
    ids: Int[Tensor, "n pos"]
    period: Int[Tensor, " n"]
    start: Int[Tensor, " n"]

    def __len__(self) -> int:
        return len(self.ids)


def corpora() -> tuple[str, ...]:
    """The names of the corpora that `mi.shipped.sample_texts` draws from."""
    return (*get_args(Corpus), "atlas")


@overload
def data(
    corpus: Corpus, split: Split = "test", *, n: int, seed: int = 0, longest_span: int = LONGEST_SPAN
) -> Texts: ...


@overload
def data(
    corpus: Literal["atlas"], split: Split = "test", *, n: int, seed: int = 0, register: str | None = None
) -> tuple[Text, ...]: ...


@checked
def data(
    corpus: Corpus | Literal["atlas"],
    split: Split = "test",
    *,
    n: int,
    seed: int = 0,
    longest_span: int = LONGEST_SPAN,
    register: str | None = None,
) -> Texts | tuple[Text, ...]:
    """Texts of a corpus.

    - `"repeats"`: `<bos>`, up to 11 random words, then a span of 3 to `longest_span` different random words,
      again and again to the end. Spans vary in length and place, so that only their content tells what
      comes next.
    - `"documents"`: small stories whose names and phrases come back, with filler between them.
    - `"induction"`: the training mixture of the two, row by row.
    - `"atlas"`: English, French, code and sums of a small world whose facts are known, as texts with labels: who
      gives to whom, which town, which state, what is asked, how a story feels. What the split "test" has was kept
      out of training: facts of two hops, pairs of names, sums, and combinations of parts. Labels are `register`;
      of people `name`, `subject`, `answer` (who receives), `gender` (of pronouns, and of who applies), `speaker`; of
      places `city`, `state` (also of the name of a town in it), `asked` (what of the state), `is` (that word, before
      the answer), `answer`; of stories `sentiment` and the `word`s that set it; `comment`; `hedge`; of applications
      `wanted`, `ground` (good or bad) and `decision`; of
      what comes again `repeated`; and the parts of sums, of French and of code.

    Args:
        corpus: which.
        split: "train" or "test"; the two never share a stream of random numbers.
        n: how many rows, of 128 tokens each; of "atlas", how many texts.
        seed: of the draw; row `i` is the same for every `n`.
        longest_span: of repeats.
        register: of "atlas": one kind of text alone, a sentence or a few; by default documents of all kinds.

    Returns:
        Token ids with their periods; of "atlas" texts, each with `text` and `labels` (kind, value, start and end in
        characters).

    Raises:
        MIError: no such corpus or split, or a size that cannot be drawn.

    Source: after the repeated random sequences of Olsson et al. 2022 (arXiv:2209.11895); the documents are ours.
    """
    if corpus not in (*get_args(Corpus), "atlas") or split not in get_args(Split):
        raise MIError(
            f"mi.shipped.sample_texts({corpus!r}, {split!r}): the corpora are {', '.join(corpora())}; "
            f"the splits are {', '.join(get_args(Split))}."
        )
    n, seed, longest = counted(n, "mi.shipped.sample_texts: n"), checked_seed(seed), whole(longest_span) or 0
    if not SHORTEST_SPAN <= longest <= LONGEST_SPAN:
        raise MIError(
            f"mi.shipped.sample_texts: longest_span must be a whole number from {SHORTEST_SPAN} to {LONGEST_SPAN}; "
            f"got {longest_span!r}."
        )
    if corpus == "atlas":
        return atlas_texts(split, n=n, seed=seed, register=register)
    if register is not None:
        raise MIError(
            f"mi.shipped.sample_texts({corpus!r}, register={register!r}): only atlas has registers."
        )
    rows = []
    for i in range(n):
        rng = random_stream(f"{corpus} {split}", seed, i)
        repeats = corpus == "repeats" or (corpus == "induction" and i % 2 == 0)
        rows.append(_repeat(rng, longest) if repeats else (document(rng, N_POS), 0, 0))
    ids, period, start = zip(*rows, strict=True)
    return Texts(
        corpus,
        split,
        torch.from_numpy(np.array(ids, dtype=np.int64)),
        torch.tensor(period),
        torch.tensor(start),
    )


def _repeat(rng: np.random.Generator, longest: int) -> tuple[list[int], int, int]:
    """Ids, period, and where the first passage begins."""
    n_special, n_words = len(SPECIALS), len(vocabulary()) - len(SPECIALS)
    prefix = (rng.random(int(rng.random() * (LONGEST_PREFIX + 1))) * n_words).astype(int) + n_special
    # Short spans come round often, and teach most: lengths are even on a logarithmic scale.
    length = int(SHORTEST_SPAN * ((longest + 1) / SHORTEST_SPAN) ** rng.random())
    # Sorting uniform draws is a shuffle that does not depend on NumPy's choice of shuffling algorithm.
    span = rng.random(n_words).argsort()[:length] + n_special
    ids = [token_ids()[BOS], *prefix.tolist(), *np.tile(span, N_POS // length + 1).tolist()]
    return ids[:N_POS], length, 1 + len(prefix)
