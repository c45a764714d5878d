"""The report of a model in a real JupyterLab: calm where nothing is wrong, loud where something is, and readable."""

import ast
from pathlib import Path

import pytest

from tests.browser.conftest import OUTPUT, gallery, in_gallery
from tests.browser.test_lab import eventually

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[2]
SETUP = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from mi_widgets.views import TrustView
from tests.widgets.reports import WARNING, report
EVIL = "</script><img src=x onerror=window.harmed=1>"
"""
VIEWS = {
    "calm": "view = report().view()\nview",
    "warned": "report(warnings=[WARNING])",
    "unchecked": "report().sel(check=[]).view()",
    "few": "report(held=5, notes=0)",
    "hostile": "TrustView(report((EVIL, 'warning', EVIL * 9, EVIL * 9), held=3, notes=1), selection={'check': EVIL})",
    "open": "TrustView(report(warnings=[WARNING]), selection={'check': 'padding'})",
}
BESIDE_THE_BODY = 430  # what JupyterLab's own panels take of a window


@pytest.fixture
def opened(lab, folder):
    with gallery(lab, folder, "trust", SETUP, VIEWS) as notebook:
        yield notebook


def root_of(notebook, name):
    return in_gallery(notebook, VIEWS, name)


def selected(notebook):
    return ast.literal_eval(notebook.run_cell("print(view.selection)"))


def selects(notebook, name):
    eventually(lambda: selected(notebook), {"check": name})


def n_lines(root):
    return root.locator(".mi-check:visible").count()


def test_a_click_and_keys_select_in_the_kernel_and_open_what_held(opened):
    root, press = root_of(opened, "calm"), opened.page.keyboard.press
    assert "✓ 14 checks" in root.locator(".mi-header").inner_text()
    assert root.locator(".mi-summary").inner_text().split("\n")[-1] == "Nothing to beware of"
    assert n_lines(root) == 3
    root.locator(".mi-check").nth(1).click()
    selects(opened, "biases")
    root.locator(".mi-check").nth(1).focus()
    press("ArrowDown")
    press("Enter")
    assert n_lines(root) == 15
    press("ArrowDown")
    root.screenshot(path=OUTPUT / "trust-by-key.png")
    selects(opened, "logits as the plain module's")
    root.locator(".mi-fold").focus()
    press("Space")
    assert n_lines(root) == 3
    press("Escape")
    selects(opened, None)
    root.locator(".mi-fold .mi-seen").click()
    assert n_lines(root) == 15


def test_the_kernel_selects_what_is_folded_away(opened):
    root = root_of(opened, "calm")
    assert n_lines(root) == 3
    opened.run_cell("view.selection = {'check': 'padding'}")
    eventually(lambda: root.locator("[aria-selected=true] .mi-check-name").all_inner_texts(), ["padding"])
    assert n_lines(root) == 15
    assert root.locator(".mi-hidden[aria-live]").inner_text().startswith("held: padding: a row reads")


def test_the_report_can_be_read_at_every_width(opened):
    page = opened.page
    try:
        for width in (900, 600, 400):
            page.set_viewport_size({"width": width + BESIDE_THE_BODY, "height": 1400})
            for theme in ("Light", "Dark"):
                opened.set_theme(f"JupyterLab {theme}")
                for name in VIEWS:
                    root = root_of(opened, name)
                    root.scroll_into_view_if_needed()
                    root.screenshot(path=OUTPUT / f"trust-{name}-{theme.lower()}-{width}.png")
                    assert root.evaluate("root => root.scrollWidth <= root.clientWidth"), (
                        f"{name} is too wide"
                    )
                    cut = ".mi-check-name, .mi-check:not(.mi-fold) .mi-seen"
                    assert root.locator(cut).evaluate_all(
                        "all => all.every(x => x.scrollWidth <= x.clientWidth)"
                    )
                    assert root.get_attribute("data-theme") == theme.lower()
    finally:
        opened.set_theme("JupyterLab Light")
        page.set_viewport_size({"width": 1280, "height": 1400})
