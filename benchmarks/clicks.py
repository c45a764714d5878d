"""A click in `PatchingPanel`: how long until the page shows what the model says under that patch.

Beside it, in the same page, the least that any answer of a kernel takes: a number sent there and back. The bar is that,
one and a half forward passes, and 20 ms.
"""

import statistics
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import TimeoutError

from benchmarks.rows import Bar, Row, Side
from tests.browser.jupyter import JupyterLab, Notebook, write_notebook

LIMIT_S, CLICKS = 10, 24
FORWARDS, SPARE_S = 1.5, 0.02
SETUP = """
import statistics, time
import anywidget, traitlets
import mi_widgets as mi
from mi_widgets import sites as at

class Echo(anywidget.AnyWidget):
    _esm = "export default { render({ model, el }) { el.className = 'echo'; el.model = model; } }"
    asked = traitlets.Int().tag(sync=True)
    answer = traitlets.Int().tag(sync=True)

    @traitlets.observe("asked")
    def _answer(self, change):
        self.answer = change.new

model = mi.load("atlas")
text = "When {} and {} went to the shop, {} gave a book to"
pair = mi.PromptPair(text.format("Mary", "John", "John"), text.format("Mary", "John", "Mary"), (" Mary", " John"))
panel = mi.PatchingPanel(model, pair, at.resid_pre)
"""
FORWARD = """
def took():
    begin = time.perf_counter()
    model.run(pair.corrupted)
    return time.perf_counter() - begin

print(statistics.median(took() for _ in range(41)))
"""
ECHO = """async (n) => {
  const { model } = document.querySelector(".echo");
  const seconds = [];
  for (let i = 1; i <= n; i++) {
    const start = performance.now();
    const answered = new Promise((done) => model.on("change:answer", function heard() {
      model.off("change:answer", heard);
      requestAnimationFrame(done);
    }));
    model.set("asked", model.get("asked") + 1);
    model.save_changes();
    await answered;
    seconds.push((performance.now() - start) / 1000);
    await new Promise((next) => setTimeout(next, 120));
  }
  return seconds;
}"""
# Notes the time from a click on the picture to the next time that the continuations were drawn.
LISTEN = """() => {
  let start;
  document.querySelector(".mi-heat .mi-map").addEventListener("click", () => {
    start = performance.now();
    window.answered = undefined;
  }, true);
  new MutationObserver(() => {
    if (start !== undefined) window.answered = (performance.now() - start) / 1000;
    start = undefined;
  }).observe(document.querySelector(".mi-continuations"), { attributes: true, attributeFilter: ["data-painted"] });
}"""


def rows(lab: JupyterLab, folder: Path, versions: dict[str, str]) -> Iterator[Row]:
    """One row; the lab serves the folder."""
    write_notebook(folder / "clicks.ipynb", [SETUP, "Echo()", "panel"])
    with lab.open("clicks.ipynb") as notebook:
        notebook.run_all()
        notebook.page.locator(".mi-continuations[data-painted]").first.wait_for()
        notebook.page.locator(".mi-heat[data-painted]").first.wait_for()
        forward = float(notebook.run_cell(FORWARD))
        bare = statistics.median(notebook.page.evaluate(ECHO, CLICKS))
        seconds = clicked(notebook)
    bar = bare + FORWARDS * forward + SPARE_S
    task = (
        f"click a cell until its patch is answered (bare round trip {1000 * bare:.0f} ms, "
        f"forward {1000 * forward:.0f} ms)"
    )
    yield Row(task, Side("PatchingPanel", seconds, LIMIT_S), bar=Bar(seconds=bar))


def clicked(notebook: Notebook) -> list[float | None]:
    """Seconds until each of some cells was answered."""
    page = notebook.page
    page.evaluate(LISTEN)
    picture = page.locator(".mi-heat .mi-map canvas").first
    picture.scroll_into_view_if_needed()
    box = picture.bounding_box()
    if box is None:
        raise RuntimeError("The heat map is not on the page")
    seconds: list[float | None] = []
    for i in range(CLICKS):
        across, down = 0.3 + 0.6 * ((7 * i) % CLICKS) / CLICKS, 0.3 + 0.6 * (i % 4) / 4
        page.mouse.click(box["x"] + across * box["width"], box["y"] + down * box["height"])
        try:
            page.wait_for_function("() => window.answered !== undefined", timeout=1000 * LIMIT_S)
            seconds.append(page.evaluate("() => window.answered"))
        except TimeoutError:
            seconds.append(None)
        page.wait_for_timeout(700)  # until the rest of the text is written
    return seconds
