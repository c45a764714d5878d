"""The Fourier panel in a real JupyterLab: a click takes a frequency out, and the network without it is drawn below."""

import pytest

from tests.browser.conftest import OUTPUT
from tests.browser.jupyter import write_notebook
from tests.browser.test_lab import eventually

pytestmark = pytest.mark.browser
PANEL = """
import mi_widgets as mi
panel = mi.FourierPanel("modadd-113", neurons=[0])
panel
"""


def test_a_click_takes_a_frequency_out_and_the_network_answers(lab, folder):
    write_notebook(folder / "panel.ipynb", [PANEL])
    with lab.open("panel.ipynb") as notebook:
        notebook.run_all()
        page = notebook.page
        views = page.locator(".mi[data-painted]:visible")
        views.first.wait_for(timeout=120_000)
        assert views.count() == 1  # nothing is out: there is one picture
        switch = page.locator("button.widget-toggle-button")
        assert switch.inner_text().startswith("Take frequency ")
        switch.click()
        views.nth(1).wait_for(timeout=60_000)
        said = page.locator(".widget-label")
        eventually(lambda: said.first.inner_text().startswith("Without "), True)
        assert "→" in said.first.inner_text()
        page.locator(".jp-CodeCell").first.screenshot(path=OUTPUT / "fourier-panel.png")
        switch.click()
        eventually(views.count, 1)
        assert notebook.console_errors == []
        assert notebook.foreign_requests == []
