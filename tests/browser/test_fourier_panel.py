"""The Fourier panel in a real JupyterLab: a click takes a frequency out, and a scrubber drives it and its links."""

import pytest

from tests.browser.conftest import OUTPUT
from tests.browser.jupyter import write_notebook
from tests.browser.test_lab import eventually

pytestmark = pytest.mark.browser
PANEL = """
import ipywidgets
import mi_widgets as mi
from mi_widgets import sites as at

panel = mi.FourierPanel("modadd-113", neurons=[0])
looks = lambda m: mi.attention(m.run("100 21 =", keep=[at.pattern]))
attention = mi.over_checkpoints("modadd-113", looks, progress=False).view()
link = mi.views.link(panel, attention)
ipywidgets.VBox([panel, attention])
"""


def test_a_click_takes_a_frequency_out_and_the_scrubber_drives_all(lab, folder):
    write_notebook(folder / "panel.ipynb", [PANEL])
    with lab.open("panel.ipynb") as notebook:
        notebook.run_all(timeout_s=400)  # twenty networks, perhaps on busy cores
        page = notebook.page
        views = page.locator(".mi-fourier[data-painted]:visible")
        page.locator(".mi-attention[data-painted]").wait_for(timeout=120_000)
        eventually(views.count, 1)  # nothing is out: there is one picture
        switch = page.locator("button.widget-toggle-button")
        assert switch.inner_text().startswith("Take frequency ")
        switch.click()
        views.nth(1).wait_for(timeout=60_000)
        said = page.locator(".widget-label")
        eventually(lambda: said.first.inner_text().startswith("Without "), True)
        late = said.first.inner_text()
        assert "→" in late
        pictures(notebook)

        slider = page.locator(".mi-fourier input[type=range]").first
        slider.focus()
        page.keyboard.press("Home")
        words = page.locator(".mi-fourier .mi-sentence")
        eventually(lambda: words.first.inner_text().startswith("Step 0 "), True)
        eventually(lambda: notebook.run_cell("print(panel.view.selection['step'])"), "0")
        assert notebook.run_cell("print(attention.selection['step'], panel.ablated == ())") == "0 False"
        # The network of that step loses the frequency too: below is another one now.
        eventually(lambda: said.first.inner_text() != late, True)
        assert page.locator(".mi-attention input[type=range]").get_attribute("aria-valuetext") == "0"

        switch.click()
        eventually(views.count, 1)
        assert notebook.console_errors == []
        assert notebook.foreign_requests == []


def pictures(notebook):
    """Screenshots in both themes."""
    for theme in ("Dark", "Light"):
        notebook.set_theme(f"JupyterLab {theme}")
        cell = notebook.page.locator(".jp-CodeCell").first
        cell.screenshot(path=OUTPUT / f"fourier-panel-{theme.lower()}.png")
