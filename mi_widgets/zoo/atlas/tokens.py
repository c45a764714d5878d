"""The atlas tokenizer: a token a word, a town two, letters for what it does not know; every text comes back exactly.

Hugging Face's WordPiece finds the longest piece first. So a word that is a token stays whole, and a town, which is
none, falls into its front and its back.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

from mi_widgets.zoo.tokenizer import SPACE
from mi_widgets.zoo.vocabulary import BOS, PAD, UNK

from . import arithmetic, code, decisions, facts, french, geography, hesitation, indirect, names, stories

INSIDE = "\u203f"  # begins a piece that goes on with a word, as in ▁Oak ‿land
# A line's end, an indentation but for its last space, a word, a number or a mark with the space before it.
_PIECE = rf"\n|{SPACE}+(?={SPACE})|{SPACE}?[^\W\d_]+|{SPACE}?\d+|{SPACE}?[^\s\w]|."
_LETTERS = string.printable.strip() + "\n" + "àâçèéêëîïôùûüœÀÂÇÈÉÊÎÔ«»’“”–—…äöüßñ"
_SLOT = re.compile(r"\{\w+\}")
_MARKED = re.compile(r"<(\w+)>")


@cache
def pieces(*, towns_whole: bool = False) -> tuple[str, ...]:
    """Every token in the order of its id.

    Args:
        towns_whole: with a token for every town, for the model that takes the shortcut.
    """
    words: dict[str, None] = {}
    for module in (
        names,
        facts,
        indirect,
        geography,
        stories,
        french,
        code,
        arithmetic,
        hesitation,
        decisions,
    ):
        for constant in (
            value for name, value in vars(module).items() if name[0].isupper() and name.isupper()
        ):
            for text in _strings(constant):
                # After a bracket, a quotation mark or a line's end there is no space.
                starts = (SPACE, "") if module is code or constant is stories.SPEECHES else (SPACE,)
                words |= dict.fromkeys(piece for start in starts for piece in _split(start + text))
    words |= dict.fromkeys(SPACE + str(number) for number in range(2 * arithmetic.LARGEST + 1))
    towns = facts.towns().values()
    parts = {town.front for town in towns}, {town.back for town in towns}
    words |= dict.fromkeys(SPACE + front for front in sorted(parts[0]))
    words |= dict.fromkeys(INSIDE + back for back in sorted(parts[1]))
    if towns_whole:
        words |= dict.fromkeys(SPACE + town.name for town in towns)
    letters = [letter for letter in dict.fromkeys(_LETTERS) if not letter.isspace() or letter == "\n"]
    spelt = [form for letter in letters for form in (letter, INSIDE + letter)]
    marks = [SPACE + letter for letter in letters if not letter.isalnum() and letter != "\n"]
    spaces = [SPACE * n for n in (1, 3, 7)]
    return tuple(dict.fromkeys((PAD, BOS, UNK, *spaces, *spelt, *marks, *sorted(words))))


def _split(text: str) -> list[str]:
    return re.findall(_PIECE, _MARKED.sub(r"\1", _SLOT.sub("|", text)).replace(" ", SPACE))


def _strings(value: Any) -> Iterator[str]:
    """All texts in a constant."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from (*_strings(key), *_strings(item))
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from _strings(item)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from _strings(getattr(value, field.name))


def tokenizer(tokens: tuple[str, ...]) -> PreTrainedTokenizerFast:
    """The tokenizer of some pieces; `<bos>` begins every text."""
    ids = {token: i for i, token in enumerate(tokens)}
    model = models.WordPiece(
        ids, unk_token=UNK, continuing_subword_prefix=INSIDE, max_input_chars_per_word=200
    )
    made = Tokenizer(model)
    made.normalizer = normalizers.Sequence([normalizers.Prepend(SPACE), normalizers.Replace(" ", SPACE)])
    made.pre_tokenizer = pre_tokenizers.Split(Regex(_PIECE), behavior="isolated")
    made.decoder = decoders.Sequence(
        [
            decoders.Replace(INSIDE, ""),
            decoders.Replace(SPACE, " "),
            decoders.Fuse(),
            decoders.Strip(content=" ", left=1, right=0),
        ]
    )
    made.post_processor = processors.TemplateProcessing(single=f"{BOS} $A", special_tokens=[(BOS, ids[BOS])])
    made.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in (PAD, BOS, UNK)])
    return PreTrainedTokenizerFast(
        tokenizer_object=made, bos_token=BOS, pad_token=PAD, unk_token=UNK, clean_up_tokenization_spaces=False
    )
