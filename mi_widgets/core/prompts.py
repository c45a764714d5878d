"""`PromptPair`: two prompts that differ in one thing, and the answers that tell them apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .argument_types import argument_type, checked
from .errors import PromptError
from .given_prompts import Prompt, listed, plain_list, token_ids
from .texts import Row, plain_text, plain_texts
from .whole_numbers import counted, whole

Answer = str | int  # a text of one token, or a token id


@argument_type("mi.PromptPair(clean, corrupted, (right, wrong))")
@checked
@dataclass(frozen=True)
class PromptPair:
    """A clean prompt, its corrupted twin, and the two answers between which the model decides.

    Args:
        clean: the prompt whose answer is `answers[0]`: a text, or token ids.
        corrupted: the same prompt changed so that the answer becomes `answers[1]`.
        answers: (right after the clean prompt, right after the corrupted one), each the text of one token, or a token
            id. Numbers are ids, never text.

    Raises:
        PromptError: a prompt that is empty or is several; answers that are no two different ones.
    """

    clean: Prompt
    corrupted: Prompt
    answers: tuple[Answer, Answer]

    def __post_init__(self) -> None:
        for name in ("clean", "corrupted"):
            object.__setattr__(self, name, one_prompt(f"mi.PromptPair: {name}", getattr(self, name)))
        object.__setattr__(self, "answers", two_answers("mi.PromptPair", self.answers))

    def __repr__(self) -> str:
        return f"mi.PromptPair({self.clean!r}, {self.corrupted!r}, {self.answers!r})"

    def code(self) -> str:
        """The Python that makes this pair."""
        return repr(self)


def one_prompt(what: str, given: Any) -> str | tuple[int, ...]:
    """One prompt as a text that is not empty, or as token ids.

    Args:
        what: it is, for the message.
        given: of any make; also what a tokenizer returns of one text.

    Raises:
        PromptError: none, or several.
    """
    wanted = f"{what} must be a text that is not empty, or token ids"
    try:
        several = listed(given).items
    except PromptError as error:
        raise PromptError(f"{wanted}; got {given!r:.80}. {error}") from error
    one = several[0] if len(several) == 1 else None
    prompt = one if isinstance(one, str) else token_ids(one)
    if not prompt:
        raise PromptError(f"{wanted}; got {given!r:.80}.")
    return prompt if isinstance(prompt, (str, Row)) else tuple(prompt)


def two_answers(caller: str, given: Any) -> tuple[Answer, Answer]:
    """Two answers, checked: texts or token ids of any make.

    Args:
        caller: what takes them, for the message.
        given: (right, wrong).

    Raises:
        PromptError: not two, not in an order, or the same twice.
    """
    both = plain_list(plain_texts(given))
    several = both if isinstance(both, (list, tuple)) else ()
    known = [
        each
        for each in (each if isinstance(each, str) else whole(each) for each in several)
        if each is not None
    ]
    if len(several) != 2 or len(known) != 2 or known[0] == known[1]:
        raise PromptError(
            f'{caller}: answers must be two different texts, as in (" Mary", " John"), or two different token ids; '
            f"got {given!r}."
        )
    return known[0], known[1]


@argument_type("mi.sae.annotations(texts)")
@checked
@dataclass(frozen=True)
class Annotation:
    """Something that is known at one place of a text.

    Attributes:
        text: the number of the text.
        end: the characters up to here; the token that the last of them belongs to is meant.
        kind: as in "sentiment".
        value: as in "negative".
    """

    text: int
    end: int
    kind: str
    value: str

    def __post_init__(self) -> None:
        for name, least in (("text", 0), ("end", 1)):
            object.__setattr__(self, name, counted(getattr(self, name), f"mi.sae.Annotation: {name}", least))
        for name in ("kind", "value"):
            given = plain_text(getattr(self, name))
            if not isinstance(given, str):
                raise PromptError(f"mi.sae.Annotation: {name} must be a text; got {given!r}.")
            object.__setattr__(self, name, given)

    def code(self) -> str:
        """The Python that makes this annotation."""
        return f"mi.sae.{self!r}"
