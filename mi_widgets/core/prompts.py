"""`PromptPair`: two prompts that differ in one thing, and the answers that tell them apart."""

from __future__ import annotations

from dataclasses import dataclass

from .argument_types import argument_type, checked
from .errors import PromptError


@argument_type("mi.PromptPair(clean, corrupted, (right, wrong))")
@checked
@dataclass(frozen=True)
class PromptPair:
    """A clean prompt, its corrupted twin, and the two answers between which the model decides.

    Args:
        clean: the prompt whose answer is `answers[0]`.
        corrupted: the same prompt changed so that the answer becomes `answers[1]`.
        answers: (right after the clean prompt, right after the corrupted one), each one token.
    """

    clean: str
    corrupted: str
    answers: tuple[str, str]

    def __post_init__(self) -> None:
        for name in ("clean", "corrupted"):
            text = getattr(self, name)
            if not isinstance(text, str) or not text:
                raise PromptError(f"mi.PromptPair: {name} must be a text that is not empty; got {text!r}.")
            object.__setattr__(self, name, str(text))  # numpy's texts are written otherwise
        two = isinstance(self.answers, (tuple, list)) and len(self.answers) == 2
        if not two or self.answers[0] == self.answers[1]:
            raise PromptError(f"mi.PromptPair: answers must be two different texts; got {self.answers!r}.")
        object.__setattr__(self, "answers", tuple(map(str, self.answers)))

    def __repr__(self) -> str:
        return f"mi.PromptPair({self.clean!r}, {self.corrupted!r}, {self.answers!r})"

    def code(self) -> str:
        """The Python that makes this pair."""
        return repr(self)


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

    def code(self) -> str:
        """The Python that makes this annotation."""
        return f"mi.sae.{self!r}"
