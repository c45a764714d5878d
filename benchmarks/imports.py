"""How long a fresh process takes to import mi_widgets, beside nnsight."""

from __future__ import annotations

import subprocess
import sys
import tempfile

STATEMENTS = {
    "nnsight": "import nnsight",
    "mi_widgets": "import mi_widgets",
    "mi.load": "import mi_widgets as mi; mi.load",
}
_TIMED = "import time; begin = time.perf_counter(); {}; print(time.perf_counter() - begin)"


def imports(rounds: int) -> dict[str, list[float]]:
    """The seconds of each of STATEMENTS in processes that take turns; the interpreter's own start is left out."""
    times: dict[str, list[float]] = {name: [] for name in STATEMENTS}
    for turn in range(-1, rounds):  # the first round brings the files into memory
        for name, statement in STATEMENTS.items():
            seconds = _seconds(statement)
            if turn >= 0:
                times[name].append(seconds)
    return times


def _seconds(statement: str) -> float:
    with tempfile.TemporaryDirectory() as folder:  # no package is found by where the process runs
        command = [sys.executable, "-c", _TIMED.format(statement)]
        done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    return float(done.stdout.split()[-1])
