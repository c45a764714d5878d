"""The words of the shipped word-level models, read from `words.txt`."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

BOS, PAD, UNK = "<bos>", "<pad>", "<unk>"
SPECIALS = (BOS, PAD, UNK)
MARKS = "marks"
"""The group of `words.txt` that is written without a space before it."""


@cache
def word_groups() -> dict[str, tuple[str, ...]]:
    """The groups of `words.txt`, in the order of the file: `{"names": ("John", …), …}`."""
    groups: dict[str, list[str]] = {}
    current: list[str] = []
    for line in files("mi_widgets.zoo").joinpath("words.txt").read_text("utf-8").splitlines():
        if line.startswith("["):
            current = groups.setdefault(line.strip("[]"), [])
        elif line and not line.startswith("#"):
            current.extend(line.split())
    return {name: tuple(words) for name, words in groups.items()}


@cache
def vocabulary() -> tuple[str, ...]:
    """Every token's text in the order of the ids: the special tokens, then the words of the file."""
    return (*SPECIALS, *(word for group in word_groups().values() for word in group))


@cache
def token_ids() -> dict[str, int]:
    """The id of each word, as written in `words.txt`."""
    return {word: i for i, word in enumerate(vocabulary())}
