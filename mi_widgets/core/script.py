"""Records as Python: the one place in which code is written."""

from __future__ import annotations

import ast
import unicodedata
from collections.abc import Container, Iterator
from itertools import chain, count, groupby
from keyword import iskeyword
from typing import Any

from .expressions import Use, parts_of
from .nested import Steps, finished
from .record import Arithmetic, Block, Call, Definition, Part, Placeholder, Record, whole_of

_LONGEST = 100  # characters of a line, before a view's arguments get one each
_MOST_PARTS = 50  # `.sel(…)` and the like in one line; Python reads no line that is nested without end
_RESERVED: frozenset[str] = frozenset(("mi", "at", "torch", "view", "clean", "steering", "float", "print"))


class Script:
    """Lines that make some results; what two of them have in common is made once.

    Args:
        inline: whether large arrays stand in the code, not in files beside it.
        hash_weights: whether all weights of a model in memory may be hashed, to say which they are.

    Attributes:
        complete: whether all was said; False where weights would have to be hashed.
    """

    def __init__(self, *, inline: bool = False, hash_weights: bool = True) -> None:
        self._inline, self._hash_weights = inline, hash_weights
        self.complete = True
        self._lines: list[tuple[str, str]] = []  # the block that a line is in, and the line
        self._known: dict[int, tuple[Record, str]] = {}  # by identity: what was made, and its variable
        self._said: dict[Any, str] = {}  # what makes it -> its variable
        self._taken = set(_RESERVED)
        self._numbered: dict[str, Iterator[str]] = {}  # the names after the first of each kind

    def add(self, *lines: str) -> None:
        """Any lines, in no block."""
        self._lines += [("", line) for line in lines]

    def expression(self, value: Any, name: str) -> str:
        """What stands for a value; what it needs is made before.

        Args:
            value: a Result, a Run, a site, numbers and the like.
            name: what the variable is called that it may need.
        """
        return finished(self._expression(value, name))

    def assign(self, record: Record, name: str) -> str:
        """Make something, as a variable of this name if it is free; returns the variable."""
        return finished(self._assigned(record, name))

    def text(self) -> str:
        """All lines, with the imports that they need."""
        lines = ["import mi_widgets as mi", "from mi_widgets import sites as at"]
        body = self.body()
        if _uses_torch(body):
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

    # A record may stand on others without end: what follows is run by `finished`.

    def _expression(self, value: Any, name: str) -> Steps[str]:
        said = []
        for part in parts_of(value, name):
            said.append(part if isinstance(part, str) else (yield self._used(part)))
        return "".join(said)

    def _used(self, use: Use) -> Steps[str]:
        if hasattr(use.value, "sha256"):
            return self._numbers(use.value)
        whole, chosen = _apart(use.value)
        if isinstance(whole, Placeholder) and not whole.what:
            return whole.name + chosen  # a function of this library
        variable = yield self._assigned(whole, use.name)
        return variable + chosen

    def _numbers(self, array: Any) -> str:
        if self._inline:
            return array.code(inline=True)
        self.complete = self.complete and (self._hash_weights or not array.is_large)
        return array.code() if self.complete else "..."

    def _assigned(self, record: Record, name: str) -> Steps[str]:
        if id(record) in self._known:
            return self._known[id(record)][1]
        if isinstance(record, Placeholder):
            return self._bring(record, name)
        if isinstance(record, Definition):
            return self._define(record, name)
        whole = whole_of(record)
        block = (yield self._block(whole.within)) if isinstance(whole, Call) else ""
        text = yield self._call(record)
        variable = self._said.get((block, text))
        if variable is None:
            variable = self._said[block, text] = self._free(name, record)
            self._lines.append((block, f"{variable} = {text}"))
        self._known[id(record)] = record, variable
        return variable

    def _call(self, record: Call | Arithmetic | Part) -> Steps[str]:
        """A call as it is written; of a part the whole too, unless it has a variable."""
        if isinstance(record, Part):
            whole, chosen = _apart(record, self._known)
            if isinstance(whole, Call) and id(whole) not in self._known:
                return (yield self._call(whole)) + chosen
            return (yield self._assigned(whole, "whole")) + chosen
        if isinstance(record, Arithmetic):
            operands = []
            for operand, name in record.named():
                operands.append((yield self._expression(operand, name)))
            return record.template.format(*operands)
        given = []
        for (name, value), place in zip(record.arguments, record.places, strict=True):
            said = yield self._expression(value, place)
            given.append(f"{name}={said}" if name else said)
        if record.of is None:
            return f"{record.function}({', '.join(given)})"
        owner = yield self._used(Use(record.of, getattr(record.of, "name", "") or "made"))
        return f"{owner}.{record.function}({', '.join(given)})"

    def _block(self, block: Block | None) -> Steps[str]:
        if block is None or not block.interventions:
            return ""
        model = yield self._assigned(block.model, "model")
        done = yield self._expression(block.interventions, "done")
        return f"with {model}.intervene({done}):"

    # -- what is not a call -----------------------------------------------------------------------------------------

    def _bring(self, record: Placeholder, name: str) -> str:
        key = (record.what, record.token)
        variable = self._said.get(key)
        if variable is None:
            variable = self._said[key] = self._free(name, record)
            self.add(f"{variable} = ...  # bring {' '.join(record.what.split())}")
            if record.check is not None:
                lines = record.check(variable, self._hash_weights)
                self.complete = self.complete and lines is not None
                self.add(*(lines or "").splitlines())
        self._known[id(record)] = record, variable
        return variable

    def _define(self, record: Definition, name: str) -> str:
        """A function, whose body is what was made of one model."""
        body = body_of(record, hash_weights=self._hash_weights)
        self.complete = self.complete and body is not None
        lines = tuple(f"    {line}" for line in body or ["..."])
        variable = self._said.get(lines)
        if variable is None:
            variable = self._said[lines] = self._free(name, record)
            self.add(f"def {variable}(model):", *lines)
        self._known[id(record)] = record, variable
        return variable

    def _free(self, wanted: str, record: Record) -> str:
        base = variable(wanted)
        # As in `untrained`.
        named = [record.function] if isinstance(record, Call) and record.of is not None else []
        numbered = self._numbered.setdefault(base, (f"{base}_{n}" for n in count(2)))
        name = next(name for name in chain([base], named, numbered) if name not in self._taken)
        self._taken.add(name)
        return name


def _apart(record: Record, known: Container[int] = ()) -> tuple[Record, str]:
    """What something is a part of, and what is chosen of it; no further than to what is known, or fits a line."""
    chosen: list[str] = []
    while isinstance(record, Part) and len(chosen) < _MOST_PARTS and not (chosen and id(record) in known):
        chosen.append(record.chosen)
        record = record.whole
    return record, "".join(reversed(chosen))


def _uses_torch(lines: list[str]) -> bool:
    """Whether code names torch; a text or a comment in it may do so without that."""
    if not any("torch." in line for line in lines):
        return False
    return any(
        isinstance(node, ast.Name) and node.id == "torch" for node in ast.walk(ast.parse("\n".join(lines)))
    )


def variable(text: str) -> str:
    """A text as a Python name."""
    text = unicodedata.normalize("NFKC", text.lower())  # as Python reads it
    name = "".join(c if f"_{c}".isidentifier() else "_" for c in text)
    return name if name.isidentifier() and not iskeyword(name) else f"_{name}"


def body_of(record: Definition, *, hash_weights: bool) -> list[str] | None:
    """The lines of a function, from its `model` to what it returns; None where weights would have to be hashed."""
    script = Script(inline=True, hash_weights=hash_weights)
    script._known[id(record.parameter)] = record.parameter, "model"
    if isinstance(
        record.parameter, Placeholder
    ):  # each time that it is asked, a model in memory says so anew
        script._said[record.parameter.what, record.parameter.token] = "model"
    script._taken.add("model")
    result = script.assign(record.body, "result")
    return [*script.body(), f"return {result}"] if script.complete else None


def expression_of(record: Call | Part) -> str:
    """The expression that makes something; what it needs is named, not made."""
    return finished(Script(hash_weights=False)._call(record))


def code_of(record: Record, name: str) -> str:
    """The Python that makes something; its last lines assign it, and make sure of a model's weights."""
    script = Script()
    script.assign(record, name)
    return script.text()
