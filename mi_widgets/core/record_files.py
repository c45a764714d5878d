"""Records as JSON can hold them: the values in them are kept as code."""

from __future__ import annotations

from typing import Any

from .errors import InterventionError
from .record import Block, Brought, Call, Defined, Made, Part
from .script import Code, Use, parts_of


def frozen_record(made: Made | None) -> list[dict[str, Any]]:
    """All that a record consists of, each after what it stands on; the last is the record itself."""
    kept: list[dict[str, Any]] = []
    places: dict[int, int] = {}

    def place(made: Made) -> int:
        if id(made) not in places:
            entry = _entry(made, place)
            places[id(made)] = len(kept)
            kept.append(entry)
        return places[id(made)]

    if made is not None:
        place(made)
    return kept


def _entry(made: Made, place: Any) -> dict[str, Any]:
    def code(value: Any, name: str) -> list[Any]:
        try:
            parts = parts_of(value, name, inline=True)
        except InterventionError:  # a function of the user's: its name is all that can be kept
            parts = [Use(Brought(f"yours: {value!r}"), name)]
        return [part if isinstance(part, str) else [place(part.made), part.name] for part in parts]

    match made:
        case Brought():
            # What makes sure of a model's weights is asked now: later nobody has them.
            lines = "" if made.check is None else made.check("{name}", True)
            return {"brought": made.what, "name": made.name, "check": lines}
        case Part():
            return {"whole": place(made.whole), "chosen": made.chosen}
        case Defined():
            return {"made": place(made.made), "parameter": place(made.parameter)}
    given = zip(made.arguments, made.places, strict=True)
    within = made.within
    return {
        "function": made.function,
        "arguments": [[name, code(value, called), called] for (name, value), called in given],
        "of": None if made.of is None else place(made.of),
        "within": within and [place(within.model), code(within.interventions, "done")],
        "name": made.name,
    }


def thawed_record(kept: list[dict[str, Any]]) -> Made | None:
    """The record that was kept."""
    found: list[Made] = []

    def code(parts: list[Any]) -> Code:
        return Code(tuple(part if isinstance(part, str) else Use(found[part[0]], part[1]) for part in parts))

    for entry in kept:
        if "brought" in entry:
            check = entry["check"]
            said = (lambda name, _, check=check: check.replace("{name}", name)) if check else None
            made: Made = Brought(
                entry["brought"], entry["name"], said, token=check if ".require(" in check else object()
            )
        elif "whole" in entry:
            made = Part(found[entry["whole"]], entry["chosen"])
        elif "parameter" in entry:
            made = Defined(found[entry["made"]], found[entry["parameter"]])
        else:
            arguments = tuple((name, code(parts)) for name, parts, _ in entry["arguments"])
            within = entry["within"] and Block(found[entry["within"][0]], code(entry["within"][1]))
            of = None if entry["of"] is None else found[entry["of"]]
            places = tuple(called for _, _, called in entry["arguments"])
            made = Call(entry["function"], arguments, of, within or None, entry["name"], places)
        found.append(made)
    return found[-1] if found else None
