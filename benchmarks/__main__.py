"""Measures every comparison, writes results.json and README's table, and prints it.

    python -m benchmarks     # or: make bench

A comparison is a module with a function `rows(lab, folder, versions)` that yields rows; name it in COMPARISONS.
Ends with a message when a row misses its bar.
"""

import json
import os
import platform
import re
import sys
import tempfile
from datetime import date
from importlib.metadata import version
from pathlib import Path

from benchmarks import attention, peers, scrubber, table
from benchmarks.rows import Row
from tests.browser.jupyter import jupyter_lab

COMPARISONS = (attention, scrubber)


def main() -> str | None:
    """Measure, write, print; the bars that were missed, or None."""
    load = os.getloadavg()[0]
    python = peers.environment()
    versions = {name: version(name) for name in ("anywidget", "jupyterlab", "mi-widgets", "torch")}
    versions |= peers.versions(python, "circuitsvis")
    rows = measure(python, versions)
    results = {
        "date": date.today().isoformat(),
        "machine": machine(),
        "load_before": round(load, 2),  # what else the machine was doing
        "versions": versions,
        "rows": [row.as_json() for row in rows],
    }
    table.RESULTS.write_text(json.dumps(results, indent=2) + "\n")
    table.write(table.ROOT / "README.md", results)
    print(table.section(results))
    return "\n".join(filter(None, (row.missed() for row in rows))) or None


def measure(python: Path, versions: dict[str, str]) -> list[Row]:
    """Every comparison's rows, in one JupyterLab that has the peers' kernel."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="mi-bench-") as name:
        folder = Path(name)
        peers.register(python, folder / "data")
        own = {"JUPYTER_DATA_DIR": str(folder / "data")}
        with jupyter_lab(folder, environment=own) as lab:
            for comparison in COMPARISONS:
                for row in comparison.rows(lab, folder, versions):
                    print(row.as_json(), flush=True)
                    rows.append(row)
    return rows


def machine() -> str:
    """The processor, how many of it, and the Python."""
    cpuinfo = Path("/proc/cpuinfo")
    named = re.search(r"model name\s*:\s*(.*)", cpuinfo.read_text()) if cpuinfo.exists() else None
    processor = named.group(1) if named else platform.machine()
    return f"{os.cpu_count()} cores of {processor}, Python {platform.python_version()}"


if __name__ == "__main__":
    sys.exit(main())
