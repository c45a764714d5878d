"""How something was made, as a value: a call with its arguments, and what these were made by.

`script` writes it as Python, and `recording` says where it comes from. A record keeps no model and no Run alive:
of an argument that knows how it was made, its own record stands here. Interventions keep their numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, eq=False)
class Placeholder:
    """What no code can make: a model in memory, a function or a tensor of the user's.

    Attributes:
        what: for the reader, as in `"yours: a tensor of shape (3, 4)"`.
        name: of its variable.
        check: from the variable's name, and whether all of it may be hashed, to lines that make sure of it, or say why
            they cannot; None where all of it would have to be hashed.
        token: tells it from another of the same description.
    """

    what: str
    name: str = ""
    check: Callable[[str, bool], str | None] | None = None
    token: object = None


@dataclass(frozen=True, eq=False)
class Block:
    """The interventions that something was made under.

    Attributes:
        model: on which they were.
        interventions: a stack, or its code.
    """

    model: Record
    interventions: Any


@dataclass(frozen=True, eq=False)
class Call:
    """One call.

    Attributes:
        function: as it is written: `"mi.attention"`; of a method its name alone.
        arguments: those away from their defaults; the name is empty where they are written by position.
        of: what it is a method of.
        within: the interventions that were active.
        name: of the variable that holds what it returns, where nothing else calls for another.
        places: what each argument is called, for the variables that they need.
    """

    function: str
    arguments: tuple[tuple[str, Any], ...] = ()
    of: Record | None = None
    within: Block | None = None
    name: str = ""
    places: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Part:
    """A part of what was made, as in `.sel(layer=1)` or `['rank']`."""

    whole: Record
    chosen: str


@dataclass(frozen=True, eq=False)
class Definition:
    """A function of a model, by what it made of one.

    Attributes:
        body: the record of what it made of one model.
        parameter: that model.
    """

    body: Record
    parameter: Record


@dataclass(frozen=True, eq=False)
class Arithmetic:
    """Arithmetic on what was made, as in `a - b`.

    Attributes:
        template: with a hole for each operand: `"{} - {}"`.
        operands: numbers, and what was made.
    """

    template: str
    operands: tuple[Any, ...]

    def named(self) -> list[tuple[Any, str]]:
        """The operands, each with what a variable of it is called: after what made it."""
        return [
            (operand, said_of(operand).replace(" ", "_") if isinstance(operand, Record) else "")
            for operand in self.operands
        ]


Record = Call | Part | Definition | Arithmetic | Placeholder


def said_of(record: Record) -> str:
    """What made something, in a few words: "mean difference"."""
    record = whole_of(record)
    if isinstance(record, Arithmetic):
        return "arithmetic"
    return record.function.rpartition(".")[2].replace("_", " ") if isinstance(record, Call) else "yours"


def whole_of(record: Record) -> Call | Definition | Arithmetic | Placeholder:
    """What something is a part of; itself, where it is none."""
    while isinstance(record, Part):
        record = record.whole
    return record
