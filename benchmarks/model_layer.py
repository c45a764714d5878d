"""The model layer: runs that keep activations, sweeps, and the import, each beside the plain thing and the peers.

Models have random weights, so nothing is downloaded. One process an environment and a model (`model_worker`): there all
tools take turns, and each number is a multiple of what the plain model took in the same round.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks import peers
from benchmarks.imports import STATEMENTS, imports
from benchmarks.process import last_line_of
from benchmarks.rows import Multiple, MultipleRow

THREADS = 2
PACKAGES = ("transformer-lens", "pyvene")  # in the peers' environment
# Rounds of runs that keep activations, and of sweeps.
ROUNDS = {"large": (21, 3), "tiny": (41, 9)}
IMPORTS = 15
KEEP_BARS = {"large": 1.15, "tiny": 1.5}
SWEEP_BARS = {"large": 0.5, "tiny": 0.35}
WORK_BAR = 1.2
IMPORT_BAR = 1.15
NAMES = {
    "large": "GPT-2 small, random",
    "tiny": "4 layers, 256 wide, random",
}
OURS = "mi_widgets"
FORWARD = "its plain eager forward"
HOOKED = "one forward with a torch hook for each cell"
LEAST = "the least that starting each cell from a clean prefix takes"
_OFFLINE = {"HF_HUB_OFFLINE": "1", "WANDB_MODE": "disabled"}


def rows(python: Path, versions: dict[str, str]) -> Iterator[MultipleRow]:
    """All rows.

    Args:
        python: of the peers' environment.
        versions: of what is measured.
    """
    for shape, name in NAMES.items():
        found = worker(sys.executable, "ours", shape), worker(python, "peers", shape)
        yield from model_rows(shape, name, found, versions)
    yield from import_rows(imports(IMPORTS), versions)


def worker(python: str | Path, environment: str, shape: str) -> dict[str, Any]:
    """What `model_worker` measured in an environment."""
    rounds = map(str, (THREADS, *ROUNDS[shape]))
    return last_line_of("benchmarks.model_worker", environment, shape, *rounds, python=python, env=_OFFLINE)


def model_rows(
    shape: str, name: str, found: Sequence[dict[str, Any]], versions: dict[str, str]
) -> Iterator[MultipleRow]:
    """The rows of one model.

    Args:
        shape: which.
        name: what the reader is told of it.
        found: what was measured in our environment, and in the peers'.
        versions: of what was measured.
    """
    for part, task, against, bar in (
        ("keep", "a run that keeps resid_pre, resid_mid, resid_post and pattern", FORWARD, KEEP_BARS[shape]),
        ("sweep", "resid_pre patched at every layer and position", HOOKED, SWEEP_BARS[shape]),
    ):
        sides = {
            tool: Multiple(
                _label(tool, versions, here["lacks"] if part == "keep" else {}),
                _ratios(s, here[part]["plain"]),
            )
            for here in found
            for tool, s in here[part].items()
            if tool != "plain"
        }
        seconds = statistics.median(found[0][part]["plain"])
        yield MultipleRow(f"{name}: {task}", against, seconds, sides.pop(OURS), list(sides.values()), bar)
    work = Multiple(OURS, [found[0]["work"]["sweep"]])
    yield MultipleRow(f"{name}: the arithmetic of that", LEAST, None, work, bar=WORK_BAR)


def _label(tool: str, versions: dict[str, str], lacks: dict[str, str]) -> str:
    missing = f" (without {lacks[tool]})" if tool in lacks else ""
    return tool if tool == OURS else f"{tool} {versions[tool]}{missing}"


def import_rows(times: dict[str, list[float]], versions: dict[str, str]) -> Iterator[MultipleRow]:
    """The rows of the import."""
    plain = times["nnsight"]
    for name, bar in (("mi_widgets", IMPORT_BAR), ("mi.load", None)):
        yield MultipleRow(
            f"`{STATEMENTS[name]}` in a fresh process",
            f"`{STATEMENTS['nnsight']}` ({versions['nnsight']})",
            statistics.median(plain),
            Multiple(OURS, _ratios(times[name], plain)),
            bar=bar,
        )


def _ratios(seconds: Sequence[float], plain: Sequence[float]) -> list[float]:
    """Round by round."""
    return [a / b for a, b in zip(seconds, plain, strict=True)]


def measured_versions(python: Path) -> dict[str, str]:
    """The versions of what is measured, by the names of the tools."""
    found = peers.versions(python, *PACKAGES)
    return {"TransformerLens": found["transformer-lens"], "pyvene": found["pyvene"]}
