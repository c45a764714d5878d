"""Old code beside new: the rows of `make bench` on another revision of this repository and on this one, in turns.

    make bench AGAINST=main~20     # or: python -m benchmarks against main~20

Both live in one JupyterLab, each with a page and a kernel of its own, whose Python path leads to its tree. A round
takes every row's time in both, the old one first in every other round; a ratio is that of the medians in one round.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks import attention, clicks, kernels, latents, lens, scrubber, steering, training
from benchmarks.cells import PAINTED, time_cell
from benchmarks.rows import Multiple
from tests.browser.jupyter import JupyterLab, Notebook, jupyter_lab, write_notebook

ROOT = Path(__file__).parents[1]
NEW, OLD = "new", "old"
ROUNDS = 11
AT_MOST, SURELY = (
    1.15,
    1.05,
)  # a row is slower where the median is over the first, the interval over the second

# In the kernel: the seconds of some calls of `measured`, as JSON.
_TIMES = """
import json, time
def _took():
    begin = time.perf_counter()
    measured()
    return time.perf_counter() - begin
print(json.dumps([_took() for _ in range({times})]))
"""


@dataclass(frozen=True)
class Scene:
    """What is measured in both.

    Attributes:
        task: for the table.
        cells: what is run first, once, in each kernel; the last cell shows what is touched.
        ready: what must be painted on the page before it is touched; empty where nothing is.
        seconds: takes the times of one round.
    """

    task: str
    cells: tuple[str, ...]
    ready: tuple[str, ...]
    seconds: Callable[[Notebook], Sequence[float | None]]


@dataclass(frozen=True)
class Ratio:
    """How many times as long as before a task takes."""

    task: str
    old_s: float
    new: Multiple

    @property
    def interval(self) -> tuple[float, float]:
        """Between which numbers the median lies, at 95 %: 10,000 draws of the rounds."""
        rounds = np.asarray(self.new.rounds)
        drawn = np.random.default_rng(0).choice(rounds, (10_000, len(rounds)))
        low, high = np.quantile(np.median(drawn, axis=1), [0.025, 0.975])
        return float(low), float(high)

    def missed(self) -> str | None:
        """That it became slower, or None."""
        low, high = self.interval
        if self.new.median <= AT_MOST or low <= SURELY:
            return None
        return f"{self.task}: {self.new.median:.2f} times the old code's time (95 %: {low:.2f} to {high:.2f})"

    def as_json(self) -> dict[str, object]:
        """The row as it stands in results.json."""
        interval = [round(end, 3) for end in self.interval]
        return {"task": self.task, "old_s": round(self.old_s, 4), "interval": interval, **self.new.as_json()}


def rows(revision: str, rounds: int = ROUNDS) -> Iterator[Ratio]:
    """A row for every scene.

    Args:
        revision: of the old code, as git names it.
        rounds: how many.
    """
    with (
        tempfile.TemporaryDirectory(prefix="mi-against-") as name,
        _tree(revision, Path(name) / "tree") as tree,
    ):
        folder = Path(name) / "notebooks"
        for kernel, path in ((NEW, ROOT), (OLD, tree)):
            # A kernel of this environment that finds the package in that tree.
            kernels.register(Path(name) / "data", kernel, sys.executable, PYTHONPATH=str(path))
        folder.mkdir()
        own = {"JUPYTER_DATA_DIR": str(Path(name) / "data")}
        with jupyter_lab(folder, environment=own) as lab:
            for scene in SCENES:
                yield _compared(scene, lab, folder, rounds)


def named(revision: str) -> str:
    """The short name of a revision's commit."""
    asked = ["git", "rev-parse", "--short", f"{revision}^{{commit}}"]
    return subprocess.run(asked, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


@contextmanager
def _tree(revision: str, folder: Path) -> Iterator[Path]:
    """The files of a revision, with its front end built."""
    subprocess.run(["git", "worktree", "add", "--detach", folder, revision], cwd=ROOT, check=True)
    try:
        build = [sys.executable, "mi_widgets/widgets/build_hook.py"]
        subprocess.run(build, cwd=folder, env={**os.environ, "PYTHONPATH": str(folder)}, check=True)
        yield folder
    finally:
        subprocess.run(["git", "worktree", "remove", "--force", folder], cwd=ROOT, check=True)


def _compared(scene: Scene, lab: JupyterLab, folder: Path, rounds: int) -> Ratio:
    with ExitStack() as stack:
        notebooks = {name: stack.enter_context(_opened(scene, lab, folder, name)) for name in (OLD, NEW)}
        medians: dict[str, list[float]] = {name: [] for name in notebooks}
        for turn in range(-1, rounds):  # the first round warms up
            for name in (OLD, NEW) if turn % 2 else (NEW, OLD):
                notebooks[name].page.bring_to_front()
                seconds = scene.seconds(notebooks[name])
                if turn >= 0:
                    medians[name].append(statistics.median(float("inf") if s is None else s for s in seconds))
    ratios = [new / old for new, old in zip(medians[NEW], medians[OLD], strict=True)]
    return Ratio(scene.task, statistics.median(medians[OLD]), Multiple(NEW, ratios))


@contextmanager
def _opened(scene: Scene, lab: JupyterLab, folder: Path, kernel: str) -> Iterator[Notebook]:
    """The scene's notebook on a page of its own."""
    write_notebook(folder / f"{kernel}.ipynb", scene.cells, kernel=kernel)
    with lab.another_page() as page, page.open(f"{kernel}.ipynb") as notebook:
        notebook.run_all(timeout_s=300)
        found = notebook.run_cell("import mi_widgets; print(mi_widgets.__file__)")
        if (str(ROOT) in found) != (kernel == NEW):
            raise RuntimeError(f"The kernel {kernel!r} found the package at {found}")
        for selector in scene.ready:
            notebook.painted(selector)
        notebook.page.wait_for_timeout(1000)
        yield notebook


def _painting(cell: str, repeats: int = 2) -> Callable[[Notebook], Sequence[float | None]]:
    """The times until a cell's picture is there."""

    def seconds(notebook: Notebook) -> Sequence[float | None]:
        side = time_cell(notebook, cell, tool="", painted=PAINTED, repeats=repeats, limit_s=30)
        return side.runs_s

    return seconds


def _calling(times: int) -> Callable[[Notebook], Sequence[float | None]]:
    """The times of `measured()` in the kernel."""
    return lambda notebook: json.loads(
        notebook.run_cell(_TIMES.format(times=times), timeout_s=300).splitlines()[-1]
    )


def _painted_scenes() -> Iterator[Scene]:
    for tokens, *_ in attention.SIZES:
        setup = attention.OURS + attention.TENSOR.format(heads=attention.HEADS, tokens=tokens)
        task = f"paint {attention.HEADS} heads, {tokens} tokens"
        yield Scene(task, (setup,), (), _painting(attention.OURS_CELL))
    task = f"paint a logit lens of {lens.LAYERS} layers, {lens.TOKENS} tokens"
    yield Scene(task, (lens.SETUP,), (), _painting("lens.view()"))
    yield Scene("paint a dashboard of 768 latents", (latents.SETUP,), (), _painting("seen.view(sae=sae)"))


def _touched_scenes() -> Iterator[Scene]:
    for scene in scrubber.SCENES:
        ready = (".mi-training", *(f".mi-{name}" for name in scene.followers))
        yield Scene(
            scene.task, (scene.cell,), ready, lambda notebook, scene=scene: scrubber.drag(notebook, scene)
        )
    yield Scene(
        "click a cell until its patch is answered",
        (clicks.SETUP, "panel"),
        (".mi-heat", ".mi-continuations"),
        lambda notebook: clicks.clicked(notebook, 6),
    )
    yield Scene(
        "type a text until its latents are shown",
        (latents.SETUP, "mi.LatentsPanel(model, sae, prompt=text, dashboards=seen)"),
        (".mi-latents",),
        lambda notebook: notebook.page.evaluate(
            latents.TYPE, [latents.TEXTS[:6], latents.LIMIT_S, latents.PAUSE_MS]
        ),
    )
    yield Scene(
        "move a slider until the next token is shown",
        (steering.SETUP, "panel"),
        (".mi-steering",),
        lambda notebook: notebook.page.evaluate(steering.MOVE, [10, steering.LIMIT_S, steering.PAUSE_MS]),
    )


_MODEL = """
from benchmarks.model_ours import Ours
from benchmarks.model_tools import SHAPES
ours = Ours(SHAPES[{shape!r}])
measured = ours.{call}
"""
_STEP = """
import torch
from benchmarks import training
torch.set_num_threads(1)
measured = training._step(training.RECIPES["modadd-113"], training.last_logits)
"""
_IMPORT = """
import subprocess, sys
def measured():
    subprocess.run([sys.executable, "-c", "import mi_widgets as mi; mi.load"], check=True)
"""


def _called_scenes() -> Iterator[Scene]:
    for shape, call, times in (("tiny", "keep", 9), ("tiny", "sweep", 1), ("large", "keep", 3)):
        cell = _MODEL.format(shape=shape, call=call)
        yield Scene(f"{call} on the {shape} GPT-2", (cell,), (), _calling(times))
    yield Scene(training.TASK, (_STEP,), (), _calling(3))
    yield Scene("import mi_widgets in a fresh process", (_IMPORT,), (), _calling(1))


SCENES = (*_painted_scenes(), *_touched_scenes(), *_called_scenes())
