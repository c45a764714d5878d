"""Dragging `TrainingView`'s scrubber: how long until all views that are linked with it show that checkpoint.

Real checkpoints, a real kernel, and a pointer that drags; the time runs from the slider's event to the frame after the
last of the linked views was drawn. No peer has such a control.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.rows import Bar, Row, Side
from mi_widgets.zoo.shipped import checkpoints
from tests.browser.jupyter import JupyterLab, Notebook, write_notebook

LIMIT_S = 5
BAR_S = 0.1
PAUSE_MS = 60  # between two moves
HALF = 7  # of the slider's thumb: its ends are so far inside


@dataclass(frozen=True)
class Scene:
    """What is linked.

    Attributes:
        task: for the table.
        model: whose checkpoints.
        followers: the linked views' names in the page.
        cell: the notebook's.
    """

    task: str
    model: str
    followers: tuple[str, ...]
    cell: str


INDUCTION = Scene(
    "drag the scrubber until the linked attention is drawn",
    "induction-2l",
    ("attention",),
    """
import ipywidgets
import mi_widgets as mi
from mi_widgets import sites as at

name = "induction-2l"
ids = mi.repeated_tokens(mi.load(name), length=12, n=1, seed=3)
rise = mi.over_checkpoints(name, lambda m: mi.head_scores(m, "induction"), progress=False)
see = lambda m: mi.attention(m.run(ids, keep=[at.pattern]))
attention = mi.over_checkpoints(name, see, progress=False).view()
training = mi.views.TrainingView({"prefix matching": rise}, selection={"step": 0})
mi.views.link(training, attention)
ipywidgets.VBox([training, attention])
""",
)
MODULAR_ADDITION = Scene(
    "drag the scrubber until linked Fourier panel and attention are drawn",
    "modadd-113",
    ("fourier", "attention"),
    """
import ipywidgets
import mi_widgets as mi
from mi_widgets import sites as at

name = "modadd-113"
found = mi.fourier.key_frequencies(mi.load(name)).dataset
keys = found["frequency"].values[found["key"].values].tolist()
story = mi.over_checkpoints(name, lambda m: mi.fourier.progress_measures(m, frequencies=keys), progress=False)
panel = mi.FourierPanel(name, neurons=[0], logits=[0])
see = lambda m: mi.attention(m.run("100 20 =", keep=[at.pattern]))
attention = mi.over_checkpoints(name, see, progress=False).view()
measures = {"right": story["test_accuracy"], "restricted": story, "excluded": story["excluded"]}
training = mi.views.TrainingView(measures, selection={"step": 0})
mi.views.link(training, panel, attention)
ipywidgets.VBox([training, panel, attention])
""",
)
SCENES = (INDUCTION, MODULAR_ADDITION)
# Note when the slider moved the selection and when all followers were next drawn; the dragging comes from outside.
LISTEN = """(followers) => {
  const find = (name) => document.querySelector(`.mi-${name}`);
  const seconds = (window.followed = []);
  const waiting = new Set();
  let start;
  find("training").querySelector("input[type=range]").addEventListener("input", () => {
    if (waiting.size) return;
    start = performance.now();
    followers.forEach((name) => waiting.add(name));
  }, true);
  for (const name of followers) {
    new MutationObserver(() => {
      if (waiting.delete(name) && !waiting.size) seconds.push((performance.now() - start) / 1000);
    }).observe(find(name), { attributes: true, attributeFilter: ["data-painted"] });
  }
}"""


def rows(lab: JupyterLab, folder: Path, versions: dict[str, str]) -> Iterator[Row]:
    """A row for each scene; the lab serves the folder."""
    for scene in SCENES:
        write_notebook(folder / "scrubber.ipynb", [scene.cell])
        with lab.open("scrubber.ipynb") as notebook:
            notebook.run_all()
            for name in scene.followers:
                notebook.page.locator(f".mi-{name}[data-painted]").first.wait_for()
            notebook.page.wait_for_timeout(1000)
            seconds = drag(notebook, scene)
        yield Row(scene.task, Side("TrainingView", seconds, LIMIT_S), bar=Bar(seconds=BAR_S))


def drag(notebook: Notebook, scene: Scene) -> list[float | None]:
    """Seconds that the followers took, for each checkpoint the pointer came to on its way there and back."""
    page = notebook.page
    page.evaluate(LISTEN, list(scene.followers))
    slider = page.locator(".mi-training input[type=range]")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    if box is None:
        raise RuntimeError("The scrubber is not on the page")
    height = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + HALF, height)
    page.mouse.down()
    steps = checkpoints(scene.model)
    # From one checkpoint to the next, and back: every move changes the selection.
    for step in [*steps[1:], *steps[-2::-1]]:
        page.mouse.move(box["x"] + HALF + step / steps[-1] * (box["width"] - 2 * HALF), height)
        page.wait_for_timeout(PAUSE_MS)
    page.mouse.up()
    page.wait_for_timeout(300)
    seconds = page.evaluate("() => window.followed")
    if len(seconds) != 2 * (len(steps) - 1):
        raise RuntimeError(
            f"The linked views were drawn {len(seconds)} times for {2 * (len(steps) - 1)} moves"
        )
    return seconds
