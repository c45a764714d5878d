"""Texts that know what is said where: templates with slots, joined into longer ones, each slot a label."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

import numpy as np

from mi_widgets.core.texts import WithText

_Item = TypeVar("_Item")
_SLOT = re.compile(r"\{(\w+)\}|<(\w+)>")


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
class Text(WithText):
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
        template: as in `"{a1} gave {a2} a book."`, whose labels are two of kind `a`; a word in `<>` is a slot filled
            by itself, with a label of kind `word`.
        values: what is put in; a Text keeps its labels.
    """
    written: list[str] = []
    labels: list[Label] = []
    start = 0
    for between, slot, marked in _slots(template):
        written.append(between)
        start += len(between)
        if slot is None:
            break
        value = marked or values[slot]
        if isinstance(value, Text):
            labels += _moved(value.labels, start)
            value = value.text
        else:
            labels.append(Label(slot.rstrip("0123456789"), value, start, start + len(value)))
        written.append(value)
        start += len(value)
    return Text("".join(written), tuple(labels))


@cache
def _slots(template: str) -> tuple[tuple[str, str | None, str | None], ...]:
    """What stands before each slot, its name, and the word that fills it where it is marked; then what is left."""
    found, start = [], 0
    for slot in _SLOT.finditer(template):
        name, marked = slot.groups()
        found.append((template[start : slot.start()], name or "word", marked))
        start = slot.end()
    return (*found, (template[start:], None, None))


def pattern(template: str, slots: Mapping[str, str | Sequence[str]], *, differ: Sequence[str] = ()) -> str:
    """A template as a regular expression: what `fill` makes of it.

    A slot that comes again says the same again.

    Args:
        template: see `fill`.
        slots: what may stand in a slot: words, by the slot's name less a number at its end; or a regular expression, by
            its full name.
        differ: full names of slots no two of which say the same; their groups in the expression have these names.
    """
    parts, written, seen = _slots(template), [], []
    names = [slot for _, slot, marked in parts if not marked]
    for between, slot, marked in parts:
        written.append(re.escape(between))
        if slot is None:
            break
        if slot in seen and not marked:
            written.append(f"(?P={slot})")
            continue
        allowed = [marked] if marked else slots[slot if slot in slots else slot.rstrip("0123456789")]
        regular = allowed if isinstance(allowed, str) else "|".join(map(re.escape, allowed))
        if not marked and (slot in differ or names.count(slot) > 1):
            others = "".join(rf"(?!(?P={other})\b)" for other in seen if slot in differ and other in differ)
            regular = f"{others}(?P<{slot}>{regular})"
            seen.append(slot)
        written.append(f"(?:{regular})")
    return "".join(written)


def _moved(labels: Iterable[Label], by: int) -> Iterator[Label]:
    for label in labels:
        yield Label(label.kind, label.value, label.start + by, label.end + by)


def joined(texts: Iterable[Text]) -> Text:
    """Texts one after the other, with a space between them where there is no line's end."""
    written, labels = "", []
    for text in texts:
        if written and not (written.endswith("\n") or text.text.startswith("\n")):
            written += " "
        labels += _moved(text.labels, len(written))
        written += text.text
    return Text(written, tuple(labels))


class Draw:
    """Draws from one stream of random numbers, the same on every machine and with every version of NumPy.

    Attributes:
        nats: minus the logarithm of the probability of all that was drawn, less what `until` threw away.
        tries, kept: how often `until` drew, and kept what it drew, by what it drew for.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self.nats = 0.0
        self.tries: Counter[str] = Counter()
        self.kept: Counter[str] = Counter()

    def chance(self, share: float) -> bool:
        """True in a share of all draws."""
        found = bool(self._rng.random() < share)
        self.nats -= math.log(share if found else 1 - share)
        return found

    def number(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        self.nats += math.log(high - low + 1)
        return low + int(self._rng.random() * (high - low + 1))

    def one(self, items: Sequence[_Item]) -> _Item:
        """One of some items."""
        return items[self.number(0, len(items) - 1)]

    def some(self, items: Sequence[_Item], n: int) -> list[_Item]:
        """Some different items, in any order."""
        self.nats += sum(math.log(len(items) - i) for i in range(n))
        # Sorting uniform draws is a shuffle that does not depend on NumPy's choice of shuffling algorithm.
        return [items[i] for i in self._rng.random(len(items)).argsort()[:n]]

    def weighted(self, shares: Mapping[_Item, float]) -> _Item:
        """One of some items, each in its share of all draws."""
        place, items = self._rng.random() * sum(shares.values()), [*shares]
        for found in items[:-1]:
            place -= shares[found]
            if place < 0:
                break
        else:
            found = items[-1]
        self.nats -= math.log(shares[found] / sum(shares.values()))
        return found

    def until(self, what: str, make: Callable[[], _Item], accepts: Callable[[_Item], bool]) -> _Item:
        """What is drawn first that is accepted.

        Args:
            what: it is for; `tries` and `kept` are counted by it.
            make: draws.
            accepts: whether to keep it.
        """
        before = self.nats
        while True:
            self.tries[what] += 1
            found = make()
            if accepts(found):
                self.kept[what] += 1
                return found
            self.nats = before
