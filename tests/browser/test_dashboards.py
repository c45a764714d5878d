"""Dashboards and the panel of latents in a real JupyterLab: what is typed is answered, a held latent is heard."""

import ast

import pytest

from tests.browser.conftest import OUTPUT, gallery, in_gallery
from tests.browser.test_lab import eventually

pytestmark = pytest.mark.browser
SETUP = """
import torch
import mi_widgets as mi
from mi_widgets import sites as at
model = mi.load("induction-2l")
draw = torch.Generator().manual_seed(0)
d = model.config.d_model
directions = torch.nn.functional.normalize(torch.randn(256, d, generator=draw), dim=-1)
# Latent 0 is what makes the model say " lamp", so that holding it can be heard.
lamp = model.unembedding.directions([model.vocabulary.index(" lamp")])[:, 0]
directions[0] = torch.nn.functional.normalize(lamp, dim=0)
sae = mi.sae.SAE(W_enc=directions.T.contiguous(), b_enc=torch.zeros(256), W_dec=directions, b_dec=torch.zeros(d),
             kind="topk", k=6, site=at.resid_post[1])
texts = [f"John Baker gave the old {thing}. John Baker" for thing in ("lamp", "hat", "key", "book")]
dashboards = mi.sae.dashboards(model, sae, texts, n_contexts=4, n_around=6, progress=False)
"""
VIEWS = {
    "dashboards": "view = dashboards.view(sae=sae)\nview",
    "latents-panel": 'panel = mi.LatentsPanel(model, sae, prompt="John Baker gave the old", dashboards=dashboards,\n'
    "                        max_new_tokens=3)\npanel",
}


@pytest.fixture
def opened(lab, folder):
    with gallery(lab, folder, "dashboards", SETUP, VIEWS) as notebook:
        yield notebook


def said(notebook, expression):
    return ast.literal_eval(notebook.run_cell(f"print({expression})"))


def test_dashboards_and_panel_answer_keys_clicks_and_what_is_typed(opened):
    page = opened.page
    view = in_gallery(opened, VIEWS, "dashboards")
    view.click(position={"x": 200, "y": 15})
    page.keyboard.press("/")
    page.keyboard.type("lamp")
    eventually(lambda: "of 256 latents" in view.locator(".mi-latent-list [role=status]").inner_text(), True)
    page.keyboard.press("Escape")  # shows all again
    page.keyboard.press("Escape")  # back to the list
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    second = int(view.locator(".mi-long-row .mi-row-number").nth(1).inner_text())
    page.keyboard.press("a")
    eventually(lambda: said(opened, "view.selection"), {"latent": second})
    eventually(lambda: said(opened, "[i.site.latents.index for i in view.intervention]"), [second])
    near = view.locator(".mi-near .mi-bar-item").first
    neighbour = int(near.locator(".mi-bar-aside").inner_text())
    near.click()
    eventually(lambda: said(opened, "view.selection"), {"latent": neighbour})
    opened.run_cell("view.selection = dashboards.argmax()")  # one that fires
    view.locator(".mi-context .mi-token.mi-from").first.hover()
    eventually(lambda: "activation" in view.locator(".mi-tooltip").inner_text(), True)

    panel = page.locator(".jp-CodeCell").nth(2)
    latents, field = panel.locator(".mi-latents"), panel.locator("textarea.mi-ask")
    texts = panel.locator(".mi-continuations .mi-line strong")
    field.click()
    page.keyboard.press("End")
    page.keyboard.type(" l", delay=30)  # half a word, which the model does not know
    eventually(
        lambda: latents.locator("[role=alert]").inner_text().startswith("induction-2l does not know 'l'"),
        True,
    )
    page.keyboard.type("amp", delay=30)
    eventually(
        lambda: latents.locator("[role=alert]").count() and latents.locator("[role=alert]").is_hidden(), True
    )
    eventually(lambda: latents.locator(".mi-strip .mi-token").last.inner_text(), " lamp")
    assert said(opened, "repr(panel.prompt)") == "John Baker gave the old lamp"
    eventually(lambda: said(opened, "panel.view._said"), {"error": "", "busy": False}, timeout_s=20)

    opened.run_cell("panel.prompt = 'John Baker gave the old'\npanel.view.selection = {'latent': 0}")
    eventually(lambda: field.input_value(), "John Baker gave the old", timeout_s=20)
    eventually(
        lambda: panel.locator(".mi-dashboards .mi-latent-title").inner_text().startswith("Latent 0"), True
    )
    latents.locator("[role=radio]").nth(2).click()
    figures = latents.locator(".mi-figures")
    figures.fill("60")
    name = panel.locator(".mi-continuations dt").nth(1)
    eventually(lambda: name.count() and name.inner_text(), "latent 0 at 60", timeout_s=20)
    eventually(lambda: panel.locator(".mi-writing").count(), 0, timeout_s=20)
    eventually(lambda: texts.nth(1).inner_text().split()[:2], ["lamp", "lamp"], timeout_s=20)
    assert texts.nth(0).inner_text().split()[:2] != ["lamp", "lamp"]
    assert said(opened, "panel.view._changes == panel.dashboard._changes == [[0, 60.0]]")
    for theme in ("Dark", "Light"):
        opened.set_theme(f"JupyterLab {theme}")
        for i, name in enumerate(VIEWS, 1):
            cell = page.locator(".jp-CodeCell").nth(i)
            cell.scroll_into_view_if_needed()
            cell.screenshot(path=OUTPUT / f"{name}-{theme.lower()}.png")
    latents.click(position={"x": 300, "y": 15})
    page.keyboard.press("r")
    eventually(lambda: panel.locator(".mi-continuations dt").count(), 1, timeout_s=20)
