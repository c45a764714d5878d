"""What a model writes when it is given a beginning: is it in register, varied, and well formed?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from mi_widgets.core import sites as at
from mi_widgets.core.edits import steer
from mi_widgets.model.model import Model
from mi_widgets.model.run import Generation
from mi_widgets.zoo.atlas.arithmetic import is_counting, true_sentences
from mi_widgets.zoo.atlas.parse import parse, sentiment
from mi_widgets.zoo.atlas.stories import SENTIMENTS
from mi_widgets.zoo.atlas.texts import REGISTERS

from .questions import draw_texts

TEMPERATURE = 0.8
WRITTEN = [register for register in REGISTERS if register != "repeat"]  # which is made to say the same again
VARIED = 0.6  # the least share of different pairs of tokens
_WORDS = 3  # of an opening
_NEW = 40  # tokens


@dataclass(frozen=True, slots=True)
class Continuation:
    """What was written.

    Attributes:
        text: the opening, and what came after it.
        in_register: whether the first sentence that was not given whole is as it should be.
        distinct_2: the share of different pairs of tokens among all that was added.
        is_well_formed: whether all of it is as the grammar has it, the last sentence perhaps unfinished.
    """

    text: str
    in_register: bool
    distinct_2: float
    is_well_formed: bool

    @property
    def is_good(self) -> bool:
        """All three."""
        return self.in_register and self.is_well_formed and self.distinct_2 >= VARIED


def continuations(model: Model, register: str, *, n: int = 50, seed: int = 0) -> list[Continuation]:
    """Held-out texts of a register, broken off after three words and continued by the model.

    Args:
        model: under whatever interventions are active.
        register: one of `WRITTEN`.
        n: how many.
        seed: of the openings and the sampling, at a temperature of 0.8.
    """
    _, make = REGISTERS[register]
    texts = draw_texts(lambda draw: make(draw, held_out=True), n, seed)
    openings = [" ".join(text.text.split(" ")[:_WORDS]) for text in texts]
    written = model.generate_batch(openings, max_new_tokens=_NEW, temperature=TEMPERATURE, seed=seed)
    return [_judged(generation, register, after=0) for generation in written]


def continued(model: Model, opening: str, wanted: str, *, n: int = 50, seed: int = 0) -> list[Continuation]:
    """One text continued several times, judged by what comes next; it may not end there.

    Args:
        model: under whatever interventions are active.
        opening: whole sentences.
        wanted: the register that the next sentence is to be of; or a sentiment, that of the next sentence that has one.
        n: how many.
        seed: of the sampling, at a temperature of 0.8.
    """
    told = len(parse(opening, without=("repeat",)).sentences)
    never = torch.zeros(model.config.d_vocab)
    never[model.tokenizer.eos_token_id] = -torch.finfo(torch.float16).max
    with model.intervene(steer(at.logits, never)):
        written = model.generate_batch([opening] * n, max_new_tokens=_NEW, temperature=TEMPERATURE, seed=seed)
    return [_judged(generation, wanted, after=told) for generation in written]


def _judged(generation: Generation, wanted: str, *, after: int) -> Continuation:
    """What was written behind so many sentences."""
    parsed = parse(str(generation), without=("repeat",))
    new = parsed.sentences[after:]
    told = (
        [mood for _, text in new if (mood := sentiment(text))]
        if wanted in SENTIMENTS
        else [of for of, _ in new]
    )
    pairs = [*zip(generation.ids, generation.ids[1:], strict=False)]
    varied = len({*pairs}) / max(1, len(pairs))
    return Continuation(str(generation), told[:1] == [wanted], varied, parsed.is_well_formed)


def share_of_true_sums(continuations: Sequence[Continuation]) -> float:
    """How many of the finished sums in some texts are true; counting is left out."""
    said = [
        sentence
        for one in continuations
        for register, sentence in parse(one.text).sentences
        if register == "arithmetic" and not is_counting(sentence)
    ]
    return sum(sentence in true_sentences() for sentence in said) / max(1, len(said))
