"""Training and text in a real JupyterLab: the scrubber, the curves, the colours, and views that follow each other."""

import ast
import time

import pytest

from tests.browser.conftest import OUTPUT
from tests.browser.jupyter import write_notebook
from tests.browser.test_lab import eventually, selection

pytestmark = pytest.mark.browser
EVIL = "</script><img src=x onerror=window.hacked=1>"
TRAINING = """
import mi_widgets as mi
from tests.widgets.curves import STEPS, heads, level, one
from mi_widgets.widgets.training.widget import TrainingView
measures = {
    "prefix matching": (
        heads(unit="mean attention"), {"one layer": heads((0, 500, 1000, 2000), layers=1, best=(0, 0), to=0.05)}
    ),
    "repeat accuracy": (one(unit="share of tokens", at=600), {"one layer": one(to=0.08), "untrained": level()}),
    "in-context gain": one(to=1.8, unit="nats", at=450),
}
view = TrainingView(measures, selection={"step": 600})
view
"""
TOKENS = f"""
import mi_widgets as mi
from tests.widgets.losses import text
from mi_widgets.widgets.tokens.widget import TokensView
words = ["<bos>", *[f" word{{i}}" for i in range(10)], {EVIL!r}] * 2
view = TokensView(
    text(n=24, tokens=words, steps=(0, 300, 600)), control={{"head out": text(n=24, tokens=words, low=5)}}
)
view
"""


@pytest.fixture
def opened(lab, folder, request):
    """A notebook with one view, and a clean console at its end."""
    write_notebook(folder / "training.ipynb", [request.param])
    with lab.open("training.ipynb") as notebook:
        notebook.run_all()
        notebook.painted()
        yield notebook
        assert notebook.console_errors == []
        assert notebook.foreign_requests == []


training = pytest.mark.parametrize("opened", [TRAINING], indirect=True)
tokens = pytest.mark.parametrize("opened", [TOKENS], indirect=True)


def root_of(notebook, nth=0):
    return notebook.page.locator(".mi").nth(nth)


def said(notebook, nth=0):
    return root_of(notebook, nth).locator(".mi-footer .mi-sentence").inner_text()


def kernel_is_at(notebook, **wanted):
    eventually(lambda: {key: selection(notebook)[key] for key in wanted}, wanted)


def drag(notebook, locator, shares):
    """Press on an element and drag over it, to some shares of its width; returns what was said at each."""
    box = locator.bounding_box()
    mouse, heard = notebook.page.mouse, []
    for i, share in enumerate(shares):
        mouse.move(box["x"] + share * box["width"], box["y"] + box["height"] / 2, steps=4)
        if i == 0:
            mouse.down()
        heard.append(said(notebook).split(" ·")[0])
    mouse.up()
    return heard


def pictures(notebook, name, nth=0):
    """Screenshots in both themes, wide and narrow."""
    for width in (1200, 700):
        notebook.page.set_viewport_size({"width": width + 430, "height": 1400})
        for theme in ("Light", "Dark"):
            notebook.set_theme(f"JupyterLab {theme}")
            root_of(notebook, nth).scroll_into_view_if_needed()
            root_of(notebook, nth).screenshot(path=OUTPUT / f"{name}-{theme.lower()}-{width}.png")
    notebook.set_theme("JupyterLab Light")
    notebook.page.set_viewport_size({"width": 1280, "height": 1400})


@training
def test_the_scrubber_rests_on_checkpoints_and_the_kernel_knows(opened):
    slider = root_of(opened).locator("input[type=range]")
    heard = drag(opened, slider, [0.3, 0.16, 0.02, 0.52])
    assert heard == ["step 600", "step 300", "step 0", "step 1000"]  # in the browser, without the kernel
    kernel_is_at(opened, step=1000)
    slider.focus()  # its own arrows would move it by a pixel
    opened.page.keyboard.press("ArrowRight")
    kernel_is_at(opened, step=1500)
    slider.focus()
    opened.page.keyboard.press("l")
    eventually(lambda: opened.run_cell("print(view.x)"), "log")


@training
def test_keys_go_through_training_and_space_plays_it(opened):
    page = opened.page
    root_of(opened).locator(".mi-chart").first.click()
    root_of(opened).locator("button.mi-button").first.focus()
    for key, step in {"Home": 0, "ArrowRight": 100, "End": 2000, "ArrowLeft": 1500}.items():
        page.keyboard.press(key)
        kernel_is_at(opened, step=step)
        root_of(opened).locator("button.mi-button").first.focus()
    page.keyboard.press("Home")
    opened.run_cell("seen = []\nview.observe(lambda change: seen.append(change.new['step']), 'selection')")
    slider = root_of(opened).locator("input[type=range]")
    slider.focus()
    page.keyboard.press("Space")
    eventually(lambda: said(opened).split(" ·")[0], "step 2000", timeout_s=8)
    eventually(lambda: root_of(opened).locator(".mi-play").get_attribute("aria-label"), "play")
    seen = ast.literal_eval(opened.run_cell("print(seen)"))
    assert seen == sorted(seen)
    assert seen[-1] == 2000
    assert len(seen) > 5


@training
def test_a_click_or_a_drag_on_a_panel_moves_the_marker_in_all(opened):
    chart = root_of(opened).locator(".mi-chart").nth(1)
    box = chart.bounding_box()
    chart.click(position={"x": 42, "y": 60})
    cells = opened.page.locator(".jp-Cell").count()
    for key in (
        "b",
        "ArrowRight",
        "ArrowRight",
        "ArrowLeft",
    ):  # b would insert a cell, if the notebook heard it
        opened.page.keyboard.press(key)
    assert said(opened).startswith("step 100 ")
    assert opened.page.locator(".jp-Cell").count() == cells
    kernel_is_at(opened, step=100)
    heard = drag(opened, chart, [0.2, 0.5, 0.98])
    assert heard[0] != heard[1] != heard[2] == "step 2000"
    kernel_is_at(opened, step=2000)
    markers = root_of(opened).locator(".mi-chart-marker").all()
    places = {marker.get_attribute("x1") for marker in markers}
    assert len(markers) == 3
    assert len(places) == 1
    assert 0 < float(places.pop()) < box["width"]


@training
def test_the_pointer_is_answered_with_values_and_lights_a_line(opened):
    page, root = opened.page, root_of(opened)
    assert "prefix matching 0.63 L1.H3 (one layer: 0.03 at 500)" in said(opened)
    marker = root.locator(".mi-chart-dot").first.bounding_box()
    page.mouse.move(marker["x"] + 4, marker["y"] + 4)
    tooltip = root.locator(".mi-tooltip")
    assert tooltip.inner_text().splitlines()[:2] == ["step", "600"]
    assert "L1.H3" in tooltip.inner_text()
    assert root.locator(".mi-label-lit").all_text_contents()[0] == "L1.H3"
    pictures(opened, "training")


@training
def test_the_kernel_selects_in_the_browser_and_code_makes_it_again(opened):
    opened.run_cell("view.selection = {'step': 300}\nview.x = 'log'")
    eventually(lambda: said(opened).split(" ·")[0], "step 300")
    assert "0 at the left edge" in root_of(opened).locator(".mi-axis-note").inner_text()
    assert "SelectionError" in opened.run_cell("view.selection = {'step': 5}")
    copied = opened.run_cell("print(view.code())")
    root_of(opened).locator("button.mi-button").first.focus()
    opened.page.keyboard.press("c")
    eventually(lambda: opened.page.evaluate("() => navigator.clipboard.readText()"), copied)
    assert "selection={'step': 300}, x='log'" in copied


@training
def test_linked_views_follow_without_the_kernel(opened):
    source = TOKENS.replace("view", "text_view") + "\nother = TrainingView(heads(STEPS[::2]))\n"
    opened.run_cell(
        source
        + "link = mi.views.link(view, text_view, other)\nimport ipywidgets\nipywidgets.VBox([other, text_view])"
    )
    opened.page.locator(".mi[data-painted]").nth(2).wait_for()
    # The kernel is busy, so nothing can go through it.
    opened.append("import time\ntime.sleep(6)")
    opened.page.evaluate(
        "() => { window.running = window.jupyterapp.commands.execute('notebook:run-cell'); }"
    )
    drag(opened, root_of(opened).locator("input[type=range]"), [0.3, 0.02])
    slider = opened.page.locator(".mi-tokens input[type=range]")
    eventually(lambda: slider.get_attribute("aria-valuetext"), "0", timeout_s=2)
    eventually(lambda: said(opened, 1).split(" ·")[0], "step 0", timeout_s=2)
    # A head under the pointer lights up in the other view.
    dots = opened.page.locator(".mi-training").nth(1).locator(".mi-chart-dot")
    dots.first.scroll_into_view_if_needed()
    chart = opened.page.locator(".mi-training").nth(1).locator(".mi-chart").bounding_box()
    end = opened.page.locator(".mi-training").nth(1).locator(".mi-label-main").bounding_box()
    opened.page.mouse.move(end["x"] - 12, end["y"] + end["height"] / 2)
    assert chart["x"] < end["x"]
    first = root_of(opened).locator(".mi-panel").first
    eventually(lambda: first.locator(".mi-label-lit").all_text_contents(), ["L1.H3"], timeout_s=2)
    assert opened.page.evaluate("() => Promise.race([window.running.then(() => 'done'), 'busy'])") == "busy"
    opened.page.evaluate("() => window.running.then(() => null)")
    kernel = "print(view.selection, other.selection, text_view.selection['step'])"
    eventually(lambda: opened.run_cell(kernel), "{'step': 0} {'step': 0} 0")
    opened.run_cell("view.selection = {'step': 600}")
    eventually(lambda: slider.get_attribute("aria-valuetext"), "600")


@tokens
def test_tokens_are_selected_by_click_key_and_curve_and_stay_text(opened):
    root, page = root_of(opened), opened.page
    strip = root.locator(".mi-strip").nth(1)
    strip.locator(".mi-token[data-index='5']").click()
    page.keyboard.press("ArrowRight")  # where the text was clicked it has the focus
    kernel_is_at(opened, pos=6)
    assert said(opened).startswith("Token 6 ·word5: ")
    root.locator(".mi-chart").click(position={"x": 34, "y": 50})
    kernel_is_at(opened, pos=0)
    root.locator(".mi-token[data-index='11']").first.hover()
    tooltip = root.locator(".mi-tooltip").inner_text()
    assert EVIL.replace(" ", "·") in tooltip
    assert "head out" in tooltip
    assert page.evaluate("() => window.hacked") is None
    assert root.locator("img, script, b, iframe").count() == 0
    root.locator("button.mi-button").last.focus()
    page.keyboard.press(",")
    kernel_is_at(opened, step=300)
    page.keyboard.press("Escape")
    pictures(opened, "tokens")


LONG = """
import mi_widgets as mi
from mi_widgets.widgets.tokens.widget import TokensView
model = mi.load("induction-2l")
ids = mi.repeated_tokens(model, length=12, n=2)
untrained = model.untrained()
view = TokensView(
    mi.loss_per_token(model.run(ids)), control={"untrained": mi.loss_per_token(untrained.run(ids))}
)
view
"""


@pytest.mark.parametrize("opened", [LONG], indirect=True)
def test_the_loss_of_a_shipped_model_is_drawn(opened):
    root = root_of(opened)
    assert root.locator(".mi-strip").count() == 2
    assert said(opened).startswith("Mean of ")
    root.locator("button[aria-label='next prompt']").click()
    kernel_is_at(opened, batch=1)
    time.sleep(0.3)
    pictures(opened, "tokens-loss")


@pytest.mark.parametrize(
    "opened",
    [
        "from tests.widgets.losses import text\nfrom mi_widgets.widgets.tokens.widget import TokensView\n"
        "view = TokensView(text(n=512), control={'head out': text(n=512, low=5)})\nview"
    ],
    indirect=True,
)
def test_a_long_text_scrolls_in_all_lines_together(opened):
    root = root_of(opened)
    root.locator("button.mi-button").last.focus()
    opened.page.keyboard.press("End")
    kernel_is_at(opened, pos=511)
    strips = root.locator(".mi-strip")
    heights = [strip.bounding_box()["height"] for strip in strips.all()]
    assert max(heights) < 160
    tops = strips.evaluate_all("strips => strips.map((strip) => strip.scrollTop)")
    assert tops[0] == tops[1] > 0
    strips.first.evaluate("strip => { strip.scrollTop = 40; }")
    eventually(lambda: strips.nth(1).evaluate("strip => strip.scrollTop"), 40)
    root.locator("button.mi-button").last.focus()
    opened.page.keyboard.press("ArrowUp")
    eventually(lambda: 470 < selection(opened)["pos"] < 511, True)
    root.screenshot(path=OUTPUT / "tokens-long.png")
