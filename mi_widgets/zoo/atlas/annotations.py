"""Where in the atlas texts something is known that a model may hold there: for scoring latents against the truth."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from mi_widgets.core.argument_types import checked
from mi_widgets.core.errors import PromptError
from mi_widgets.core.prompts import Annotation
from mi_widgets.core.requirements import kind_of

from .grammar import Label, Text

_AT_THE_END = ("french", "arithmetic", "hesitation", "code", "geography", "indirect", "decision")
_WORD = re.compile(r"\w+")


@checked
def annotations_of(texts: Sequence[Text], *, every_token: bool = False) -> tuple[Annotation, ...]:
    """What is known, each where it can first be known.

    - `asked`: which attribute of a state, where the answer is due;
    - `register`: at the last character of a sentence of it, and `comment` at the end of a comment of code;
    - `sentiment`: at each word that sets it.

    Args:
        texts: of `mi.shipped.sample_texts("atlas", …)`.
        every_token: annotate a sentiment at every word of its sentences in place of those that set it: what a label
            means to whoever does not ask where it can be known.
    """
    for text in (texts := [*texts]):
        if not isinstance(text, Text):
            raise PromptError(
                'mi.sae.annotations: texts are those of mi.shipped.sample_texts("atlas", n=…), whose labels are '
                f"known; got {kind_of(text)} among them."
            )
    return tuple(annotation for i, text in enumerate(texts) for annotation in _of(i, text, every_token))


def _of(number: int, text: Text, every_token: bool) -> Iterator[Annotation]:
    asked = text.of("asked")
    for label in text.of("is"):
        answer = next(a for a in text.of("answer") if a.start >= label.end)
        if any(a.value == label.value for a in asked):
            yield Annotation(number, len(text.text[: answer.start].rstrip()), "asked", label.value)
    for label in text.of("register"):
        if label.value in _AT_THE_END:
            yield Annotation(number, len(text.text[: label.end].rstrip()), "register", label.value)
    for label in text.of("comment"):
        yield Annotation(number, label.end, "register", "comment")
    for label in text.of("sentiment"):
        for end in _ends(text, label, every_token):
            yield Annotation(number, end, "sentiment", label.value)


def _ends(text: Text, sentence: Label, every_token: bool) -> list[int]:
    if every_token:
        return [word.end() for word in _WORD.finditer(text.text, sentence.start, sentence.end)]
    return [word.end for word in text.of("word") if sentence.start <= word.start < sentence.end]
