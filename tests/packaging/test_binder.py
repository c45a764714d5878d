"""The README's badge: what mybinder.org installs, and what a visitor then sees."""

import re
import tomllib
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlsplit

import pytest
from packaging.specifiers import SpecifierSet

from tests.packaging.binder import KERNEL_MB, TOUR, open_tour, report
from tests.packaging.clean import ROOT, run, variables

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def torch_of(name):
    return re.search(r"^torch==.*$", (ROOT / name).read_text(), re.M).group()


def test_binders_torch_is_the_tested_one():
    assert torch_of("binder/requirements.txt") == torch_of("constraints.txt")


def test_binders_python_is_one_that_the_package_allows_and_the_tests_use():
    name, version = (ROOT / "binder" / "runtime.txt").read_text().strip().split("-")
    assert name == "python"
    assert version in SpecifierSet(PYPROJECT["project"]["requires-python"])
    assert f"Programming Language :: Python :: {version}" in PYPROJECT["project"]["classifiers"]


def test_the_badge_opens_the_tour():
    [badge] = re.findall(r"\]\((https://mybinder\.org/v2/[^)]*)\)", (ROOT / "README.md").read_text())
    assert parse_qs(urlsplit(badge).query) == {"labpath": [TOUR]}
    assert (ROOT / TOUR).exists()


@pytest.mark.packaging
def test_binders_jupyter_server_sends_messages_without_delay(installed):
    jupyter = installed.python.with_name("jupyter")
    environment = variables(installed.home, installed.python.parent)
    listed = run(jupyter, "server", "extension", "list", cwd=installed.home, env=environment)
    assert re.search(r"mi_widgets\.server \S*enabled", listed), listed
    assert re.search(r"mi_widgets\.server +\S*OK", listed), listed


@pytest.mark.packaging
def test_a_visitor_of_binder_can_run_the_tour(installed, source, capsys):
    cuda = "import torch; print(torch.version.cuda)"
    assert run(installed.python, "-c", cuda, cwd=installed.home).strip() == "None", "torch came with CUDA"
    # Playwright allows one browser a thread, and the browser tests of the same session have one open.
    with ThreadPoolExecutor(1) as elsewhere:
        opened = elsewhere.submit(open_tour, installed, source).result()
    with capsys.disabled():
        print("\n" + report(installed, opened))
    assert opened.problems == []
    assert str(installed.python.parents[1]) in opened.package
    assert opened.kernel_mb < KERNEL_MB
