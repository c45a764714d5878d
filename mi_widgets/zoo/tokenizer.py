"""The word-level tokenizer of the shipped models, made by Hugging Face's `tokenizers`.

A word is one token, its leading space included; full stops and commas are tokens of their own. Text
that consists of known words, single spaces and such marks comes back exactly.
"""

from __future__ import annotations

from collections.abc import Sequence

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

from .vocabulary import BOS, MARKS, PAD, SPECIALS, UNK, vocabulary, word_groups

SPACE = "▁"  # what a leading space looks like inside the vocabulary, as in SentencePiece


def pieces() -> tuple[str, ...]:
    """Every token as the tokenizer spells it: words begin with the mark of their space."""
    bare = {*SPECIALS, *word_groups()[MARKS]}
    return tuple(word if word in bare else SPACE + word for word in vocabulary())


def number_pieces(p: int) -> tuple[str, ...]:
    """The tokens of sums modulo p as the tokenizer spells them: the numbers 0 to p − 1, each its own id, then `=`."""
    return tuple(f"{SPACE}{token}" for token in (*range(p), "="))


def word_tokenizer(tokens: Sequence[str]) -> PreTrainedTokenizerFast:
    """A tokenizer with one token a word.

    Args:
        tokens: every token in the order of its id. If `<bos>` is among them, it begins every text.
    """
    # What is unknown gets an id in any case: past the model's own, where it has no token for it.
    known = tokens if UNK in tokens else (*tokens, UNK)
    tokenizer = Tokenizer(models.WordLevel({token: i for i, token in enumerate(known)}, unk_token=UNK))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Strip(),
            normalizers.Replace(Regex(r"\s+"), " "),
            # Printed tokens are often joined with spaces: "the lamp ." means "the lamp."
            *(normalizers.Replace(f" {mark}", mark) for mark in ".,"),
            normalizers.Prepend(SPACE),
            normalizers.Replace(" ", SPACE),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(SPACE, behavior="merged_with_next"),
            pre_tokenizers.Split(Regex(r"[.,]"), behavior="isolated"),
        ]
    )
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace(SPACE, " "), decoders.Fuse(), decoders.Strip(content=" ", left=1, right=0)]
    )
    if BOS in tokens:
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{BOS} $A", special_tokens=[(BOS, tokenizer.token_to_id(BOS))]
        )
    specials = [s for s in SPECIALS if s in known]
    tokenizer.add_special_tokens([AddedToken(s, special=True, normalized=False) for s in specials])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=BOS if BOS in tokens else None,
        pad_token=PAD if PAD in tokens else None,
        unk_token=UNK,
        clean_up_tokenization_spaces=False,
    )
