"""The least that an answer of a kernel takes: a number sent there and back, and the model's own forward pass.

An answer in a panel is measured against these two, in the same page and kernel.
"""

import statistics

from tests.browser.jupyter import Notebook

TIMES = 24
# Python of the notebook; a cell with `Echo()` must be shown before the round trip is measured.
ECHO = """
import statistics, time
import anywidget, traitlets

class Echo(anywidget.AnyWidget):
    _esm = "export default { render({ model, el }) { el.className = 'echo'; el.model = model; } }"
    asked = traitlets.Int().tag(sync=True)
    answer = traitlets.Int().tag(sync=True)

    @traitlets.observe("asked")
    def _answer(self, change):
        self.answer = change.new
"""
_FORWARD = """
def took():
    begin = time.perf_counter()
    {call}
    return time.perf_counter() - begin

print(statistics.median(took() for _ in range(41)))
"""
_ROUND_TRIP = """async (n) => {
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


def round_trip(notebook: Notebook) -> float:
    """Seconds until a number sent to the kernel is back in the page (median)."""
    return statistics.median(notebook.page.evaluate(_ROUND_TRIP, TIMES))


def forward(notebook: Notebook, call: str) -> float:
    """Seconds that a call takes in the kernel (median)."""
    return float(notebook.run_cell(_FORWARD.format(call=call), timeout_s=300))


def told(bare: float, forward: float) -> str:
    """Both, as a row's task names them."""
    return f"(bare round trip {1000 * bare:.0f} ms, forward {1000 * forward:.0f} ms)"
