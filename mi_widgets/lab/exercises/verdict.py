"""What an exercise says of an answer."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Verdict:
    """Whether an answer is right, and what to say of it. In a notebook the words are what is seen.

    Attributes:
        right: None where nothing was answered yet.
        words: one or two sentences, which do not give a right answer away.
    """

    right: bool | None
    words: str

    def __bool__(self) -> bool:
        return bool(self.right)

    def __repr__(self) -> str:
        return self.words


def unanswered(wanted: str) -> Verdict:
    """Of None.

    Args:
        wanted: what an answer is, as in "a frequency".
    """
    return Verdict(None, f"No answer yet. Put {wanted} in place of None and run this cell again.")


def no(words: str) -> Verdict:
    """Of a wrong answer."""
    return Verdict(False, f"✗ Not yet. {words}")


def yes(words: str) -> Verdict:
    """Of a right answer."""
    return Verdict(True, f"✓ Right. {words}")
