"""Linked views in a real JupyterLab: through the page at once, and in the kernel too."""

import ast
import time
from pathlib import Path
from statistics import median

import pytest

from tests.browser.conftest import OUTPUT
from tests.browser.jupyter import write_notebook
from tests.browser.test_lab import eventually

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[2]
STEPS = (0, 100, 300, 1000, 2000)
SETUP = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
import ipywidgets
import mi_widgets as mi
from tests.widgets.grids import grid
from tests.widgets.patterns import result
steps = {STEPS}
patterns = mi.views.AttentionView(result(n_tokens=24, n_heads=8, steps=steps))
scores = mi.views.HeatmapView(grid((5, 2, 8), ("step", "layer", "head"), labels={{"step": steps}}))
link = mi.views.link(patterns, scores)
ipywidgets.VBox([patterns, scores])
"""
LARGE = SETUP.replace(
    "n_tokens=24, n_heads=8, steps=steps", "n_tokens=64, n_heads=12, layers=range(12), steps=steps[-3:]"
).replace(
    '(5, 2, 8), ("step", "layer", "head"), labels={"step": steps}',
    '(3, 12, 12), ("step", "layer", "head"), labels={"step": steps[-3:]}',
)
# Milliseconds from each move of a slider in one view to the repaint of another, one move at a time.
FOLLOWED = """async ([from, to, times]) => {
    const [mover, follower] = [from, to].map((i) => document.querySelectorAll(".mi")[i]);
    const slider = mover.querySelector("input[type=range]");
    const found = [];
    for (let i = 0; i < times; i++) {
        await new Promise((done) => setTimeout(done, 60));
        const start = performance.now();
        const repainted = new Promise((done) => {
            const observer = new MutationObserver(() => (observer.disconnect(), done()));
            observer.observe(follower, { attributes: true, attributeFilter: ["data-painted"] });
        });
        slider.value = String((Number(slider.value) + 1) % (Number(slider.max) + 1));
        slider.dispatchEvent(new Event("input", { bubbles: true }));
        await repainted;
        found.push(performance.now() - start);
    }
    return found;
}"""


@pytest.fixture
def linked(lab, folder):
    """An attention view and a heat map of the same steps."""
    write_notebook(folder / "linked.ipynb", [SETUP])
    with lab.open("linked.ipynb") as notebook:
        notebook.run_all()
        notebook.page.locator(".mi-heat[data-painted]").wait_for()
        yield notebook
        assert notebook.console_errors == []
        assert notebook.foreign_requests == []


def selected(notebook, view, key):
    return ast.literal_eval(notebook.run_cell(f"print(repr({view}.selection[{key!r}]))"))


def slide(root, to):
    root.locator("input[type=range]").evaluate(
        "(slider, to) => { slider.value = to; slider.dispatchEvent(new Event('input', { bubbles: true })); }",
        to,
    )


def step_in(root):
    return root.locator(".mi-slider-value").inner_text()


def test_a_step_moves_both_in_the_page_and_in_the_kernel(linked):
    patterns, scores = linked.page.locator(".mi-attention"), linked.page.locator(".mi-heat")
    for mover, follower, place in ((patterns, scores, 1), (scores, patterns, 2)):
        slide(mover, place)
        eventually(lambda follower=follower: step_in(follower), str(STEPS[place]))
        for view in ("patterns", "scores"):
            eventually(lambda view=view: selected(linked, view, "step"), STEPS[place])
    assert f"step {STEPS[2]}" in patterns.locator(".mi-words").inner_text()
    scores.locator(".mi-map").focus()
    linked.page.keyboard.press(".")
    eventually(lambda: step_in(patterns), str(STEPS[3]))
    linked.page.locator(".jp-OutputArea-output:has(.mi)").screenshot(path=OUTPUT / "linked.png")


def test_the_kernel_moves_both(linked):
    linked.run_cell("patterns.selection = {'step': 100, 'layer': 0, 'head': 5}")
    scores = linked.page.locator(".mi-heat")
    eventually(lambda: step_in(scores), "100")
    eventually(lambda: scores.locator(".mi-sentence strong").first.inner_text(), "L0.H5")
    linked.run_cell("scores.selection = {'head': 2}")
    linked.page.locator("[data-head='0.2'][aria-selected='true']").wait_for()


def test_a_head_under_the_pointer_is_lit_in_the_other(linked):
    patterns, scores = linked.page.locator(".mi-attention"), linked.page.locator(".mi-heat")
    scores.scroll_into_view_if_needed()
    box = scores.locator(".mi-map").bounding_box()
    linked.page.mouse.move(box["x"] + box["width"] - 20, box["y"] + box["height"] - 15)
    patterns.locator("[data-head='1.7'].mi-lit").wait_for(state="attached")
    linked.page.mouse.move(box["x"] + box["width"] - 20, box["y"] + box["height"] + 40)
    eventually(lambda: patterns.locator(".mi-head.mi-lit").count(), 0)
    lights = scores.locator("canvas").nth(1)
    before = lights.evaluate("canvas => canvas.toDataURL()")
    patterns.locator("[data-head='0.3']").hover()
    eventually(lambda: lights.evaluate("canvas => canvas.toDataURL()") != before, True)


def test_views_that_are_unlinked_stay(linked):
    linked.run_cell("link.unlink()")
    patterns, scores = linked.page.locator(".mi-attention"), linked.page.locator(".mi-heat")
    slide(patterns, 0)
    eventually(lambda: selected(linked, "patterns", "step"), 0)
    assert step_in(scores) == "2000"
    assert selected(linked, "scores", "step") == 2000


@pytest.mark.parametrize(("size", "source"), [("2 x 8 heads of 24 tokens", SETUP), ("12 x 12 of 64", LARGE)])
def test_following_takes_no_time(lab, folder, capsys, size, source):
    write_notebook(folder / "following.ipynb", [source])
    with lab.open("following.ipynb") as notebook:
        notebook.run_all()
        notebook.page.locator(".mi-heat[data-painted]").wait_for()
        time.sleep(1)
        for name, way in {"attention to heat map": (0, 1), "heat map to attention": (1, 0)}.items():
            took = notebook.page.evaluate(FOLLOWED, [*way, 21])
            with capsys.disabled():
                print(f"\nlinked, {size}, {name}: median {median(took):.0f} ms, most {max(took):.0f} ms")
            assert median(took) < 1000
        assert notebook.console_errors == []
