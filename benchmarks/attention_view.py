"""`AttentionView` beside circuitsvis: the same tensor, in the same JupyterLab, in one run.

    python -m benchmarks.attention_view          # writes benchmarks/results.json

Seconds run from the start of the cell to the frame after the last canvas was painted; bytes are those that
the kernel sent to the browser. A peer that does not paint within the limit is reported so.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import sys
import tempfile
from datetime import date
from importlib.metadata import version
from pathlib import Path

from tests.browser.jupyter import Notebook, jupyter_lab, write_notebook

SIZES = ((1, 12, 64), (1, 12, 512))  # layers, heads, tokens
LIMIT_S = 240
OURS_REPEATS, PEER_REPEATS = 5, 1
HERE = Path(__file__).parent

SETUP = """
import torch, numpy as np, xarray as xr
import mi_widgets as mi
from mi_widgets.core.results import Provenance
from circuitsvis.attention import attention_heads
from IPython.display import HTML

def patterns(layers, heads, tokens):
    scores = torch.randn(1, layers, heads, tokens, tokens, generator=torch.Generator().manual_seed(0)) * 3
    return scores.masked_fill(torch.ones(tokens, tokens, dtype=torch.bool).triu(1), -1e9).softmax(-1).numpy()

def result(pattern):
    names = ("batch", "layer", "head", "query", "key")
    labels = np.array([[f" t{i}" for i in range(pattern.shape[-1])]])
    coords = {name: np.arange(n) for name, n in zip(names, pattern.shape)}
    coords |= {"query_token": (("batch", "query"), labels), "key_token": (("batch", "key"), labels)}
    dataset = xr.Dataset({"pattern": (names, pattern)}, coords=coords)
    return mi.Result(kind="attention", title="Attention", dataset=dataset, primary="pattern", unit="probability",
                     source="random", provenance=Provenance("random", "", ""))
"""
OURS = "result(patterns{size}).view()"
# The HTML that circuitsvis falls back to without a network; its own display would first ask a public address.
PEER = """p = patterns{size}
words = [f" t{{i}}" for i in range(p.shape[-1])]
HTML(attention_heads(p[0].reshape(-1, *p.shape[-2:]), words).local_src)"""

# Runs the last cell; resolves when its output has as many painted pictures as there are heads and one large.
MEASURE = """
async ([wanted, limit]) => {
  const content = window.jupyterapp.shell.currentWidget.content;
  const cell = content.widgets[content.widgets.length - 1];
  const frame = () => new Promise((done) => requestAnimationFrame(() => done()));
  const drawn = () => {
    const ours = cell.node.querySelector(".mi[data-painted]");
    if (ours) return true;
    const pictures = [...cell.node.querySelectorAll(".jp-OutputArea canvas, .jp-OutputArea img")];
    return pictures.filter((p) => p.width > 1 && p.height > 1).length > wanted;
  };
  const start = performance.now();
  const ran = window.jupyterapp.commands.execute("notebook:run-cell");
  while (!drawn()) {
    if (performance.now() - start > limit * 1000) return null;
    await frame();
  }
  await frame();
  const seconds = (performance.now() - start) / 1000;
  await ran;
  return seconds;
}
"""


def measure(notebook: Notebook, source: str, heads: int) -> tuple[float | None, int]:
    """Seconds to paint (None past the limit) and bytes received."""
    received = 0

    def count(payload: str | bytes) -> None:
        nonlocal received
        received += len(payload)

    # Only what comes while this cell runs is counted.
    for socket in notebook.sockets:
        socket.on("framereceived", count)
    notebook.append(source)
    seconds = notebook.page.evaluate(MEASURE, [heads, LIMIT_S])
    for socket in notebook.sockets:
        socket.remove_listener("framereceived", count)
    return seconds, received


def compare(notebook: Notebook) -> list[dict[str, object]]:
    """A row for every size."""
    notebook.run_cell(SETUP)
    rows = []
    for layers, heads, tokens in SIZES:
        size = (layers, heads, tokens)
        ours = [measure(notebook, OURS.format(size=size), layers * heads) for _ in range(OURS_REPEATS)]
        peer = [measure(notebook, PEER.format(size=size), layers * heads) for _ in range(PEER_REPEATS)]
        ours_s = statistics.median(s for s, _ in ours if s is not None)
        peer_s = [s for s, _ in peer if s is not None]
        rows.append(
            {
                "heads": layers * heads,
                "tokens": tokens,
                "mi_widgets_s": round(ours_s, 3),
                "mi_widgets_mb": round(statistics.median(b for _, b in ours) / 1e6, 3),
                "circuitsvis_s": round(statistics.median(peer_s), 2) if peer_s else f"> {LIMIT_S}",
                "circuitsvis_mb": round(statistics.median(b for _, b in peer) / 1e6, 2),
                "times_faster": round((statistics.median(peer_s) if peer_s else LIMIT_S) / ours_s, 1),
            }
        )
        print(rows[-1], flush=True)
    return rows


def main() -> None:
    """Measure, write, print."""
    with tempfile.TemporaryDirectory() as folder:
        write_notebook(Path(folder) / "bench.ipynb", [])
        with jupyter_lab(Path(folder)) as lab, lab.open("bench.ipynb") as notebook:
            rows = compare(notebook)
    packages = ("anywidget", "circuitsvis", "jupyterlab", "torch")
    report = {
        "date": date.today().isoformat(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "versions": {name: version(name) for name in packages},
        "attention_view": rows,
    }
    (HERE / "results.json").write_text(json.dumps(report, indent=2) + "\n")
    columns = list(rows[0])
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(str(row[c]) for c in columns) + " |" for row in rows]
    print("\n".join(lines))
    worst = rows[-1]
    ok = worst["mi_widgets_s"] <= 0.5 and worst["mi_widgets_mb"] < 4 and worst["times_faster"] >= 50
    sys.exit(None if ok else "12 heads x 512 tokens: the bar is 0.5 s, 4 MB and 50 times faster.")


if __name__ == "__main__":
    main()
