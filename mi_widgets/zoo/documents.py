"""Synthetic documents: a few things that happened, told again and again in any order, with filler between.

Each document has its own six happenings: who (name and surname) did what (two words) with which thing (three
words). Their words come from groups of eight, so that knowing *which* words a document uses says little; which
word follows which is told only by an earlier telling. The filler is a walk through a fixed Markov chain.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from mi_widgets.zoo.vocabulary import BOS, token_ids, word_groups

N_HAPPENINGS, GROUP_SIZE, FILLER_SHARE = 6, 8, 0.3
PARTS = ("names", "surnames", "deeds", "manners", "qualities", "materials", "things")

FILLER_CHAIN = {
    "": "and then while but so",
    "and": "then the a",
    "then": "it the they",
    "while": "the a they",
    "but": "it they the",
    "so": "it they the",
    "it": "was is had",
    "they": "were had said",
    "the": "[animals] [foods]",
    "a": "[animals] [foods]",
    "[animals]": "was is had near .",
    "[foods]": "was is near .",
    "near": "it the a",
    "was": "not near .",
    "is": "not near .",
    "had": "the a not",
    "were": "not near .",
    "said": "so .",
    "not": "near .",
}
"""What may follow each word of the filler, equally likely; a name in brackets stands for a whole group."""


@cache
def _chain() -> dict[int, tuple[int, ...]]:
    """`FILLER_CHAIN` in token ids; -1 is where a walk starts."""
    ids, groups = token_ids(), word_groups()

    def expand(entry: str) -> list[int]:
        if entry == "":
            return [-1]
        return [ids[word] for word in (groups[entry[1:-1]] if entry.startswith("[") else (entry,))]

    chain: dict[int, tuple[int, ...]] = {}
    for entry, followers in FILLER_CHAIN.items():
        after = tuple(i for follower in followers.split() for i in expand(follower))
        chain.update(dict.fromkeys(expand(entry), after))
    return chain


@cache
def _group_ids(group: str) -> np.ndarray:
    return np.array([token_ids()[word] for word in word_groups()[group][:GROUP_SIZE]])


def _happenings(rng: np.random.Generator) -> list[list[int]]:
    """One word from each group for each happening, no word used twice."""
    # Sorting uniform draws is a shuffle that does not depend on NumPy's choice of shuffling algorithm.
    columns = [_group_ids(part)[rng.random(GROUP_SIZE).argsort()[:N_HAPPENINGS]] for part in PARTS]
    return np.stack(columns, axis=1).tolist()


def document(rng: np.random.Generator, n_pos: int) -> list[int]:
    """One document of `n_pos` token ids, `<bos>` first."""
    ids, chain = token_ids(), _chain()
    happenings = _happenings(rng)
    out = [ids[BOS]]

    def pick(options):
        return options[int(rng.random() * len(options))]

    while len(out) < n_pos:
        *who_did, quality, material, thing = pick(happenings)
        out += [*who_did, ids["the"], quality, material, thing, ids["."]]
        if rng.random() < FILLER_SHARE:
            word = pick(chain[-1])
            while word != ids["."]:
                out.append(word)
                word = pick(chain[word])
            out.append(word)
    return out[:n_pos]
