"""What an annotation asks for: a kind of this library, a number, a text, a path, several, a dict, a function, a tensor.

Where it names none of these, everything but the kinds is let through, and of `Any` everything. Texts of any make become
Python's own, and a name becomes the kind that it names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from os import PathLike
from typing import Any, SupportsFloat, SupportsIndex

from .texts import plain_text, plain_texts


@dataclass(frozen=True)
class Kind:
    """A class of this library, what it is called, the code that makes one, and what makes one of its name."""

    type: type
    called: str
    example: str
    named: Callable[[str], Any] | None


KINDS: dict[str, Kind] = {}


def with_article(name: str) -> str:
    """A name as it stands in a sentence: a Run, an SAE."""
    return f"{'an' if name == 'SAE' or name[0] in 'aeioAEIO' else 'a'} {name}"


def kind_of(given: Any) -> str:
    """What something is, for a message: "a list", "an int", "None"."""
    return "None" if given is None else with_article(type(given).__name__)


@dataclass(frozen=True)
class Requirement:
    """What an annotation asks for."""

    tests: tuple[Callable[[Any], bool], ...]
    said: str
    makes: tuple[Callable[[Any], Any], ...] = ()

    def taken(self, value: Any) -> Any:
        """A value as the function takes it: texts as Python's own, what a name names."""
        for make in self.makes:
            value = make(value)
        return value

    def admits(self, value: Any) -> bool:
        """Whether it is what is asked for."""
        return any(test(value) for test in self.tests)

    def refused(self, value: Any) -> str:
        """What was given, for the message; of a list the first that does not belong there."""
        if not isinstance(value, (list, tuple)) or "a list of" not in self.said:
            return kind_of(value)
        odd = [kind_of(each) for each in value if not self.admits([each])]
        return f"{kind_of(value)} with {odd[0]} in it" if odd else kind_of(value)


# What an alias in an annotation stands for.
_ALIASES = {
    "Pairs": "PromptPair | Sequence[PromptPair]",
    "Directions": "Any",  # a steering panel says itself what it takes by name
    "AnswerTexts": "PromptPair | Sequence[str] | Sequence[int] | Sequence[PromptPair]",
    "PairMetric": "Callable",
    "Metric": "Callable",
    "Logits": "Tensor",
}
_MEMBERS = {"str": "texts", "Text": "texts", "int": "numbers", "float": "numbers"}


@lru_cache(maxsize=512)
def requirement_of(annotation: str) -> Requirement:
    """What an annotation asks for, by its text."""
    parts = [part for name in _split(annotation) for part in _split(_ALIASES.get(name, name))]
    strict = any(part in KINDS for part in parts)
    tests, said = zip(*(_alternative(part, strict) for part in parts), strict=True)
    return Requirement(
        tests, " or ".join(dict.fromkeys(filter(None, said))), tuple(filter(None, map(_making, parts)))
    )


def _making(name: str) -> Callable[[Any], Any] | None:
    """What makes of a text, or of several, what one of the alternatives asks for."""
    named = KINDS[name].named if name in KINDS else None
    if named is not None:
        return lambda value: named(plain_text(value)) if isinstance(value, str) else value
    if name == "str":
        return plain_text
    container, _, member = name.removesuffix("]").partition("[")
    if name in ("Prompt", "Prompts") or (container in ("Sequence", "Iterable") and member == "str"):
        return plain_texts
    make = _making(member) if container in ("Sequence", "Iterable") and member in KINDS else None
    if make is not None:
        return lambda value: _each(make, value)
    return None


def _each(make: Callable[[Any], Any], value: Any) -> Any:
    if isinstance(value, str) or not isinstance(value, Iterable):
        return value
    return tuple(map(make, value)) if type(value) is tuple else [*map(make, value)]


def _alternative(name: str, strict: bool) -> tuple[Callable[[Any], bool], str]:
    """Whether a value is what one of the alternatives asks for, and how that is said."""
    if name in KINDS:
        found = KINDS[name]
        return lambda value: isinstance(value, found.type), f"{found.called}, as in {found.example}"
    container, _, member = name.removesuffix("]").partition("[")
    if container in ("Sequence", "Iterable"):
        several = [_MEMBERS.get(name, f"{name}s" if name in KINDS else "values") for name in _split(member)]
        return _is_several(container, member), f"a list of {' or '.join(several)}"
    if name in ("Any", "object", ""):
        return lambda value: True, ""
    if name == "None":
        return lambda value: value is None, ""
    if name == "str" and strict:
        return lambda value: isinstance(value, str), "a text"
    if container == "Literal":
        allowed = [each.strip(" '") for each in member.split(",")]
        return lambda value: isinstance(value, str) and value in allowed, " or ".join(map(repr, allowed))
    test, said = _PLAIN.get(name) or _PLAIN.get(container) or (lambda value: True, "")
    single = _is_single if name == "float" else _is_no_kind
    return lambda value: (_is_no_kind(value) or single(value)) and test(value), said


def _is_number(value: Any) -> bool:
    return isinstance(value, (SupportsIndex, SupportsFloat))


def _is_single(value: Any) -> bool:
    """Whether one of the kinds is one number, as a Result may be."""
    return prod(getattr(value, "shape", (0,))) == 1


def _has_shape(value: Any) -> bool:
    return hasattr(value, "shape")


# What is none of the kinds, by its annotation: how it is told from others, and what it is called. Which numbers and
# which texts a function takes it says itself.
_PLAIN: dict[str, tuple[Callable[[Any], bool], str]] = {
    "str": (lambda value: isinstance(value, (str, PathLike)), "a text"),
    "Path": (lambda value: isinstance(value, PathLike), "a path"),
    "os.PathLike": (lambda value: isinstance(value, PathLike), "a path"),
    "int": (_is_number, "a whole number"),
    "float": (_is_number, "a number"),
    "bool": (lambda value: _is_number(value) or type(value).__name__ == "bool", "True or False"),
    "Callable": (callable, "a function"),
    "Mapping": (lambda value: isinstance(value, Mapping), "a dict, by name"),
    "AnswerIds": (lambda value: True, "the token ids (right, wrong)"),
    "Prompt": (lambda value: True, "a text, a list of texts, or token ids"),
    "Prompts": (
        lambda value: not isinstance(value, (set, frozenset)),
        "a list of texts, or of rows of token ids",
    ),
    "Tensor": (_has_shape, "a tensor"),
    "Float": (_has_shape, "a tensor"),
    "nn.Module": (lambda value: True, "a torch module"),
    "torch.device": (lambda value: isinstance(value, int) or type(value).__name__ == "device", "a device"),
    "torch.dtype": (lambda value: type(value).__name__ == "dtype", "a dtype"),
    "xr.Dataset": (lambda value: hasattr(value, "data_vars"), "an xarray Dataset"),
}


def _is_several(container: str, member: str) -> Callable[[Any], bool]:
    """Several of something; of what is none of the kinds the function says itself what it does not take."""

    def test(value: Any) -> bool:
        members = value if isinstance(value, (list, tuple)) else ()  # others are not read twice
        # A text in a list's place the function says itself, where it takes several texts.
        refused: tuple[type, ...] = (Mapping, str) if member in ("int", "float") else (Mapping,)
        if container == "Sequence" and member not in ("int", "float"):
            refused += (set, frozenset)  # which have no order
        several = isinstance(value, Iterable) and not isinstance(value, refused)
        return (
            several
            and _is_no_kind(value)
            and all(_is_no_kind(each) or requirement_of(member).admits(each) for each in members)
        )

    return test


def _is_no_kind(value: Any) -> bool:
    return not isinstance(value, tuple(found.type for found in KINDS.values()))


def _split(annotation: str) -> list[str]:
    """The alternatives of an annotation, without what stands in brackets being split."""
    parts, depth = [""], 0
    for character in annotation.strip("'\""):
        depth += {"[": 1, "]": -1}.get(character, 0)
        if character == "|" and not depth:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]
