"""One JupyterLab and one browser for all browser tests."""

from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.browser.jupyter import jupyter_lab, write_notebook

OUTPUT = Path(__file__).parent / "output"  # screenshots, to be looked at; not in git


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("lab")


@pytest.fixture(scope="session")
def lab(folder):
    OUTPUT.mkdir(exist_ok=True)
    with jupyter_lab(folder, width=1280, height=1400) as running:
        yield running


@contextmanager
def gallery(lab, folder, name, setup, views):
    """A notebook with a view a cell after the set-up, all of them painted; at its end it must be clean and unharmed.

    Args:
        lab: the running JupyterLab.
        folder: what it serves.
        name: of the notebook.
        setup: its first cell.
        views: cells by the names of their views.
    """
    write_notebook(folder / f"{name}.ipynb", [setup, *views.values()])
    with lab.open(f"{name}.ipynb") as notebook:
        notebook.run_all()
        for view in views:
            in_gallery(notebook, views, view).wait_for()
        yield notebook
        assert notebook.page.evaluate("() => window.harmed") is None
        assert notebook.console_errors == []
        assert notebook.foreign_requests == []


def in_gallery(notebook, views, name):
    """The painted view of that name; of a panel the first of its views."""
    nth = [*views].index(name) + 1
    return notebook.page.locator(".jp-CodeCell").nth(nth).locator(".mi[data-painted]").first
