"""The superposition view in a real JupyterLab: vectors, grid and curve of one toy model, which follow gestures."""

import time
from pathlib import Path

import pytest

from tests.browser.conftest import OUTPUT, gallery, in_gallery
from tests.browser.test_lab import eventually, selection

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[2]
SETUP = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
import mi_widgets as mi
from tests.analysis.figures_by_hand import in_a_plane
EVIL = "</script><img src=x onerror=window.harmed=1>"
"""
VIEWS = {
    "plane": "view = mi.toys.feature_geometry(mi.toys.load('plane')).view(selection={'instance': 5})\nview",
    "plateau": "mi.toys.feature_geometry(mi.toys.load('plateau')).view(selection={'instance': 6})",
    "by-hand": "mi.toys.feature_geometry(mi.toys.ToyModel(in_a_plane().W, sparsity=[0, .7, .9], name=EVIL)).view()",
}
BESIDE_THE_BODY = 430  # what JupyterLab's own panels take of a window


@pytest.fixture
def opened(lab, folder):
    with gallery(lab, folder, "superposition", SETUP, VIEWS) as notebook:
        yield notebook


def root_of(notebook, name="plane"):
    return in_gallery(notebook, VIEWS, name)


def kernel_is_at(notebook, **wanted):
    eventually(lambda: {key: selection(notebook)[key] for key in wanted}, wanted)


def said(notebook):
    return root_of(notebook).locator(".mi-footer .mi-sentence").text_content()


def point_of(locator, across=0.5, down=0.5):
    locator.scroll_into_view_if_needed()
    box = locator.bounding_box()
    return box["x"] + across * box["width"], box["y"] + down * box["height"]


def test_features_and_instances_are_chosen_by_click_by_key_and_by_slider(opened):
    root, page = root_of(opened), opened.page
    kernel_is_at(opened, instance=5, feature=0)
    assert root.locator("line.mi-vector").count() == 5
    page.mouse.click(*point_of(root.locator(".mi-vector-tip:not(.mi-vector-at)").nth(2)))
    kernel_is_at(opened, feature=3)
    cells = root.locator(".mi-map")
    page.mouse.click(*point_of(cells, 0.95, 0.95))
    kernel_is_at(opened, feature=4)
    for key, wanted in {
        "ArrowUp": {"feature": 3},
        "ArrowLeft": {"instance": 4},
        "Home": {"instance": 0},
        ".": {"instance": 1},
        "End": {"instance": 8},
    }.items():
        cells.focus()  # the cell that asks the kernel has taken it
        page.keyboard.press(key)
        kernel_is_at(opened, **wanted)
    slider = root.locator("input[type=range]")
    slider.evaluate("s => { s.value = '3'; s.dispatchEvent(new Event('input', { bubbles: true })); }")
    kernel_is_at(opened, instance=3)
    assert said(opened).startswith("S = 0.70 · feature 3: ")
    page.mouse.click(*point_of(root.locator("svg[role=img]"), 0.07, 0.3))  # the dense end
    eventually(lambda: selection(opened)["instance"] in (0, 1, 2), True)
    assert "SelectionError" in opened.run_cell("view.selection = {'feature': 5}")


def test_the_pointer_is_answered_and_the_table_and_the_code_are_there(opened):
    root, page = root_of(opened), opened.page
    tooltip = root.locator(".mi-tooltip")
    page.mouse.move(*point_of(root.locator(".mi-vector-tip").nth(1)))
    eventually(lambda: tooltip.inner_text().split()[:1], ["feature"])
    assert "pentagon" in tooltip.inner_text()
    root.screenshot(path=OUTPUT / "superposition-pointed.png")
    page.mouse.move(*point_of(root.locator(".mi-map")))
    eventually(lambda: "dot product" in tooltip.inner_text(), True)
    page.mouse.move(*point_of(root.locator("svg[role=img]")))
    eventually(lambda: "1/(1 − S)" in tooltip.inner_text(), True)
    root.locator(".mi-map").focus()
    page.keyboard.press("t")
    assert root.locator("tbody tr").count() == 5
    page.keyboard.press("c")
    copied = opened.run_cell("print(view.code())")
    eventually(lambda: page.evaluate("() => navigator.clipboard.readText()"), copied)


def test_it_can_be_read_in_both_themes_and_widths(opened):
    for width in (1180, 860, 480):
        opened.page.set_viewport_size({"width": width + BESIDE_THE_BODY, "height": 1400})
        for theme in ("Light", "Dark"):
            opened.set_theme(f"JupyterLab {theme}")
            for name in VIEWS if width == 860 else ("plane", "plateau"):
                root = root_of(opened, name)
                root.scroll_into_view_if_needed()
                time.sleep(0.2)
                root.screenshot(path=OUTPUT / f"superposition-{name}-{theme.lower()}-{width}.png")
                assert root.evaluate("root => root.scrollWidth <= root.clientWidth"), f"{name} is too wide"
    opened.set_theme("JupyterLab Light")
    opened.page.set_viewport_size({"width": 1280, "height": 1400})
