"""The heat map in a real JupyterLab: gestures arrive in the kernel, and it can be read at every size."""

import ast
import time
from pathlib import Path

import pytest

from tests.browser.conftest import OUTPUT
from tests.browser.jupyter import write_notebook
from tests.browser.test_lab import eventually

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[2]
SETUP = """
import mi_widgets as mi
from mi_widgets import sites as at
model = mi.load("induction-2l")
view = mi.head_scores(model, "induction").view(control=mi.head_scores(model.untrained(), "induction"))
view
"""
# Results without a model, of every shape there is.
SHAPES = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
import mi_widgets as mi
from tests.widgets.grids import grid
pairs = [f"L{{i}}.H{{j}}" for i in range(2) for j in range(4)]
composition = dict(composition=list("QKV"), sender=pairs, receiver=pairs)
tokens = ("pos", ["<bos>", " the", " cat", "\\n"] * 3)
"""
VIEWS = {
    "heads": "grid((5, 12, 12), ('step', 'layer', 'head')), selection={'layer': 7, 'head': 0}",
    "signed": "grid((12, 12), signed=True, missing=0.2)",
    "composition": "grid((3, 8, 8), ('composition', 'sender', 'receiver'), labels=composition, missing=0.3)",
    "pairs": "grid((144, 144), ('sender', 'receiver'), signed=True, missing=0.1), selection={'sender': 30}",
    "tokens": "grid((4, 12), ('layer', 'pos'), unit='nats', signed=True, pos_token=tokens)",
    "row": "grid((1, 300), ('layer', 'pos'))",
}


def selection(notebook):
    return ast.literal_eval(notebook.run_cell("print(view.selection)"))


@pytest.fixture
def opened(lab, folder):
    """The induction scores of a shipped model, with those of the untrained one."""
    write_notebook(folder / "heat_map.ipynb", [SETUP])
    with lab.open("heat_map.ipynb") as notebook:
        notebook.run_all()
        notebook.painted()
        yield notebook
        assert notebook.console_errors == []
        assert notebook.foreign_requests == []


def test_clicks_and_keys_select_in_the_kernel(opened):
    root = opened.page.locator(".mi").first
    picture = root.locator(".mi-map")
    box = picture.bounding_box()
    opened.page.mouse.click(box["x"] + box["width"] - 20, box["y"] + box["height"] - 15)
    eventually(lambda: selection(opened), {"layer": 1, "head": 3})
    picture.focus()
    opened.page.keyboard.press("ArrowLeft")
    eventually(lambda: selection(opened), {"layer": 1, "head": 2})
    opened.page.mouse.click(box["x"] + 50, box["y"] + box["height"] - 15)
    eventually(lambda: selection(opened), {"layer": 1, "head": None})  # the label of a row
    assert "Strongest in L1" in root.locator(".mi-sentence").inner_text()
    picture.focus()
    opened.page.keyboard.press("Escape")
    eventually(lambda: selection(opened), {"layer": None, "head": None})


def test_the_pointer_and_the_control_say_numbers(opened):
    root = opened.page.locator(".mi").first
    picture = root.locator(".mi-map")
    box = picture.bounding_box()
    opened.page.mouse.move(box["x"] + box["width"] - 20, box["y"] + box["height"] - 15)
    told = root.locator(".mi-tooltip").inner_text().split()
    assert told[:7] == ["layer", "L1", "head", "H3", "above", "its", "control"]
    assert [told[8], told[10], told[11], told[13]] == ["score", "its", "control", "untrained"]
    parts = "[float(view.result[part].values[1, 3]) for part in ('excess', 'score', 'control')]"
    scored = ast.literal_eval(opened.run_cell(f"print({parts})"))
    assert [float(told[at]) for at in (7, 9, 12)] == pytest.approx(scored, abs=0.001)
    before = int(root.get_attribute("data-painted"))
    picture.focus()
    opened.page.keyboard.press("u")
    eventually(lambda: int(root.get_attribute("data-painted")), before + 1)
    assert "shown: untrained" in root.locator(".mi-bar").inner_text()
    root.screenshot(path=OUTPUT / "heat-map-control.png")


def test_a_head_is_switched_off_by_a_key(opened):
    opened.run_cell("view.selection = {'layer': 1, 'head': 3}")
    root = opened.page.locator(".mi").first
    eventually(lambda: root.locator(".mi-sentence strong").first.inner_text(), "L1.H3")
    root.locator(".mi-map").focus()
    opened.page.keyboard.press("a")
    wanted = "mi.stack(mi.ablate(at.z[1, 3], to='zero'))"
    eventually(lambda: opened.run_cell("print(view.intervention)"), wanted)
    assert "1 head off" in root.locator(".mi-footer").inner_text()
    root.screenshot(path=OUTPUT / "heat-map-off.png")


def test_the_code_on_the_clipboard_makes_the_same_view(opened):
    opened.run_cell("view.selection = {'layer': 1, 'head': 2}")
    copied = opened.run_cell("print(view.code())")
    opened.page.locator(".mi-map").first.focus()
    opened.page.keyboard.press("c")
    eventually(lambda: opened.page.evaluate("() => navigator.clipboard.readText()"), copied)
    made = opened.run_cell(f"names = {{}}\nexec({copied!r}, names)\nprint(names['view'])")
    assert made == opened.run_cell("print(view)")


def test_every_shape_can_be_read(lab, folder):
    cells = [SHAPES, *(f"mi.views.HeatmapView({options})" for options in VIEWS.values())]
    write_notebook(folder / "shapes.ipynb", cells)
    with lab.open("shapes.ipynb") as notebook:
        notebook.run_all()
        for theme in ("Light", "Dark"):
            notebook.set_theme(f"JupyterLab {theme}")
            for number, name in enumerate(VIEWS, start=1):
                root = notebook.page.locator(".jp-CodeCell").nth(number).locator(".mi[data-painted]")
                root.scroll_into_view_if_needed()
                time.sleep(0.2)
                root.screenshot(path=OUTPUT / f"heat-map-{name}-{theme.lower()}.png")
                inside = root.evaluate("root => root.scrollWidth <= root.clientWidth")
                assert inside, f"{name} is wider than its frame"
                assert root.get_attribute("data-theme") == theme.lower()
        notebook.set_theme("JupyterLab Light")
        assert notebook.console_errors == []
        assert notebook.foreign_requests == []
