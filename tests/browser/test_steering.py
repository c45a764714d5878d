"""Sliders that steer in a real JupyterLab: dragged while a cell runs, by keyboard, closed and restarted in mid-drag."""

import ast
import time
from pathlib import Path

import pytest

from tests.browser.conftest import OUTPUT
from tests.browser.jupyter import write_notebook
from tests.browser.test_lab import eventually

pytestmark = [pytest.mark.browser, pytest.mark.alone]
AXE = Path(__file__).parents[2] / "mi_widgets" / "widgets" / "node_modules" / "axe-core" / "axe.min.js"
SETUP = """
import time
import mi_widgets as mi
from mi_widgets import sites as at
model = mi.load("atlas")
site = at.resid_post[2].every(".")
texts = {name: [t.text for t in mi.shipped.sample_texts("atlas", "train", n=60, seed=3, register=name)]
         for name in ("french", "hesitation", "story")}
directions = {name: mi.directions.mean_difference(model, texts[name], texts["story"], site, progress=False)
              for name in ("french", "hesitation")}
probe = mi.directions.linear_probe(model, texts["french"], texts["story"], at.resid_post[3], progress=False)
probes = {"french": probe}
before = model.run("After breakfast Sam set out.").logits
"""
PANEL = """
panel = mi.SteeringPanel(model, directions, prompt="After breakfast Sam set out for the harbour.", probes=probes)
panel
"""
# Moves the first slider 60 times a second; the milliseconds from its last move until that is what the page shows.
DRAG = """async ([ms, limit]) => {
  const root = document.querySelector(".mi-steering");
  const slider = root.querySelector("input[type=range]");
  const start = performance.now();
  let value;
  for (let i = 1; performance.now() - start < ms; i++) {
    slider.value = String(1.9 * Math.sin(i / 40));
    value = Number(slider.value);
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    await new Promise((next) => setTimeout(next, 1000 / 60));
  }
  const released = performance.now();
  while (JSON.parse(root.dataset.shows)[0] !== value) {
    if (performance.now() - released > limit) return [value, null];
    await new Promise(requestAnimationFrame);
  }
  return [value, performance.now() - released];
}"""
IN_TIME_MS = 1500  # ten times what is asked of a machine that does nothing else: see `make bench`


@pytest.fixture
def opened(lab, folder):
    write_notebook(folder / "steering.ipynb", [SETUP, PANEL])
    with lab.open("steering.ipynb") as notebook:
        notebook.run_all()
        notebook.painted(".mi-steering")
        yield notebook
        assert notebook.console_errors == []
        assert notebook.foreign_requests == []


def said(notebook, expression):
    return ast.literal_eval(notebook.run_cell(f"print({expression})"))


def run_beside(notebook, source):
    """Start a cell, and do not wait for it."""
    notebook.append(source)
    notebook.page.evaluate("() => void window.jupyterapp.commands.execute('notebook:run-cell')")
    time.sleep(0.5)


def drag(notebook, ms=1500, limit=20_000):
    value, late = notebook.page.evaluate(DRAG, [ms, limit])
    assert late is not None, f"the last value, {value}, was never shown"
    return value, late


def test_the_last_value_wins_while_cells_sleep_and_compute(opened):
    assert said(opened, "panel.wait(20)")
    # The first gesture ever comes while a cell runs.
    for busy in ("time.sleep(6)", "end = time.time() + 6\nwhile time.time() < end: sum(range(1000))"):
        run_beside(opened, busy)
        _, late = drag(opened)
        assert late < IN_TIME_MS
        assert opened.page.locator(".jp-InputPrompt", has_text="[*]").count(), "the cell ran all the while"
        eventually(lambda: opened.page.locator(".jp-InputPrompt", has_text="[*]").count(), 0, timeout_s=15)
    opened.page.locator(".mi-steering .mi-button", has_text="sweep").click()
    value, late = drag(opened, ms=600)
    assert late < IN_TIME_MS
    assert said(opened, "(panel.wait(20), panel.scales['french'])") == (True, value)
    assert said(opened, "bool((model.run('After breakfast Sam set out.').logits == before).all())")


def test_keyboard_figures_and_sweep(opened):
    page, root = opened.page, opened.page.locator(".mi-steering")
    slider = root.locator("input[type=range]").first
    slider.focus()
    for _ in range(30):
        page.keyboard.press("ArrowRight")
    eventually(lambda: said(opened, "round(panel.scales['french'], 3)"), 1.5)
    assert said(opened, "panel.wait(20)")
    steered = said(opened, "repr(panel.view.steered.text)")
    with_hand = (
        "with model.intervene(mi.steer(site, directions['french'], scale=1.5)):\n"
        "    print(repr(model.generate(panel.prompt, max_new_tokens=24).text))"
    )
    assert ast.literal_eval(opened.run_cell(with_hand)) == steered
    eventually(lambda: steered.split()[0] in root.locator(".mi-is-steered .mi-text").inner_text(), True)
    eventually(lambda: "probe" in root.locator(".mi-figures-said").inner_text(), True, timeout_s=15)
    slider.focus()
    page.keyboard.press("w")
    eventually(
        lambda: "control" in said(opened, "repr(panel.wait(60) and list(panel.view._sweep))"),
        True,
        timeout_s=60,
    )
    assert root.locator(".mi-sweep svg").count() == 2
    for theme in ("Dark", "Light"):
        opened.set_theme(f"JupyterLab {theme}")
        root.screenshot(path=OUTPUT / f"steering-{theme.lower()}.png")
        page.evaluate(AXE.read_text("utf-8"))
        found = page.evaluate("() => axe.run('.mi-steering').then(({ violations }) => violations)")
        assert [(v["id"], [n["html"] for n in v["nodes"]]) for v in found] == []
    slider.focus()
    page.keyboard.press("0")
    eventually(lambda: said(opened, "panel.scales['french']"), 0.0)
    root.locator("input[type=number]").nth(1).fill("2.25")
    eventually(lambda: said(opened, "panel.scales['hesitation']"), 2.25)
    root.locator("input[type=range]").nth(1).dblclick()
    eventually(lambda: said(opened, "panel.scales['hesitation']"), 0.0)
    slider.focus()
    page.keyboard.press("/")
    page.keyboard.press("Control+a")
    page.keyboard.type("She went to the", delay=20)
    assert said(opened, "repr((panel.wait(20), panel.prompt)[1])") == "She went to the"
    root.locator("textarea").fill("")
    eventually(lambda: root.locator("[role=alert]").inner_text().startswith("The prompt is empty"), True)


@pytest.mark.parametrize("what", ["closed", "restarted", "reloaded"])
def test_nothing_breaks_in_mid_drag(opened, what):
    page = opened.page
    page.evaluate(
        """() => {
            const slider = document.querySelector(".mi-steering input[type=range]");
            let i = 0;
            window.dragging = setInterval(() => {
                slider.value = String(Math.sin(i++ / 20));
                slider.dispatchEvent(new Event("input", { bubbles: true }));
            }, 16);
        }"""
    )
    time.sleep(0.5)
    if what == "closed":
        opened.command("notebook:clear-all-cell-outputs")
    if what == "restarted":
        page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    if what == "reloaded":
        page.reload()
        page.wait_for_selector(".jp-Notebook .jp-Cell")
    time.sleep(1.5)
    if what != "reloaded":
        page.evaluate("() => clearInterval(window.dragging)")
    eventually(
        lambda: page.evaluate(
            "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status"
        ),
        "idle",
        timeout_s=30,
    )
    assert opened.run_cell("print(1 + 1)") == "2"
    assert opened.console_errors == []
