"""One layer of attention patterns: `AttentionView` beside circuitsvis, from the same tensor.

Each has its own kernel, in the same JupyterLab; both tensors are made from the same seed, and compared. The time runs
from the start of the cell, with the tensor at hand, to the frame after the picture is there: for ours when every head
is painted, for the peer already when its canvases have their size, which is in the peer's favour.
"""

from collections.abc import Iterator
from pathlib import Path

from benchmarks import peers
from benchmarks.cells import time_cell
from benchmarks.rows import Bar, Row, Side
from tests.browser.jupyter import JupyterLab, Notebook, write_notebook

HEADS = 12
LIMIT_S = 240
# Tokens, repeats of ours, of the peer (which takes minutes for 512), and what has to be reached.
SIZES = ((64, 5, 3, None), (512, 5, 1, Bar(seconds=0.5, megabytes=4, times_faster=50)))

TENSOR = """
import hashlib
import torch

def patterns(heads, tokens):
    scores = torch.randn(heads, tokens, tokens, generator=torch.Generator().manual_seed(0)) * 3
    later = torch.ones(tokens, tokens, dtype=torch.bool).triu(1)
    return scores.masked_fill(later, -torch.inf).softmax(-1).numpy()

pattern = patterns({heads}, {tokens})
words = [f" t{{i}}" for i in range({tokens})]
print(hashlib.sha256(pattern.tobytes()).hexdigest())
"""

OURS = """
import numpy as np
import xarray as xr
import mi_widgets as mi
from mi_widgets.core.provenance import Provenance

def result(pattern, words):
    pattern, labels = pattern[None, None], np.array([words])
    names = ("batch", "layer", "head", "query", "key")
    coords = {name: np.arange(n) for name, n in zip(names, pattern.shape)}
    coords |= {"query_token": (("batch", "query"), labels), "key_token": (("batch", "key"), labels)}
    dataset = xr.Dataset({"pattern": (names, pattern)}, coords=coords)
    return mi.Result(kind="attention", title="Attention", dataset=dataset, primary="pattern", unit="probability",
                     source="random", provenance=Provenance("random", "", ""))
"""
OURS_CELL = "result(pattern, words).view()"
OURS_PAINTED = "(cell) => cell.querySelector('.mi[data-painted]') !== null"

PEER = """
from circuitsvis.attention import attention_heads
from IPython.display import HTML
"""
# The HTML that circuitsvis falls back to without a network: its own display would first ask a public address.
PEER_CELL = "HTML(attention_heads(pattern, words).local_src)"
# One canvas a head, and a large one.
PEER_PAINTED = f"""(cell) => {{
  const pictures = [...cell.querySelectorAll(".jp-OutputArea canvas, .jp-OutputArea img")];
  return pictures.filter((picture) => picture.width > 1 && picture.height > 1).length > {HEADS};
}}"""


def rows(lab: JupyterLab, folder: Path, versions: dict[str, str]) -> Iterator[Row]:
    """A row for every size; the lab serves the folder."""
    tool = f"circuitsvis {versions['circuitsvis']}"
    for tokens, repeats, peer_repeats, bar in SIZES:
        tensor = TENSOR.format(heads=HEADS, tokens=tokens)
        write_notebook(folder / "ours.ipynb", [])
        with lab.open("ours.ipynb") as notebook:
            made = notebook.run_cell(OURS + tensor)
            ours = _timed(notebook, "AttentionView", OURS_CELL, OURS_PAINTED, repeats)
        write_notebook(folder / "peer.ipynb", [], kernel=peers.KERNEL)
        with lab.open("peer.ipynb") as notebook:
            peer_made = notebook.run_cell(PEER + tensor)
            peer = _timed(notebook, tool, PEER_CELL, PEER_PAINTED, peer_repeats)
        if made != peer_made:
            raise RuntimeError(f"The two kernels made different tensors: {made} and {peer_made}")
        yield Row(f"{HEADS} heads, {tokens} tokens: run the cell until painted", ours, peer, bar)


def _timed(notebook: Notebook, tool: str, cell: str, painted: str, repeats: int) -> Side:
    return time_cell(notebook, cell, tool=tool, painted=painted, repeats=repeats, limit_s=LIMIT_S)
