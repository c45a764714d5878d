"""`Task`: what a network computes of two numbers, how it is asked, and what it learned from."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Int
from torch import Tensor

from mi_widgets.core.argument_types import argument_type, checked
from mi_widgets.core.errors import MIError
from mi_widgets.core.record import Call
from mi_widgets.core.recording import made_by
from mi_widgets.core.whole_numbers import whole
from mi_widgets.zoo.modular_addition import Sums, as_prime

from .operations import Operation, answers_of, is_linear

_PROMPT = ("a", "b", "=")


@argument_type("mi.fourier.Task(p)")
@checked
@dataclass(frozen=True, eq=False)
class Task:
    """An operation on two numbers modulo a prime, as a network was taught it.

    The answer is read after the last token of the prompt, from the logits of the p numbers alone: a network may have
    other tokens, and their logits count nowhere.

    Args:
        p: the modulus, a prime from 5; the numbers are 0 to p − 1.
        operation: `"a+b"`, `"a-b"`, or another text of a, b, whole numbers, `+`, `-`, `*`, `**` and brackets; or a
            function of a and b, called with whole numbers. Taken modulo p.
        prompt: the tokens of a prompt: `"a"` and `"b"` for the numbers, `"="` for the token after the last number, and
            token ids for all others. `("a", "b")` is a prompt without `=`; `(115, "a", 114, "b", 113)` one with a token
            in front, an operator and `=`.
        first: the token id of the number 0; n has the n-th after it.
        first_answer: the place of the number 0 among the logits; that of `first` by default.
        split: which pairs the network learned from: a boolean mask, of shape (p, p) by a and b or (p²,), or the places
            of the pairs, a p + b; or `mi.fourier.modular_sums(p, "train", seed=…)`. None where it is not known.

    Raises:
        MIError: an argument of another form.
    """

    p: int
    operation: Operation = "a+b"
    prompt: Sequence[str | int] = field(default=_PROMPT, kw_only=True)
    first: int = field(default=0, kw_only=True)
    first_answer: int | None = field(default=None, kw_only=True)
    split: Any = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        put = {
            "p": as_prime(self.p),
            "prompt": _read_prompt(self.prompt),
            "first": _place(self.first, "first"),
            "first_answer": None if self.first_answer is None else _place(self.first_answer, "first_answer"),
        }
        for name, value in put.items():
            object.__setattr__(self, name, value)
        object.__setattr__(self, "answers", answers_of(self.operation, self.p, "mi.fourier.Task"))
        object.__setattr__(self, "learned", _read_split(self.split, self.p))

    answers: Int[Tensor, "p p"] = field(init=False, repr=False)
    learned: Bool[Tensor, "p p"] | None = field(init=False, repr=False)

    @cached_property
    def ids(self) -> Int[Tensor, "n pos"]:
        """The prompts of all pairs, in the order of a, then b."""
        a = torch.arange(self.p).repeat_interleave(self.p)
        b = torch.arange(self.p).repeat(self.p)
        column = {"a": self.first + a, "b": self.first + b, "=": torch.full_like(a, self.first + self.p)}
        tokens = [column[t] if isinstance(t, str) else torch.full_like(a, t) for t in self.prompt]
        return torch.stack(tokens, 1)

    @property
    def last_id(self) -> int:
        """The largest token id of any prompt."""
        return max(t if isinstance(t, int) else self.first + self.p - (t != "=") for t in self.prompt)

    @property
    def numbers(self) -> slice:
        """The token ids of the numbers."""
        return slice(self.first, self.first + self.p)

    @property
    def outputs(self) -> slice:
        """The places of the numbers among the logits."""
        start = self.first if self.first_answer is None else self.first_answer
        return slice(start, start + self.p)

    @cached_property
    def is_linear(self) -> bool:
        """Whether the answer is a sum of multiples of a and b (and a number), as a sum and a difference are."""
        return is_linear(self.answers)

    @property
    def chance(self) -> float:
        """The share of all pairs that are right for whoever always says the commonest answer."""
        return self.answers.flatten().bincount().max().item() / self.p**2

    @property
    def said(self) -> str:
        """The operation in a few characters."""
        if isinstance(self.operation, str):
            return self.operation.strip()
        return str(getattr(self.operation, "__name__", "a function of yours"))

    def __repr__(self) -> str:
        prompt = "" if self.prompt == _PROMPT else f", prompt={self.prompt!r}"
        places = [(name, getattr(self, name)) for name in ("first", "first_answer")]
        begins = "".join(f", {name}={place}" for name, place in places if place)
        learned = "" if self.learned is None else f", split: {int(self.learned.sum())} of {self.p**2} pairs"
        operation = repr(self.said) if isinstance(self.operation, str) else self.said
        return f"mi.fourier.Task({self.p}, {operation}{prompt}{begins}{learned})"

    @property
    def record(self) -> Call:
        """The call that makes it."""
        signature = inspect.signature(type(self))
        given = {name: getattr(self, name) for name in signature.parameters}
        return made_by("mi.fourier.Task", signature, given, name="task")


def _place(given: Any, name: str) -> int:
    number = whole(given)
    if number is None or number < 0:
        raise MIError(f"mi.fourier.Task: {name} must be a whole number from 0; got {given!r}.")
    return number


def _read_prompt(given: Any) -> tuple[str | int, ...]:
    listed = list(given) if not isinstance(given, (str, bytes)) else []
    tokens = [token if token in ("a", "b", "=") else whole(token) for token in listed]
    numbers = [token for token in tokens if isinstance(token, str) and token in "ab"]
    if sorted(numbers) != ["a", "b"] or any(t is None or (isinstance(t, int) and t < 0) for t in tokens):
        raise MIError(
            "mi.fourier.Task: prompt is a list of tokens with 'a' and 'b' once each, '=' and token ids, as in "
            f"('a', 'b', '='), ('a', 'b') or ('a', 114, 'b', 113); got {given!r}."
        )
    return tuple(token for token in tokens if token is not None)


def _read_split(given: Any, p: int) -> Bool[Tensor, "p p"] | None:
    """A mask of the pairs that were learned from, by a and b."""
    if given is None:
        return None
    if isinstance(given, Sums):
        if given.p == p and given.split == "train":
            return _mask(given.ids[:, 0] * p + given.ids[:, 1], p)
        raise MIError(
            f"mi.fourier.Task: split takes mi.fourier.modular_sums({p}, 'train', seed=…), what the network learned "
            f"from; got {given!r}."
        )
    try:
        places = torch.as_tensor(np.asarray(given))
    except (TypeError, ValueError, RuntimeError):
        places = torch.empty(0)
    if places.dtype == torch.bool and tuple(places.shape) in ((p, p), (p * p,)):
        return _not_trivial(places.reshape(p, p).clone(), p)
    whole_numbers = places.dtype in (torch.int64, torch.int32, torch.int16, torch.uint8)
    if (
        whole_numbers
        and places.ndim == 1
        and len(places)
        and int(places.min()) >= 0
        and int(places.max()) < p * p
    ):
        return _not_trivial(_mask(_each_once(places.long(), p), p), p)
    shape = f"{tuple(places.shape)} of {str(places.dtype).removeprefix('torch.')}"
    raise MIError(
        f"mi.fourier.Task: split is a boolean mask of shape ({p}, {p}) or ({p * p},), or the places a * {p} + b of "
        f"pairs, from 0 to {p * p - 1}; got {shape}."
    )


def _each_once(places: Int[Tensor, " n"], p: int) -> Int[Tensor, " n"]:
    found, times = places.unique(return_counts=True)
    if int(times.max()) > 1:
        twice = found[times > 1][0]
        hint = (
            f" {p * p} of 0 and 1 are a mask, whose values are truth values: np.array(split, dtype=bool)."
            if len(places) == p * p and found.tolist() == [0, 1]
            else ""
        )
        raise MIError(
            f"mi.fourier.Task: split names each pair once, by its place a * {p} + b; got {int(twice)} "
            f"{int(times.max())} times.{hint}"
        )
    return places


def _mask(places: Tensor, p: int) -> Bool[Tensor, "p p"]:
    mask = torch.zeros(p * p, dtype=torch.bool)
    mask[places] = True
    return mask.reshape(p, p)


def _not_trivial(mask: Bool[Tensor, "p p"], p: int) -> Bool[Tensor, "p p"]:
    if not 0 < mask.sum() < p * p:
        raise MIError(
            f"mi.fourier.Task: split says what was learned from, and what was not: some of the {p * p} pairs, not "
            f"{'none' if not mask.any() else 'all'} of them."
        )
    return mask
