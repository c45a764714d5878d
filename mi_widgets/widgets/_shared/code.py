"""The Python that makes what is on the screen."""

import re
from typing import Any

import numpy as np

# Two results of one model begin with the same imports and the same loading.
_SAID_ONCE = ("import ", "from ", "model = ", "model.require(")
# The code of a Result, and the variable that was chosen of it.
_CHOSEN = re.compile(r"(.*?)(\['\w+'\])?\s*", re.DOTALL)
_MOST_NUMBERS = 4096  # of an array that is written out; the code is sent with every selection


class Script:
    """Lines that compute some results; what two of them have in common is said once."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._called: dict[str, Any] = {}
        self._computed: dict[str, str] = {}  # the code of a Result -> the variable it was assigned to

    def add(self, code: str) -> None:
        """Add the code of a result, or any lines."""
        for line in code.splitlines():
            start = next(filter(line.startswith, _SAID_ONCE), None)
            # Only what was said last still holds: a control's model may have come in between.
            said = next(
                (old for old in reversed(self.lines) if start is not None and old.startswith(start)), None
            )
            if said != line:
                self.lines.append(line)

    def expression(self, part: Any, name: str) -> str:
        """What stands for a part: a name, after the lines that compute it, or an array's numbers written out.

        What two parts are variables of is computed once.

        Args:
            part: A Result, or an array, which is written with four digits; a large one is left to be filled in.
            name: The variable that a Result is assigned to.
        """
        if not callable(getattr(part, "code", None)):
            array = np.asarray(getattr(part, "values", part), dtype=float)
            if array.size <= _MOST_NUMBERS:
                return _literal(array)
            size = " x ".join(map(str, array.shape))
            self.add(f"{name} = ...  # {size} numbers of yours, too many to write here")
            return name
        computed, chosen = _CHOSEN.fullmatch(part.code()).groups(default="")  # type: ignore[union-attr]
        if computed not in self._computed:
            *before, last = computed.splitlines()
            self.add("\n".join([*before, last.replace("result =", f"{name} =", 1)]))
            self._computed[computed] = name
        return self._computed[computed] + chosen

    def called(self, part: Any, text: str) -> str:
        """The expression for a part, under a variable of its own, whatever the other parts are called.

        Args:
            part: A Result.
            text: What the variable is called after.
        """
        name = base = variable(text)
        n = 2
        while self._called.setdefault(name, part) is not part:
            name, n = f"{base}_{n}", n + 1
        return self.expression(part, name)

    def view(self, start: str, arguments: list[str]) -> str:
        """All lines, and at the end the view, made and shown.

        Args:
            start: What is called, as in `result.view`.
            arguments: As they are written.
        """
        line = f"view = {start}({', '.join(arguments)})"
        if len(line) > 100:
            line = "\n".join([f"view = {start}(", *(f"    {argument}," for argument in arguments), ")"])
        return "\n".join([*self.lines, line, "view"])


def _literal(array: np.ndarray) -> str:
    rounded = np.array([float(f"{number:.4g}") for number in array.flat]).reshape(array.shape)
    return re.sub(r"\b(nan|inf)\b", r"float('\1')", repr(rounded.tolist()))


def variable(text: str) -> str:
    """A text as a Python name."""
    name = "".join(c if f"_{c}".isidentifier() else "_" for c in text.lower())
    return name if name.isidentifier() else f"_{name}"
