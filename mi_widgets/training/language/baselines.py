"""What a language model's loss is to be held against: counting models of the same texts, and the texts' own entropy."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from mi_widgets.zoo.atlas.grammar import Draw
from mi_widgets.zoo.atlas.texts import draw_document, draw_of

Row = Sequence[int]  # the ids of one text


class NGrams:
    """Counts of tokens after the n − 1 before them, smoothed by those after fewer (Witten and Bell 1991, method C).

    A context that was met `c` times, with `u` different tokens after it, trusts its own counts c / (c + u), and leaves
    the rest to the context that is one token shorter; the shortest of all is one token in `d_vocab`.

    Args:
        n: 1 for single tokens, 3 for trigrams.
        rows: what to count.
        d_vocab: how many tokens there are.
    """

    def __init__(self, n: int, rows: Iterable[Row], d_vocab: int) -> None:
        self.n, self.d_vocab = n, d_vocab
        self._counts: dict[tuple[int, ...], Counter[int]] = defaultdict(Counter)
        for row in rows:
            for i in range(1, len(row)):
                for before in range(min(n, i + 1)):
                    self._counts[tuple(row[i - before : i])][row[i]] += 1

    def probability(self, context: Row, token: int) -> float:
        """Of a token after all that stands before it."""
        found = 1 / self.d_vocab
        for before in range(min(self.n, len(context) + 1)):
            counts = self._counts.get(tuple(context[len(context) - before :]))
            if not counts:
                break
            met, different = counts.total(), len(counts)
            found = (counts[token] + different * found) / (met + different)
        return found

    def loss(self, rows: Iterable[Row]) -> float:
        """The mean loss in nats of every token but the first of each row."""
        nats = [-math.log(self.probability(row[:i], row[i])) for row in rows for i in range(1, len(row))]
        return sum(nats) / len(nats)


def entropy(seed: int, n: int, letters: int, *, held_out: bool) -> float:
    """The mean nats that the generator draws for a document.

    It is the documents' entropy as far as a text shows what was drawn for it, which is so but for few texts that can be
    drawn in two ways; the text has a little less than this. What `until` throws away makes what it keeps likelier;
    that share is estimated from all draws.

    Args:
        seed: of the documents.
        n: how many.
        letters: of each, at least.
        held_out: of which kind.
    """
    draws = [draw_of("entropy", seed, row) for row in range(n)]
    for draw in draws:
        draw_document(draw, held_out=held_out, letters=letters)
    return _conditioned(draws) / n


def _conditioned(draws: Sequence[Draw]) -> float:
    tries, kept = (sum((getattr(draw, name) for draw in draws), Counter()) for name in ("tries", "kept"))
    return sum(draw.nats for draw in draws) + sum(n * math.log(n / tries[what]) for what, n in kept.items())
