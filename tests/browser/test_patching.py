"""Lens, attribution and patching in a real JupyterLab: a click selects in the kernel, and a patch changes the text."""

import ast

import pytest

from tests.browser.conftest import OUTPUT, gallery, in_gallery
from tests.browser.test_lab import eventually

pytestmark = pytest.mark.browser
SETUP = """
import mi_widgets as mi
from mi_widgets import sites as at
model = mi.load("induction-2l")
pair = mi.PromptPair("John Baker gave the old lamp. John", "John lamp gave the old lamp. John", (" Baker", " lamp"))
keep = [at.resid_pre, at.attn_out, at.resid_post, at.z]
run, blank = model.run(pair.clean, keep=keep), model.untrained().run(pair.clean, keep=keep)
lens = mi.logit_lens(run, tokens=list(pair.answers))
"""
VIEWS = {
    "lens": "lens_view = lens.view(control=mi.logit_lens(blank, tokens=list(pair.answers)))\nlens_view",
    "attribution": "parts = mi.direct_logit_attribution(run, pair).view(\n"
    "    control=mi.direct_logit_attribution(blank, pair))\nparts",
    "panel": "panel = mi.PatchingPanel(model, pair, at.resid_pre, max_new_tokens=3)\npanel",
}


@pytest.fixture
def opened(lab, folder):
    with gallery(lab, folder, "patching", SETUP, VIEWS) as notebook:
        yield notebook


def said(notebook, expression):
    return ast.literal_eval(notebook.run_cell(f"print({expression})"))


def test_every_view_answers_clicks_and_can_be_read_in_both_themes(opened):
    page = opened.page
    lens = in_gallery(opened, VIEWS, "lens")
    box = lens.locator(".mi-map canvas").first.bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.97, box["y"] + box["height"] * 0.1)  # the last column
    page.keyboard.press("ArrowDown")
    last = said(opened, "len(run.tokens[0])") - 1
    eventually(lambda: said(opened, "lens_view.selection")["pos"], last)
    assert said(opened, "lens_view.selection")["layer"] in (0, 1)
    parts = in_gallery(opened, VIEWS, "attribution")
    parts.click(position={"x": 200, "y": 20})
    page.keyboard.press("ArrowDown")
    eventually(lambda: said(opened, "parts.selection")["term"] is not None, True)
    panel = opened.page.locator(".jp-CodeCell").nth(3)
    assert said(opened, "panel.wait(120)")
    lines = panel.locator(".mi-continuations .mi-line")
    eventually(lines.count, 2)
    box = panel.locator(".mi-heat .mi-map canvas").first.bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.97, box["y"] + box["height"] * 0.1)  # the last column
    page.keyboard.press("ArrowDown")
    eventually(lines.count, 3, timeout_s=20)
    name = panel.locator(".mi-continuations dt").nth(2)
    chosen = said(opened, "panel.view.selection")
    assert name.inner_text() == f"patched at.resid_pre[{chosen['layer']}].pos({chosen['pos']})"
    eventually(lambda: panel.locator(".mi-writing").count(), 0, timeout_s=20)
    # The one word that differs, before the first layer: with it the clean answer is back.
    opened.run_cell("panel.view.selection = {'layer': 0, 'pos': 2}")
    eventually(name.inner_text, "patched at.resid_pre[0].pos(2)", timeout_s=20)
    eventually(lambda: panel.locator(".mi-writing").count(), 0, timeout_s=20)
    texts = [lines.nth(i).locator("strong").inner_text().split()[0] for i in range(3)]
    assert texts[0] == texts[2] != texts[1]
    for theme in ("Dark", "Light"):
        opened.set_theme(f"JupyterLab {theme}")
        for i, view in enumerate(VIEWS, 1):
            cell = page.locator(".jp-CodeCell").nth(i)
            cell.scroll_into_view_if_needed()
            cell.screenshot(path=OUTPUT / f"{view}-{theme.lower()}.png")
