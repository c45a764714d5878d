"""Texts that know what is said where: templates with slots, joined into longer ones, each slot a label."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

import numpy as np

_Item = TypeVar("_Item")
_SLOT = re.compile(r"\{(\w+)\}")


def words(text: str) -> tuple[str, ...]:
    """A list of words, as it is pleasant to write one."""
    return tuple(text.split())


@dataclass(frozen=True, slots=True)
class Label:
    """What a part of a text is.

    Attributes:
        kind: as in "register", "name", "city", "state", "asked", "answer", "sentiment".
        value: as in "geography", "Mary", "Dallas".
        start, end: the characters of the text, `text[start:end]`.
    """

    kind: str
    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Text:
    """A text and what is known about its parts, in their order."""

    text: str
    labels: tuple[Label, ...] = ()

    def called(self, kind: str, value: str) -> Text:
        """The same with a label for the whole of it."""
        return Text(self.text, (Label(kind, value, 0, len(self.text)), *self.labels))

    def of(self, kind: str) -> tuple[Label, ...]:
        """The labels of a kind."""
        return tuple(label for label in self.labels if label.kind == kind)


def fill(template: str, **values: str | Text) -> Text:
    """A template with its slots filled; each slot is labelled with its name, less a number at its end.

    Args:
        template: as in `"{a1} gave {a2} a book."`, whose labels are two of kind `a`.
        values: what is put in; a Text keeps its labels.
    """
    written: list[str] = []
    labels: list[Label] = []
    start = 0
    for between, slot in _slots(template):
        written.append(between)
        start += len(between)
        if slot is None:
            break
        value = values[slot]
        if isinstance(value, Text):
            labels += _moved(value.labels, start)
            value = value.text
        else:
            labels.append(Label(slot.rstrip("0123456789"), value, start, start + len(value)))
        written.append(value)
        start += len(value)
    return Text("".join(written), tuple(labels))


@cache
def _slots(template: str) -> tuple[tuple[str, str | None], ...]:
    """What stands before each slot, with its name; at the end, what stands after the last."""
    pieces = _SLOT.split(template)
    return (*zip(pieces[::2], pieces[1::2]), (pieces[-1], None))  # noqa: B905 (one more piece than slots)


def _moved(labels: Iterable[Label], by: int) -> Iterator[Label]:
    for label in labels:
        yield Label(label.kind, label.value, label.start + by, label.end + by)


def joined(texts: Sequence[Text], by: str = " ") -> Text:
    """Texts one after the other."""
    labels: list[Label] = []
    start = 0
    for text in texts:
        labels += _moved(text.labels, start)
        start += len(text.text) + len(by)
    return Text(by.join(text.text for text in texts), tuple(labels))


class Draw:
    """Draws from one stream of random numbers, the same on every machine and with every version of NumPy."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng

    def chance(self, share: float) -> bool:
        """True in a share of all draws."""
        return bool(self._rng.random() < share)

    def number(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return low + int(self._rng.random() * (high - low + 1))

    def one(self, items: Sequence[_Item]) -> _Item:
        """One of some items."""
        return items[int(self._rng.random() * len(items))]

    def some(self, items: Sequence[_Item], n: int) -> list[_Item]:
        """Some different items, in any order."""
        if n > 3:
            # Sorting uniform draws is a shuffle that does not depend on NumPy's choice of shuffling algorithm.
            return [items[i] for i in self._rng.random(len(items)).argsort()[:n]]
        found: list[_Item] = []  # for a few, drawing again is faster
        while len(found) < n:
            item = self.one(items)
            if item not in found:
                found.append(item)
        return found
