"""A text typed in `LatentsPanel`, until the page shows its latents; and the first paint of a dashboard.

The bar of the first is the bare round trip, one and a half forward passes, and 30 ms.
"""

from collections.abc import Iterator
from pathlib import Path

from benchmarks import bare
from benchmarks.cells import PAINTED, time_cell
from benchmarks.rows import Bar, Row, Side
from tests.browser.jupyter import JupyterLab, write_notebook

LIMIT_S, REPEATS, PAUSE_MS = 10, 7, 700
FORWARDS, SPARE_S = 1.5, 0.03
PAINT_S = 0.3
SETUP = f"""
import mi_widgets as mi
{bare.ECHO}
model, sae = mi.load("atlas"), mi.sae.load("atlas-2")
known = mi.shipped.sample_texts("atlas", "test", n=200, seed=5)
truth = mi.sae.annotations(known)
seen = mi.sae.dashboards(model, sae, [text.text for text in known], annotations=truth, progress=False)
text = "The capital of the state where Dallas lies is Austin"
"""
SENTENCE = "The capital of the state around Greenville is Austin . He found a familiar box on the table and the old man"
TEXTS = [SENTENCE[:i] for i, letter in enumerate(SENTENCE) if letter == " "][2:]
# Seconds from each text's input event to the frame in which the strip shows it.
TYPE = """async ([texts, limit, pause]) => {
  const root = document.querySelector(".mi-latents");
  const field = root.querySelector("textarea");
  const shown = () => [...root.querySelectorAll(".mi-strip .mi-token")].map((t) => t.textContent).join("");
  const plain = (text) => text.replace("<bos>", "").replaceAll("·", " ").trim();
  const seconds = [];
  for (const text of texts) {
    const start = performance.now();
    const painted = new Promise((done) => {
      const observer = new MutationObserver(() => {
        if (plain(shown()) !== text) return;
        observer.disconnect();
        done((performance.now() - start) / 1000);
      });
      observer.observe(root, { attributes: true, attributeFilter: ["data-painted"] });
      setTimeout(() => { observer.disconnect(); done(null); }, 1000 * limit);
    });
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    seconds.push(await painted);
    await new Promise((next) => setTimeout(next, pause));  // until the continuation is written
  }
  return seconds;
}"""


def rows(lab: JupyterLab, folder: Path, versions: dict[str, str]) -> Iterator[Row]:
    """Two rows; the lab serves the folder."""
    panel = "mi.LatentsPanel(model, sae, prompt=text, dashboards=seen)"
    write_notebook(folder / "latents.ipynb", [SETUP, "Echo()", panel])
    with lab.open("latents.ipynb") as notebook:
        notebook.run_all()
        notebook.page.locator(".mi-latents[data-painted]").first.wait_for()
        forward = bare.forward(notebook, "model.run(text)")
        back = bare.round_trip(notebook)
        seconds = notebook.page.evaluate(TYPE, [TEXTS, LIMIT_S, PAUSE_MS])
        yield Row(
            f"type a text until its latents are shown {bare.told(back, forward)}",
            Side("LatentsPanel", seconds, LIMIT_S),
            bar=Bar(seconds=back + FORWARDS * forward + SPARE_S),
        )
        dashboard = time_cell(
            notebook,
            "seen.view(sae=sae)",
            tool="DashboardView",
            painted=PAINTED,
            repeats=REPEATS,
            limit_s=LIMIT_S,
        )
    yield Row("paint a dashboard of 768 latents", dashboard, bar=Bar(seconds=PAINT_S))
