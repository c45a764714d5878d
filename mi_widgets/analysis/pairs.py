"""Pairs of prompts as a model takes them: checked, tokenized, with the ids of their answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mi_widgets.core.errors import PromptError
from mi_widgets.core.given_prompts import plain_list
from mi_widgets.core.prompts import Answer, PromptPair
from mi_widgets.core.requirements import kind_of
from mi_widgets.core.texts import plain_texts
from mi_widgets.core.whole_numbers import whole
from mi_widgets.model.model_core import ModelCore
from mi_widgets.model.unknown_tokens import has_unknown

Pairs = PromptPair | Sequence[PromptPair]
T = TypeVar("T")


@dataclass(frozen=True)
class Answers:
    """What a metric compares, for each prompt.

    Attributes:
        right: the token that is right after the clean prompt.
        wrong: the one that is right after the corrupted prompt.
        clean: the logits after the clean prompts, unchanged; None where no pair was run.
    """

    right: Int[Tensor, " batch"]
    wrong: Int[Tensor, " batch"]
    clean: Float[Tensor, "batch d_vocab"] | None = None

    def to(self, device: torch.device) -> Answers:
        """The same on another device."""
        clean = None if self.clean is None else self.clean.to(device)
        return Answers(self.right.to(device), self.wrong.to(device), clean)


def listed(pairs: Pairs) -> tuple[PromptPair, ...]:
    """One pair, or several, as a tuple.

    Raises:
        PromptError: none, or something that is no pair.
    """
    several = (pairs,) if isinstance(pairs, PromptPair) else tuple(pairs)
    for i, pair in enumerate(several):
        if not isinstance(pair, PromptPair):
            raise PromptError(
                f"Pair {i} is {pair!r}: give mi.PromptPair(clean, corrupted, (right, wrong)), or a list of them."
            )
    if not several:
        raise PromptError("No pairs: give a mi.PromptPair(clean, corrupted, (right, wrong)), or several.")
    return several


def answers_of(model: ModelCore, answers: Sequence[tuple[Answer, Answer]]) -> Answers:
    """The ids of the two answers of each prompt.

    Args:
        model: whose tokenizer says what one token is.
        answers: for each prompt (right, wrong).

    Raises:
        PromptError: an answer that is not one token, or two that are the same.
    """
    ids = [
        [answer_id(model, answer, f"The answer {answer!r} of pair {i}") for answer in two]
        for i, two in enumerate(answers)
    ]
    for i, (right, wrong) in enumerate(ids):
        if right == wrong:
            raise PromptError(
                f"The two answers of pair {i}, {answers[i][0]!r} and {answers[i][1]!r}, are one token of {model.name}, "
                f"{right}: give two different ones."
            )
    both = torch.tensor(ids)
    return Answers(both[:, 0], both[:, 1])


def answer_id(model: ModelCore, answer: Answer, called: str) -> int:
    """The id of a token that is given by its text, or by its id.

    Args:
        model: whose tokenizer says what one token is.
        answer: numbers are ids, never text.
        called: what it is, for the message.

    Raises:
        PromptError: no one token of the model.
    """
    if not isinstance(answer, int):
        return token_id(model, answer, called)
    size = model.config.d_vocab
    if not 0 <= answer < size:
        raise PromptError(f"{called} is out of the vocabulary: {model.name} has ids 0 to {size - 1}.")
    return answer


def tokens_asked(model: ModelCore, tokens: Any, what: str) -> tuple[list[int], list[str]]:
    """The ids of tokens, one or several, each given by its text or its id; and their texts, as given.

    Args:
        model: whose they are.
        tokens: of any make.
        what: they are, for the message.

    Raises:
        PromptError: one of them is no one token of the model.
    """
    given = plain_list(plain_texts(tokens))
    listed = list(given) if isinstance(given, Iterable) and not isinstance(given, str) else [given]
    plain = [each if (number := whole(each)) is None else number for each in listed]
    ids = [answer_id(model, each, f"{what}: {each!r}") for each in plain]
    texts = model.vocabulary_of(ids)
    return ids, [each if isinstance(each, str) else text for each, text in zip(plain, texts, strict=True)]


def token_id(model: ModelCore, text: str, called: str) -> int:
    """The id of a text that is one token.

    Args:
        model: whose tokenizer is asked.
        text: as the model's tokens are shown, with the space before it.
        called: what it is, for the message.

    Raises:
        PromptError: it is several tokens, or none that the model knows.
    """
    if not isinstance(text, str):
        raise PromptError(f"{called} is {kind_of(text)}: give a text of one token.")
    if model.tokenizer is None:
        return model.named_tokens.id(text, text)
    ids = []
    # A token is shown with the space before it, which some tokenizers put there by themselves.
    for written in (text, text.removeprefix(" ")):
        ids = model.encoded(written)
        known = len(ids) == 1 and not has_unknown(model.tokenizer, written, ids)
        if known and (written == text or model.vocabulary_of(ids) == [text]):
            return ids[0]
    raise PromptError(
        f"{called} is not one token of {model.name}: it is {model.vocabulary_of(ids)!r}. Give a text of one token, "
        "with the space before it where the tokenizer has spaces in its tokens."
    )


def check_lengths(clean: Sequence[Sequence[str]], corrupted: Sequence[Sequence[str]]) -> None:
    """Raise `PromptError` unless the two prompts of each pair have as many tokens."""
    for i, (one, other) in enumerate(zip(clean, corrupted, strict=True)):
        if len(one) != len(other):
            raise PromptError(
                f"Pair {i}: its prompts must have as many tokens, or positions could not be exchanged; clean has "
                f"{len(one)}: {shown(one)}, corrupted has {len(other)}: {shown(other)}."
            )


def check_one_length(prompts: Sequence[Sequence[str]]) -> None:
    """Raise `PromptError` unless all prompts have as many tokens, so that a position means the same in all."""
    first = prompts[0]
    for i, tokens in enumerate(prompts[1:], 1):
        if len(tokens) != len(first):
            raise PromptError(
                f"Pairs of different lengths have no position in common: pair 0 has {len(first)} tokens: "
                f"{shown(first)}, pair {i} has {len(tokens)}: {shown(tokens)}. Give pairs of one length, or leave "
                'positions out, as in by=("layer",).'
            )


def batches(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Pairs or prompts, so many at a time.

    Raises:
        PromptError: the number is not a whole one from 1.
    """
    if (whole(size) or 0) < 1:
        raise PromptError(f"batch_size={size!r}: give a whole number from 1.")
    return (items[first : first + size] for first in range(0, len(items), size))


def shown(tokens: Sequence[str]) -> str:
    """Tokens side by side, for messages."""
    return " | ".join(token.replace("\n", "↵") for token in tokens)
