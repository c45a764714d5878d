"""First paint of a logit lens of 12 layers and 512 tokens: from the start of the cell to the frame after the picture.

Random numbers and as many different tokens as a vocabulary of 50,000 gives; no peer draws a lens that answers.
"""

from collections.abc import Iterator
from pathlib import Path

from benchmarks.cells import PAINTED, time_cell
from benchmarks.rows import Bar, Row
from tests.browser.jupyter import JupyterLab, write_notebook

LAYERS, TOKENS, TOP = 12, 512, 10
LIMIT_S, BAR_S, REPEATS = 20, 0.3, 5
SETUP = f"""
import numpy as np
import xarray as xr
import mi_widgets as mi
from mi_widgets.core.provenance import Provenance

rng, places = np.random.default_rng(0), ("batch", "layer", "pos")
shape = (1, {LAYERS}, {TOKENS})
vocabulary = np.array([f" w{{i}}" for i in range(50_000)])
top = vocabulary[rng.integers(0, 50_000, (*shape, {TOP}))]
share = np.sort(rng.dirichlet(np.ones({TOP} + 1), shape)[..., 1:])[..., ::-1]
lens = mi.Result(
    kind="logit_lens", title="Logit lens at resid_post", primary="probability", unit="probability", source="random",
    provenance=Provenance("random", "", ""),
    dataset=xr.Dataset(
        {{
            "probability": (places, share[..., 0]),
            "token": (places, top[..., 0]),
            "entropy": (places, rng.random(shape), {{"units": "nats"}}),
            "kl": (places, rng.random(shape), {{"units": "nats"}}),
            "top_token": ((*places, "rank"), top),
            "top_probability": ((*places, "rank"), share, {{"units": "probability"}}),
            "asked_probability": (
                (*places, "token_asked"),
                rng.random((*shape, 1)),
                {{"units": "probability"}},
            ),
            "asked_rank": (
                (*places, "token_asked"),
                rng.integers(0, 50_000, (*shape, 1)).astype(float),
                {{"units": "rank"}},
            ),
        }},
        coords={{
            "batch": [0], "layer": range({LAYERS}), "pos": range({TOKENS}),
            "pos_token": (("batch", "pos"), vocabulary[None, :{TOKENS}]), "rank": range({TOP}),
            "token_asked": [" w7"],
        }},
    ),
)
"""


def rows(lab: JupyterLab, folder: Path, versions: dict[str, str]) -> Iterator[Row]:
    """One row; the lab serves the folder."""
    write_notebook(folder / "lens.ipynb", [])
    with lab.open("lens.ipynb") as notebook:
        notebook.run_cell(SETUP)
        ours = time_cell(
            notebook,
            "lens.view()",
            tool="LogitLensView",
            painted=PAINTED,
            repeats=REPEATS,
            limit_s=LIMIT_S,
        )
    task = f"paint a logit lens of {LAYERS} layers, {TOKENS} tokens"
    yield Row(task, ours, bar=Bar(seconds=BAR_S))
