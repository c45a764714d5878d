"""Tokens without a tokenizer: each has the text that a list gives it, or its number."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from mi_widgets.core.errors import MIError, PromptError
from mi_widgets.core.requirements import kind_of
from mi_widgets.core.texts import plain_texts


class NamedTokens:
    """The texts of token ids, and the ids of texts.

    A text is split at white space, and each piece is a token: by its name as it stands, else by its name without the
    spaces around it. Where the names have no spaces of their own, tokens are shown with one before each, as words are.

    Args:
        names: the text of each id, in order; None for their numbers.
        size: how many ids there are.
        model: the model's name, for messages.

    Raises:
        MIError: names that are no list of that many texts.
    """

    def __init__(self, names: Any, *, size: int, model: str) -> None:
        self.size, self.model = size, model
        self.names = None if names is None else _checked(names, size, model)
        self._spaced = self.names is not None and any(name != name.strip() for name in self.names)

    def text(self, token: int) -> str:
        """What a token is shown as."""
        name = str(token) if self.names is None else self.names[token]
        return name if self._spaced else f" {name}"

    def ids(self, text: str) -> list[int]:
        """The token ids of a text.

        Raises:
            PromptError: a piece of it is no token, or several.
        """
        # A name may hold white space: then it stands alone.
        alone = self._found(text)
        return alone if len(alone) == 1 else [self.id(piece, text) for piece in text.split()]

    def row(self, pieces: Sequence[str]) -> list[int]:
        """The token ids of texts of one token each."""
        return [self.id(piece, " ".join(pieces)) for piece in pieces]

    def id(self, piece: str, text: str) -> int:
        """The id of one token, in a text that a message names.

        Raises:
            PromptError: no token reads so, or several do.
        """
        found = self._found(piece)
        if len(found) == 1:
            return found[0]
        if found:
            raise PromptError(f"{piece!r} is the text of the tokens {found} of {self.model}: give token ids.")
        if self.names is None:
            raise PromptError(
                f"{self.model} was loaded without a tokenizer: give token ids, or mi.load(module, tokenizer=…), or "
                f"mi.load(module, vocabulary=[…]) with the texts of its {self.size} tokens. It cannot know what "
                f"{text!r:.60} is."
            )
        raise PromptError(
            f"{self.model} does not know {piece!r}: its vocabulary has {self.size} tokens, listed by "
            "model.vocabulary. A text is split at white space into their texts; token ids do too."
        )

    def _found(self, piece: str) -> list[int]:
        if self.names is None:
            bare = piece.strip()
            number = int(bare) if bare.isascii() and bare.isdecimal() else self.size
            return [number] if number < self.size and str(number) == bare else []
        return self._by_name.get(piece) or self._by_bare_name.get(piece.strip()) or []

    @cached_property
    def _by_name(self) -> dict[str, list[int]]:
        return _places(self.names or ())

    @cached_property
    def _by_bare_name(self) -> dict[str, list[int]]:
        return _places([name.strip() or name for name in self.names or ()])


def _places(names: Sequence[str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for i, name in enumerate(names):
        found.setdefault(name, []).append(i)
    return found


def _checked(given: Any, size: int, model: str) -> tuple[str, ...]:
    names = plain_texts(given)
    if not isinstance(names, (list, tuple)):
        raise MIError(
            f"mi.load: vocabulary is a list of the texts of the token ids, in their order; got {kind_of(given)}."
        )
    odd = next((i for i, name in enumerate(names) if not isinstance(name, str) or not name), None)
    if odd is not None:
        raise MIError(
            f"mi.load: vocabulary is a list of texts that are not empty; at {odd} it has {names[odd]!r}."
        )
    if len(names) != size:
        raise MIError(
            f"mi.load: vocabulary must have one text for each of the {size} token ids of {model}; it has {len(names)}."
        )
    return tuple(names)
