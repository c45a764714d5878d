"""One JupyterLab and one browser for all browser tests."""

from pathlib import Path

import pytest

from tests.browser.jupyter import jupyter_lab

OUTPUT = Path(__file__).parent / "output"  # screenshots, to be looked at; not in git


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("lab")


@pytest.fixture(scope="session")
def lab(folder):
    OUTPUT.mkdir(exist_ok=True)
    with jupyter_lab(folder, width=1280, height=1400) as running:
        yield running
