"""Records as Python: the one place in which code is written."""

from __future__ import annotations

import math
import os
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from keyword import iskeyword
from typing import Any

import numpy as np

from .record import Block, Brought, Call, Defined, Made, Part

_MOST_NUMBERS = 4096  # of an array that is written out; the code is sent with every selection
_MOST_SIGNS = 20_000  # of texts that are written out
_LONGEST = 100  # signs of a line, before a view's arguments get one each
_RESERVED: frozenset[str] = frozenset(("mi", "at", "torch", "view", "clean", "steering", "float", "print"))


@dataclass(frozen=True)
class Use:
    """Something made, in the middle of an expression.

    Attributes:
        made: what: something made, or an Array, whose numbers may go to a file.
        name: of its variable, if it has none yet.
    """

    made: Any
    name: str


@dataclass(frozen=True)
class Code:
    """An expression: pieces of text, and what stands between them."""

    parts: tuple[str | Use, ...]


def parts_of(value: Any, name: str, *, inline: bool = False) -> list[str | Use]:
    """A value as an expression.

    Args:
        value: anything that a record holds.
        name: what it is called where it needs a variable.
        inline: whether large arrays stand in the code too, not in a file beside it.
    """
    if hasattr(value, "sha256"):  # an Array says its numbers, also where it knows how it was found
        return [value.code(inline=True) if inline else Use(value, name)]
    value = made if isinstance(made := getattr(value, "record", None), Made) else value
    if isinstance(value, Made):
        return [Use(value, value.name if isinstance(value, (Call, Brought)) and value.name else name)]
    if isinstance(value, Code):
        return list(value.parts)
    if hasattr(value, "written"):
        return _written(value, name, inline)
    if isinstance(value, Mapping):
        pairs = [[f"{key!r}: ", *parts_of(each, name, inline=inline)] for key, each in value.items()]
        return ["{", *_joined(pairs), "}"]
    if type(value) in (list, tuple):
        return _listed(value, name, inline)
    if type(value).__module__ == "torch" and not hasattr(value, "shape"):  # a dtype or a device
        return [f"torch.device({str(value)!r})" if type(value).__name__ == "device" else str(value)]
    if hasattr(value, "__array__"):  # numpy's, xarray's, a tensor
        return _array(np.asarray(value), name)
    if isinstance(value, os.PathLike):
        return [repr(os.fspath(value))]
    if hasattr(value, "code"):
        return [value.code()]
    if isinstance(value, float) and not math.isfinite(value):
        return [f"float('{value}')"]
    return [repr(value)]


def _written(value: Any, name: str, inline: bool) -> list[str | Use]:
    """A site or an intervention; what stands inside is set apart while it writes itself."""
    inside: list[list[str | Use]] = []

    def show(part: Any) -> str:
        inside.append(parts_of(part, name, inline=inline))
        return f"\0{len(inside) - 1}\0"  # a text of the user's is quoted, and has no such sign

    pieces = value.written(show).split("\0")
    found: list[str | Use] = []
    for nth, piece in enumerate(pieces):
        found += [piece] if nth % 2 == 0 else inside[int(piece)]
    return found


def _listed(value: list[Any] | tuple[Any, ...], name: str, inline: bool) -> list[str | Use]:
    if value and all(type(each) is str for each in value) and sum(map(len, value)) > _MOST_SIGNS:
        what = f"yours: {len(value):,} texts, too many to write here"
        return [Use(Brought(what, name, token=hash(tuple(value))), name)]
    parts = _joined([parts_of(each, name, inline=inline) for each in value])
    if isinstance(value, list):
        return ["[", *parts, "]"]
    return ["(", *parts, ",)" if len(value) == 1 else ")"]


def _joined(several: Iterable[list[str | Use]]) -> list[str | Use]:
    found: list[str | Use] = []
    for parts in several:
        found += [", ", *parts] if found else parts
    return found


def _array(array: np.ndarray, name: str) -> list[str | Use]:
    if array.size > _MOST_NUMBERS:
        size = " x ".join(map(str, array.shape))
        return [Use(Brought(f"yours: {size} numbers, too many to write here", name, token=id(array)), name)]
    exact = array.dtype.kind != "f"
    rounded = array if exact else np.array([float(f"{x:.4g}") for x in array.flat]).reshape(array.shape)
    return parts_of(rounded.tolist(), name)


class Script:
    """Lines that make some results; what two of them have in common is made once.

    Args:
        inline: whether large arrays stand in the code, not in files beside it.
        reading: whether all weights of a model in memory may be read, to say which they are.

    Attributes:
        complete: whether all was said; False where weights would have to be read.
    """

    def __init__(self, *, inline: bool = False, reading: bool = True) -> None:
        self._inline, self._reading = inline, reading
        self.complete = True
        self._lines: list[tuple[str, str]] = []  # the block that a line is in, and the line
        self._known: dict[int, tuple[Made, str]] = {}  # by identity: what was made, and its variable
        self._said: dict[Any, str] = {}  # what makes it -> its variable
        self._taken = set(_RESERVED)

    def add(self, *lines: str) -> None:
        """Any lines, in no block."""
        self._lines += [("", line) for line in lines]

    def expression(self, value: Any, name: str) -> str:
        """What stands for a value; what it needs is made before.

        Args:
            value: a Result, a Run, a site, numbers and the like.
            name: what the variable is called that it may need.
        """
        parts = parts_of(value, name, inline=self._inline)
        return "".join(part if isinstance(part, str) else self._used(part) for part in parts)

    def assign(self, made: Made, name: str) -> str:
        """Make something, as a variable of this name if it is free; returns the variable."""
        if id(made) in self._known:
            return self._known[id(made)][1]
        if isinstance(made, Brought):
            return self._bring(made, name)
        if isinstance(made, Defined):
            return self._define(made, name)
        block = self._block(_block_of(made))
        text = self._call(made)
        variable = self._said.get((block, text))
        if variable is None:
            variable = self._said[block, text] = self._free(name, made)
            self._lines.append((block, f"{variable} = {text}"))
        self._known[id(made)] = made, variable
        return variable

    def text(self) -> str:
        """All lines, with the imports that they need."""
        lines = ["import mi_widgets as mi", "from mi_widgets import sites as at"]
        body = self.body()
        if any("torch." in line for line in body):
            lines.insert(0, "import torch")
        return "\n".join([*lines, "", *body])

    def body(self) -> list[str]:
        """All lines, in the blocks that they belong to."""
        found: list[str] = []
        for block, some in groupby(self._lines, key=lambda line: line[0]):
            lines = [line for _, line in some]
            found += [block, *(f"    {line}" for line in lines)] if block else lines
        return found

    def show(self, called: str, arguments: list[str]) -> None:
        """The lines that make and show a view.

        Args:
            called: what makes it, as in `result.view`.
            arguments: as they are written.
        """
        line = f"view = {called}({', '.join(arguments)})"
        if len(line) <= _LONGEST:
            self.add(line, "view")
        else:
            self.add(f"view = {called}(", *(f"    {argument}," for argument in arguments), ")", "view")

    def within(self, model: str, interventions: Any, lines: list[str]) -> list[str]:
        """Lines in a block of interventions on the model of this name, if there are any."""
        if not interventions:
            return lines
        done = self.expression(interventions, "done")
        return [f"with {model}.intervene({done}):", *(f"    {line}" for line in lines)]

    # -- what stands for what ---------------------------------------------------------------------------------------

    def _used(self, use: Use) -> str:
        made = use.made
        if hasattr(made, "sha256"):
            self.complete = self.complete and (self._reading or not made.is_large)
            return made.code() if self.complete else "..."
        if isinstance(made, Part):
            return self._used(Use(made.whole, use.name)) + made.chosen
        if isinstance(made, Brought) and not made.what:
            return made.name  # a function of this library
        return self.assign(made, use.name)

    def _call(self, made: Made) -> str:
        """A call as it is written; of a part the whole too, unless it has a variable."""
        if isinstance(made, Part):
            known = id(made.whole) in self._known or not isinstance(made.whole, (Call, Part))
            whole = self.assign(made.whole, "whole") if known else self._call(made.whole)
            return whole + made.chosen
        assert isinstance(made, Call)
        given = []
        for (name, value), place in zip(made.arguments, made.places, strict=True):
            said = self.expression(value, place)
            given.append(f"{name}={said}" if name else said)
        owner = (
            "" if made.of is None else f"{self._used(Use(made.of, getattr(made.of, 'name', '') or 'made'))}."
        )
        return f"{owner}{made.function}({', '.join(given)})"

    def _block(self, block: Block | None) -> str:
        if block is None or not block.interventions:
            return ""
        model = self.assign(block.model, "model")
        return f"with {model}.intervene({self.expression(block.interventions, 'done')}):"

    def _bring(self, made: Brought, name: str) -> str:
        key = (made.what, made.token)
        variable = self._said.get(key)
        if variable is None:
            variable = self._said[key] = self._free(name, made)
            self.add(f"{variable} = ...  # bring {' '.join(made.what.split())}")
            if made.check is not None:
                lines = made.check(variable, self._reading)
                self.complete = self.complete and lines is not None
                self.add(*(lines or "").splitlines())
        self._known[id(made)] = made, variable
        return variable

    def _define(self, made: Defined, name: str) -> str:
        """A function, whose body is what was made of one model."""
        body = body_of(made, reading=self._reading)
        self.complete = self.complete and body is not None
        lines = tuple(f"    {line}" for line in body or ["..."])
        variable = self._said.get(lines)
        if variable is None:
            variable = self._said[lines] = self._free(name, made)
            self.add(f"def {variable}(model):", *lines)
        self._known[id(made)] = made, variable
        return variable

    def _free(self, wanted: str, made: Made) -> str:
        base = variable(wanted)
        named = [made.function] if isinstance(made, Call) and made.of is not None else []  # as in `untrained`
        names = [base, *named, *(f"{base}_{n}" for n in range(2, len(self._taken) + 3))]
        name = next(name for name in names if name not in self._taken)
        self._taken.add(name)
        return name


def _block_of(made: Made) -> Block | None:
    while isinstance(made, Part):
        made = made.whole
    return made.within if isinstance(made, Call) else None


def variable(text: str) -> str:
    """A text as a Python name."""
    text = unicodedata.normalize("NFKC", text.lower())  # as Python reads it
    name = "".join(c if f"_{c}".isidentifier() else "_" for c in text)
    return name if name.isidentifier() and not iskeyword(name) else f"_{name}"


def body_of(made: Defined, *, reading: bool) -> list[str] | None:
    """The lines of a function, from its `model` to what it returns; None where weights would have to be read."""
    script = Script(inline=True, reading=reading)
    script._known[id(made.parameter)] = made.parameter, "model"
    script._taken.add("model")
    result = script.assign(made.made, "result")
    return [*script.body(), f"return {result}"] if script.complete else None


def expression_of(made: Made) -> str:
    """The expression that makes something which needs nothing made before."""
    return Script()._call(made)


def code_of(made: Made, name: str) -> str:
    """The Python that makes something; its last line assigns it."""
    script = Script()
    script.assign(made, name)
    return script.text()
