"""Run a cell in JupyterLab and take the time until its picture is painted."""

import statistics
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.rows import Side
from tests.browser.jupyter import Notebook

# Runs the last cell, and asks at every frame whether its picture is there; null when the limit has passed.
_TIME = """
async ([painted, limit]) => {
  const content = window.jupyterapp.shell.currentWidget.content;
  const cell = content.widgets[content.widgets.length - 1].node;
  const done = eval(painted);
  const frame = () => new Promise((next) => requestAnimationFrame(next));
  const start = performance.now();
  const ran = window.jupyterapp.commands.execute("notebook:run-cell");
  while (!done(cell)) {
    const failed = cell.querySelector("[data-mime-type='application/vnd.jupyter.error']");
    if (failed) throw new Error(failed.textContent);
    if (performance.now() - start > limit * 1000) return null;
    await frame();
  }
  await frame();
  const seconds = (performance.now() - start) / 1000;
  await ran;
  return seconds;
}
"""


# In the page: whether a widget of ours in the cell's output was drawn.
PAINTED = "(cell) => cell.querySelector('.mi[data-painted]') !== null"


def time_cell(
    notebook: Notebook, source: str, *, tool: str, painted: str, repeats: int, limit_s: float
) -> Side:
    """Run a cell several times, each with an empty page before it.

    Args:
        notebook: An open notebook, whose kernel has what the cell needs.
        source: The cell's Python.
        tool: Whose picture it makes.
        painted: JavaScript: a function of the cell's element that says whether the picture is there.
        repeats: How often it is run.
        limit_s: How long is waited for the picture.
    """
    seconds: list[float | None] = []
    megabytes = []
    for _ in range(repeats):
        notebook.command("notebook:clear-all-cell-outputs")
        notebook.append(source)
        with _received(notebook) as sizes:
            seconds.append(notebook.page.evaluate(_TIME, [painted, limit_s]))
        megabytes.append(sum(sizes) / 1e6)
    return Side(tool, seconds, limit_s, statistics.median(megabytes))


@contextmanager
def _received(notebook: Notebook) -> Iterator[list[int]]:
    """The sizes of what the page receives from the kernel and the server meanwhile."""
    sizes: list[int] = []

    def count(payload: str | bytes) -> None:
        sizes.append(len(payload.encode() if isinstance(payload, str) else payload))

    sockets = list(notebook.sockets)
    for socket in sockets:
        socket.on("framereceived", count)
    yield sizes
    for socket in sockets:
        socket.remove_listener("framereceived", count)
