"""Questions with one right word, and how often a model finds it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from mi_widgets.core import sites as at
from mi_widgets.core.interventions import Intervention
from mi_widgets.model.model import Model
from mi_widgets.zoo.atlas import arithmetic, decisions, facts, geography, indirect
from mi_widgets.zoo.atlas.grammar import Draw, Text
from mi_widgets.zoo.atlas.texts import draw_of

_ROWS = 128  # a forward pass


@dataclass(frozen=True, slots=True)
class Question:
    """What to go on with.

    Attributes:
        prompt: ends where the answer is due.
        right: the word that answers it.
        wrong: the word that it is compared with, where there is one.
    """

    prompt: str
    right: str
    wrong: str = ""


def cut_before_answer(text: Text, *, wrong: str = "", answer: str = "answer") -> Question:
    """A text, cut off before its answer.

    Args:
        text: with labels.
        wrong: see Question.
        answer: the kind of label that the answer has.
    """
    label = text.of(answer)[-1]
    return Question(text.text[: label.start].rstrip(), text.text[label.start : label.end], wrong)


def ids_of(model: Model, words: Sequence[str]) -> list[int]:
    """The token of each word, with the space before it."""
    found = [
        [i for i in row if i != model.tokenizer.bos_token_id]
        for row in model.tokenizer(list(words)).input_ids
    ]
    return [only for (only,) in found]


def last_logits(
    model: Model, prompts: Sequence[str], edit: Callable[[slice], Intervention] | None = None
) -> Float[Tensor, "n d_vocab"]:
    """The logits after each of some prompts.

    Args:
        model: under whatever interventions are active.
        prompts: texts.
        edit: from which of the prompts to what to do to them.
    """
    found = []
    for first in range(0, len(prompts), _ROWS):
        rows = slice(first, first + _ROWS)
        with model.intervene(*([edit(rows)] if edit else [])):
            run = model.run(list(prompts[rows]), keep=[at.logits.pos(-1)])
        found.append(run[at.logits.pos(-1)])
    return torch.cat(found)


def share_right(
    model: Model, questions: Sequence[Question], edit: Callable[[slice], Intervention] | None = None
) -> float:
    """How many of the questions have their right word on top."""
    logits = last_logits(model, [each.prompt for each in questions], edit)
    right = torch.tensor(ids_of(model, [each.right for each in questions]))
    return (logits.argmax(-1) == right).float().mean().item()


def logit_difference(model: Model, questions: Sequence[Question]) -> float:
    """The logit of the right word less that of the wrong one, in nats; the mean."""
    logits = last_logits(model, [each.prompt for each in questions])
    rows = torch.arange(len(questions))
    right, wrong = (
        ids_of(model, [getattr(each, which) for each in questions]) for which in ("right", "wrong")
    )
    return (logits[rows, right] - logits[rows, wrong]).mean().item()


def draw_texts(make: Callable[[Draw], Text], n: int, seed: int) -> list[Text]:
    """Held-out texts of one kind."""
    return [make(draw_of("questions", seed, row)) for row in range(n)]


def receiver_questions(n: int = 400, seed: int = 1) -> list[Question]:
    """Held-out sentences of indirect objects; the wrong word is the one who gives."""
    texts = draw_texts(lambda draw: indirect.draw_sentence(draw, held_out=True), n, seed)
    return [cut_before_answer(text, wrong=text.of("subject")[0].value) for text in texts]


def one_hop_questions(*, held_out: bool) -> list[Question]:
    """Every fact about a state, in the forms in which it is kept out of training, or in the others."""
    return [
        cut_before_answer(geography.fact_text(form, attribute, state))
        for i, form in enumerate(geography.ONE_HOP)
        for state in facts.STATES
        for attribute in facts.ATTRIBUTES
        if geography.is_form_held_out(i, state, attribute) == held_out
    ]


def two_hop_questions(*, held_out: bool) -> list[Question]:
    """Every fact about a town's state that is kept out of training, or is not, in every form."""
    return [
        cut_before_answer(geography.fact_text(form, attribute, town))
        for form in geography.TWO_HOPS
        for town in facts.towns().values()
        for attribute in facts.ATTRIBUTES
        if geography.is_held_out(town, attribute) == held_out
    ]


def location_questions() -> list[Question]:
    """The state of every town, in every form."""
    return [
        cut_before_answer(geography.location_text(form, town))
        for form in geography.LIES_IN
        for town in facts.towns().values()
    ]


def sum_questions(*, held_out: bool, n: int = 400, seed: int = 2) -> list[Question]:
    """Sums, in all forms."""
    texts = draw_texts(lambda draw: arithmetic.draw_sum(draw, held_out=held_out), n, seed)
    return [cut_before_answer(text) for text in texts]


def decision_questions(n: int = 600, seed: int = 3) -> list[Question]:
    """Held-out applications, each to be granted or refused."""
    texts = draw_texts(lambda draw: decisions.draw_sentence(draw, held_out=True), n, seed)
    return [cut_before_answer(text, answer="decision") for text in texts]
