"""A slider of `SteeringPanel`: from its move to the next token's new bars; and after a drag, to those of the last move.

The bars: the bare round trip, one and a half forward passes, and 15 ms, and never more than 60 ms; after a drag 150 ms,
whether the kernel is idle, sleeps, or computes in Python.
"""

from collections.abc import Iterator
from pathlib import Path

from benchmarks import bare
from benchmarks.rows import Bar, Row, Side
from tests.browser.jupyter import JupyterLab, Notebook, write_notebook

LIMIT_S, MOVES, DRAGS = 10, 40, 5
PAUSE_MS = 300
FORWARDS, SPARE_S, MOST_S = 1.5, 0.015, 0.06
RELEASE_S = 0.15
SETUP = f"""
import mi_widgets as mi
from mi_widgets import sites as at
{bare.ECHO}
model = mi.load("atlas")
site = at.resid_post[2].every(".")
texts = {{name: [text.text for text in mi.shipped.sample_texts("atlas", "train", n=60, seed=3, register=name)]
         for name in ("french", "hesitation", "story")}}
directions = {{name: mi.directions.mean_difference(model, texts[name], texts["story"], site, progress=False)
              for name in ("french", "hesitation")}}
panel = mi.SteeringPanel(model, directions, prompt="After breakfast Sam set out for the harbour.")
"""
# Seconds from each move to the frame in which its bars are shown; so many milliseconds lie between two.
MOVE = """async ([moves, limit, pause]) => {
  const root = document.querySelector(".mi-steering");
  const slider = root.querySelector("input[type=range]");
  const seconds = [];
  for (let i = 1; i <= moves; i++) {
    slider.value = String(((i * 7) % 37 - 18) / 10 || 0.05);
    const value = Number(slider.value);
    const start = performance.now();
    const painted = new Promise((done) => {
      const observer = new MutationObserver(() => {
        if (JSON.parse(root.dataset.shows)[0] !== value) return;
        observer.disconnect();
        done((performance.now() - start) / 1000);
      });
      observer.observe(root, { attributes: true, attributeFilter: ["data-shows"] });
      setTimeout(() => { observer.disconnect(); done(null); }, 1000 * limit);
    });
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    seconds.push(await painted);
    await new Promise((next) => setTimeout(next, pause));
  }
  return seconds;
}"""
# Sixty moves a second for three seconds; seconds from the last to the frame that shows it.
DRAG = """async (limit) => {
  const root = document.querySelector(".mi-steering");
  const slider = root.querySelector("input[type=range]");
  const start = performance.now();
  let value;
  for (let i = 1; performance.now() - start < 3000; i++) {
    slider.value = String(1.9 * Math.sin(i / 40));
    value = Number(slider.value);
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    await new Promise((next) => setTimeout(next, 1000 / 60));
  }
  const released = performance.now();
  while (JSON.parse(root.dataset.shows)[0] !== value) {
    if (performance.now() - released > 1000 * limit) return null;
    await new Promise(requestAnimationFrame);
  }
  return (performance.now() - released) / 1000;
}"""
BESIDE = {
    "idle": "",
    "during a cell that sleeps": "time.sleep(4.5)",
    "during a cell that computes": "end = time.time() + 4.5\nwhile time.time() < end: sum(range(1000))",
}


def rows(lab: JupyterLab, folder: Path, versions: dict[str, str]) -> Iterator[Row]:
    """Four rows; the lab serves the folder."""
    write_notebook(folder / "steering.ipynb", [SETUP, "Echo()", "panel"])
    with lab.open("steering.ipynb") as notebook:
        notebook.run_all()
        notebook.painted(".mi-steering")
        notebook.run_cell("panel.wait(20)")
        forward = bare.forward(notebook, "model.run(panel.prompt)")
        back = bare.round_trip(notebook)
        seconds = notebook.page.evaluate(MOVE, [MOVES, LIMIT_S, PAUSE_MS])
        yield Row(
            f"move a slider until the next token is shown {bare.told(back, forward)}",
            Side("SteeringPanel", seconds, LIMIT_S),
            bar=Bar(seconds=min(MOST_S, back + FORWARDS * forward + SPARE_S)),
        )
        for when, beside in BESIDE.items():
            dragged = [_dragged(notebook, beside) for _ in range(DRAGS)]
            side = Side("SteeringPanel", dragged, LIMIT_S)
            yield Row(
                f"drag it for 3 s, {when}, until the last move is shown", side, bar=Bar(seconds=RELEASE_S)
            )


def _dragged(notebook: Notebook, beside: str) -> float | None:
    if beside:
        notebook.append(beside)
        notebook.page.evaluate("() => void window.jupyterapp.commands.execute('notebook:run-cell')")
        notebook.page.wait_for_timeout(500)
    seconds = notebook.page.evaluate(DRAG, LIMIT_S)
    notebook.run_cell("panel.wait(20)")  # behind that cell
    return seconds
