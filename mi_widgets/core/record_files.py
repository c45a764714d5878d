"""Records as JSON can hold them: the values in them are kept as code."""

from __future__ import annotations

from typing import Any

from .errors import InterventionError
from .expressions import Code, Use, parts_of
from .nested import Steps, finished
from .record import Arithmetic, Block, Call, Definition, Part, Placeholder, Record
from .recording import serial


def record_to_json(record: Record | None) -> list[dict[str, Any]]:
    """All that a record consists of, each after what it stands on; the last is the record itself."""
    entries = _Entries()
    if record is not None:
        finished(entries.place(record))
    return entries.kept


class _Entries:
    """What was kept of a record so far."""

    def __init__(self) -> None:
        self.kept: list[dict[str, Any]] = []
        # By identity, or for what was brought by what tells it from the rest: it has a record at each of its places.
        # What is kept alive by nobody else must not leave its number to another.
        self._places: dict[Any, tuple[int, Record]] = {}

    def place(self, record: Record) -> Steps[int]:
        key = (
            (record.what, record.token)
            if isinstance(record, Placeholder) and record.token is not None
            else id(record)
        )
        if key not in self._places:
            entry = yield self._entry(record)
            self._places[key] = len(self.kept), record
            self.kept.append(entry)
        return self._places[key][0]

    def _entry(self, record: Record) -> Steps[dict[str, Any]]:
        match record:
            case Placeholder():
                # What makes sure of a model's weights is asked now: later nobody has them.
                lines = "" if record.check is None else record.check("{name}", True)
                return {"brought": record.what, "name": record.name, "check": lines}
            case Part():
                return {"whole": (yield self.place(record.whole)), "chosen": record.chosen}
            case Definition():
                body = yield self.place(record.body)
                return {"body": body, "parameter": (yield self.place(record.parameter))}
            case Arithmetic():
                operands = []
                for operand, name in record.named():
                    operands.append((yield self._code(operand, name)))
                return {"operation": record.template, "operands": operands}
        arguments = []
        for (name, value), called in zip(record.arguments, record.places, strict=True):
            arguments.append([name, (yield self._code(value, called)), called])
        of = None if record.of is None else (yield self.place(record.of))
        within = None
        if record.within is not None:
            model = yield self.place(record.within.model)
            within = [model, (yield self._code(record.within.interventions, "done"))]
        return {
            "function": record.function,
            "arguments": arguments,
            "of": of,
            "within": within,
            "name": record.name,
        }

    def _code(self, value: Any, name: str) -> Steps[list[Any]]:
        try:
            parts = parts_of(value, name)
        except InterventionError:  # a function of the user's: its name is all that can be kept
            parts = [Use(Placeholder(f"yours: {value!r}", token=serial(value)), name)]
        code: list[Any] = []
        for part in parts:
            if isinstance(part, str):
                code.append(part)
            elif hasattr(part.value, "sha256"):  # an Array
                code.append(part.value.code(inline=True))
            else:
                code.append([(yield self.place(part.value)), part.name])
        return code


def record_from_json(kept: list[dict[str, Any]]) -> Record | None:
    """The record that was kept."""
    found: list[Record] = []

    def code(parts: list[Any]) -> Code:
        return Code(tuple(part if isinstance(part, str) else Use(found[part[0]], part[1]) for part in parts))

    for entry in kept:
        if "brought" in entry:
            check = entry["check"]
            said = (lambda name, _, check=check: check.replace("{name}", name)) if check else None
            token = check if check and ".require(" in check else object()
            record: Record = Placeholder(entry["brought"], entry["name"], said, token=token)
        elif "whole" in entry:
            record = Part(found[entry["whole"]], entry["chosen"])
        elif "parameter" in entry:
            record = Definition(found[entry["body"]], found[entry["parameter"]])
        elif "operation" in entry:
            record = Arithmetic(entry["operation"], tuple(code(parts) for parts in entry["operands"]))
        else:
            arguments = tuple((name, code(parts)) for name, parts, _ in entry["arguments"])
            within = entry["within"] and Block(found[entry["within"][0]], code(entry["within"][1]))
            of = None if entry["of"] is None else found[entry["of"]]
            places = tuple(called for _, _, called in entry["arguments"])
            record = Call(entry["function"], arguments, of, within or None, entry["name"], places)
        found.append(record)
    return found[-1] if found else None
