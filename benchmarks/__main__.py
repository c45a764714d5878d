"""Measures every comparison, writes results.json and README's table, and prints it.

    python -m benchmarks          # or: make bench
    python -m benchmarks model    # the model layer alone; "lab": what is seen in JupyterLab; "memory"; "training"
    python -m benchmarks lens     # TransformerLens's networks, of 2.x and 4.x, against what is read of them here
    python -m benchmarks against main~20    # or: make bench AGAINST=main~20; the code of that revision, in turns

A comparison in JupyterLab is a module with a function `rows(lab, folder, versions)` that yields rows; name it in
COMPARISONS. Ends with a message when a row misses its bar.
"""

import json
import os
import platform
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks import (
    against,
    attention,
    clicks,
    dictionaries,
    kernels,
    latents,
    lens,
    lens_networks,
    loading,
    memory,
    model_layer,
    peers,
    scrubber,
    steering,
    table,
    training,
)
from benchmarks.against import Ratio
from benchmarks.rows import MultipleRow, Row
from tests.browser.jupyter import jupyter_lab

COMPARISONS = (attention, scrubber, lens, clicks, latents, steering)
PARTS = ("lab", "lens", "memory", "model", "training")


def main(*parts: str) -> str | None:
    """Measure, write, print; the bars that were missed, or None.

    Args:
        parts: which of PARTS; all by default. What was measured of the others stays. Or "against" and a revision.
    """
    if parts[:1] == ("against",):
        return old_and_new(*parts[1:])
    if set(parts) - set(PARTS):
        return f"The parts are {', '.join(PARTS)}; got {', '.join(parts)}."
    results: dict[str, Any] = json.loads(table.RESULTS.read_text()) if table.RESULTS.exists() else {}
    missed: list[str] = []
    if not parts or "lab" in parts:
        results |= lab(peers.environment(), missed)
    if not parts or "memory" in parts:
        results["memory"] = in_memory(missed)
    if not parts or "model" in parts:
        results["model"] = model(peers.environment(), missed)
    if not parts or "lens" in parts:
        results["lens"] = lens_networks.figures(missed)
    if not parts or "training" in parts:
        versions = {name: version(name) for name in ("mi-widgets", "torch")}
        results["training"] = measured(lambda: [*training.rows(), *dictionaries.rows()], versions, missed)
    table.RESULTS.write_text(json.dumps(results, indent=2) + "\n")
    table.write(table.ROOT / "README.md", results)
    print(table.section(results))
    return "\n".join(missed) or None


def old_and_new(revision: str) -> str | None:
    """The rows on the code of a revision and on this, in turns, into results.json; those that are slower, or None."""
    missed: list[str] = []
    versions = {"old": against.named(revision), "new": against.named("HEAD")}
    found = measured(lambda: against.rows(revision), versions, missed)
    results: dict[str, Any] = json.loads(table.RESULTS.read_text())
    table.RESULTS.write_text(json.dumps({**results, "against": found}, indent=2) + "\n")
    return "\n".join(missed) or None


def lab(python: Path, missed: list[str]) -> dict[str, Any]:
    """What is seen in JupyterLab."""
    versions = {name: version(name) for name in ("anywidget", "jupyterlab", "mi-widgets", "torch")}
    versions |= peers.versions(python, "circuitsvis")
    return measured(lambda: in_lab(python, versions), versions, missed)


def in_memory(missed: list[str]) -> dict[str, Any]:
    """A model that is held in memory."""

    def measure() -> Iterator[Row | MultipleRow]:
        yield from memory.shares()
        yield from loading.rows()
        with tempfile.TemporaryDirectory(prefix="mi-bench-") as name, jupyter_lab(Path(name)) as running:
            yield from memory.rows(running, Path(name))

    return measured(
        measure, {name: version(name) for name in ("mi-widgets", "torch", "transformers")}, missed
    )


def model(python: Path, missed: list[str]) -> dict[str, Any]:
    """The model layer."""
    versions = {name: version(name) for name in ("mi-widgets", "nnsight", "torch", "transformers")}
    versions |= model_layer.measured_versions(python)
    found = measured(lambda: model_layer.rows(python, versions), versions, missed)
    return {**found, "threads": model_layer.THREADS}


def measured(measure: Any, versions: dict[str, str], missed: list[str]) -> dict[str, Any]:
    """Some rows, with when and where they were measured.

    Args:
        measure: yields the rows.
        versions: of what is measured.
        missed: grows by the bars that were missed.
    """
    load = os.getloadavg()[0]
    rows: Iterable[Row | MultipleRow | Ratio] = measure()
    found = []
    for row in rows:
        print(row.as_json(), flush=True)
        found.append(row.as_json())
        missed += filter(None, [row.missed()])
    return {
        "date": date.today().isoformat(),
        "machine": machine(),
        "load_before": round(load, 2),  # what else the machine was doing
        "versions": versions,
        "rows": found,
    }


def in_lab(python: Path, versions: dict[str, str]) -> Iterable[Row]:
    """Every comparison's rows, in one JupyterLab that has the peers' kernel."""
    with tempfile.TemporaryDirectory(prefix="mi-bench-") as name:
        folder = Path(name)
        kernels.register(folder / "data", peers.KERNEL, python)
        own = {"JUPYTER_DATA_DIR": str(folder / "data")}
        with jupyter_lab(folder, environment=own) as running:
            for comparison in COMPARISONS:
                yield from comparison.rows(running, folder, versions)


def machine() -> str:
    """The processor, how many of it, and the Python."""
    cpuinfo = Path("/proc/cpuinfo")
    named = re.search(r"model name\s*:\s*(.*)", cpuinfo.read_text()) if cpuinfo.exists() else None
    processor = named.group(1) if named else platform.machine()
    return f"{os.cpu_count()} cores of {processor}, Python {platform.python_version()}"


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
