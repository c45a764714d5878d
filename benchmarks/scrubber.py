"""Dragging `TrainingView`'s scrubber: how long until a linked `AttentionView` shows that checkpoint.

Real checkpoints, a real kernel, and a pointer that drags; the time runs from the slider's event to the frame after the
linked view was drawn. No peer has such a control.
"""

from collections.abc import Iterator
from pathlib import Path

from benchmarks.rows import Bar, Row, Side
from mi_widgets.zoo.models import checkpoints
from tests.browser.jupyter import JupyterLab, Notebook, write_notebook

TASK = "drag the scrubber until the linked attention is drawn"
LIMIT_S = 5
HALF = 7  # of the slider's thumb: its ends are so far inside
NAME = "induction-2l"
CELL = """
import ipywidgets
import mi_widgets as mi
from mi_widgets import sites as at

name = "{name}"
ids = mi.repeated_tokens(mi.load(name), length=12, n=1, seed=3)
rise = mi.over_checkpoints(name, lambda m: mi.head_scores(m, "induction"), progress=False)
see = lambda m: mi.attention(m.run(ids, keep=[at.pattern]))
attention = mi.over_checkpoints(name, see, progress=False).view()
training = mi.TrainingView({"prefix matching": rise}, selection={"step": 0})
mi.link(training, attention)
ipywidgets.VBox([training, attention])
"""
# Note when the slider moved the selection and when the follower was next drawn; the dragging comes from outside.
LISTEN = """() => {
  const find = (name) => document.querySelector(`.mi-${name}`);
  const seconds = (window.followed = []);
  let start;
  find("training").querySelector("input[type=range]").addEventListener("input", () => {
    start ??= performance.now();
  }, true);
  new MutationObserver(() => {
    if (start !== undefined) seconds.push((performance.now() - start) / 1000);
    start = undefined;
  }).observe(find("attention"), { attributes: true, attributeFilter: ["data-painted"] });
}"""


def rows(lab: JupyterLab, folder: Path, versions: dict[str, str]) -> Iterator[Row]:
    """One row; the lab serves the folder."""
    write_notebook(folder / "scrubber.ipynb", [CELL.replace("{name}", NAME)])
    with lab.open("scrubber.ipynb") as notebook:
        notebook.run_all()
        notebook.page.locator(".mi-attention[data-painted]").wait_for()
        notebook.page.wait_for_timeout(1000)
        seconds = drag(notebook)
    yield Row(
        TASK,
        Side("TrainingView", seconds, LIMIT_S),
        bar=Bar(seconds=0.1),
    )


def drag(notebook: Notebook) -> list[float | None]:
    """Seconds that the follower took, for each checkpoint the pointer came to on its way there and back."""
    page = notebook.page
    page.evaluate(LISTEN)
    slider = page.locator(".mi-training input[type=range]")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    if box is None:
        raise RuntimeError("The scrubber is not on the page")
    height = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + HALF, height)
    page.mouse.down()
    steps = checkpoints(NAME)
    # From one checkpoint to the next, and back: every move changes the selection.
    for step in [*steps[1:], *steps[-2::-1]]:
        page.mouse.move(box["x"] + HALF + step / steps[-1] * (box["width"] - 2 * HALF), height)
        page.wait_for_timeout(60)
    page.mouse.up()
    page.wait_for_timeout(300)
    seconds = page.evaluate("() => window.followed")
    if len(seconds) != 2 * (len(steps) - 1):
        raise RuntimeError(f"The linked view was drawn {len(seconds)} times for {2 * (len(steps) - 1)} moves")
    return seconds
