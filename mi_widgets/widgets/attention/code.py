"""The Python that makes what is on the screen."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from .scores import Score

# Two results of one model begin with the same imports and the same loading.
_SAID_ONCE = ("import ", "from ", "model = ", "model.require(")


def view_code(result: Any, *, selection: dict[str, Any], intervention: Any, scores: list[Score]) -> str:
    """Lines that compute the result, make the view and show it.

    Args:
        result: Its own code comes first.
        selection: Written as it is.
        intervention: Left out where it is empty (None).
        scores: Results are computed by their own code; arrays are written out with four digits.
    """
    lines: list[str] = []
    arguments = [f"selection={selection!r}"]
    if intervention is not None:
        arguments.append(f"intervention={intervention.code()}")
    if scores:
        arguments.append("scores={" + ", ".join(_score(score, lines) for score in scores) + "}")
    _append(lines, result.code())
    return "\n".join([*lines, _call("view = result.view", arguments), "view"])


def _call(start: str, arguments: list[str]) -> str:
    line = f"{start}({', '.join(arguments)})"
    if len(line) <= 100:
        return line
    return "\n".join([f"{start}(", *(f"    {argument}," for argument in arguments), ")"])


def _score(score: Score, lines: list[str]) -> str:
    quoted = json.dumps(score.name, ensure_ascii=False)
    name = "".join(c if c.isalnum() else "_" for c in score.name.lower())
    if score.control is None:
        return f"{quoted}: {_expression(score.given, f'{name}_scores', lines)}"
    value, control = score.given
    if isinstance(control, Mapping):
        [(label, control)] = control.items()
        said = f"{{{json.dumps(str(label), ensure_ascii=False)}: {_expression(control, f'{name}_control', lines)}}}"
    else:
        said = _expression(control, f"{name}_control", lines)
    return f"{quoted}: ({_expression(value, f'{name}_scores', lines)}, {said})"


def _expression(part: Any, name: str, lines: list[str]) -> str:
    if not callable(getattr(part, "code", None)):
        return repr(np.round(np.asarray(getattr(part, "values", part), dtype=float), 4).tolist())
    *before, last = part.code().splitlines()
    _append(lines, "\n".join([*before, last.replace("result =", f"{name} =", 1)]))
    return name


def _append(lines: list[str], code: str) -> None:
    for line in code.splitlines():
        start = next(filter(line.startswith, _SAID_ONCE), None)
        # Only what was said last still holds: a control's model may have come in between.
        said = next((old for old in reversed(lines) if start is not None and old.startswith(start)), None)
        if said != line:
            lines.append(line)
