"""A click in `PatchingPanel`: how long until the page shows what the model says under that patch.

Beside it, in the same page, the least that any answer of a kernel takes: a number sent there and back. The bar is that,
one and a half forward passes, and 20 ms.
"""

from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import TimeoutError

from benchmarks import bare
from benchmarks.rows import Bar, Row, Side
from tests.browser.jupyter import JupyterLab, Notebook, write_notebook

LIMIT_S, CLICKS = 10, 24
FORWARDS, SPARE_S = 1.5, 0.02
SETUP = f"""
import mi_widgets as mi
from mi_widgets import sites as at
{bare.ECHO}
model = mi.load("atlas")
text = "When {{}} and {{}} went to the shop, {{}} gave a book to"
pair = mi.PromptPair(text.format("Mary", "John", "John"), text.format("Mary", "John", "Mary"), (" Mary", " John"))
panel = mi.PatchingPanel(model, pair, at.resid_pre)
panel.wait()
"""
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
        forward = bare.forward(notebook, "model.run(pair.corrupted)")
        back = bare.round_trip(notebook)
        seconds = clicked(notebook)
    task = f"click a cell until its patch is answered {bare.told(back, forward)}"
    bar = Bar(seconds=back + FORWARDS * forward + SPARE_S)
    yield Row(task, Side("PatchingPanel", seconds, LIMIT_S), bar=bar)


def clicked(notebook: Notebook, times: int = CLICKS, *, pause_ms: int = 700) -> list[float | None]:
    """Seconds until each of some cells was answered.

    Args:
        notebook: with one panel on its page.
        times: how many cells.
        pause_ms: after each, until the rest of the text is written.
    """
    page = notebook.page
    page.evaluate(LISTEN)
    picture = page.locator(".mi-heat .mi-map canvas").first
    picture.scroll_into_view_if_needed()
    box = picture.bounding_box()
    if box is None:
        raise RuntimeError("The heat map is not on the page")
    seconds: list[float | None] = []
    for i in range(times):
        across, down = 0.3 + 0.6 * ((7 * i) % times) / times, 0.3 + 0.6 * (i % 4) / 4
        page.mouse.click(box["x"] + across * box["width"], box["y"] + down * box["height"])
        try:
            page.wait_for_function("() => window.answered !== undefined", timeout=1000 * LIMIT_S)
            seconds.append(page.evaluate("() => window.answered"))
        except TimeoutError:
            seconds.append(None)
        page.wait_for_timeout(pause_ms)
    return seconds
