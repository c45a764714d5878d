"""One copy of the source and one environment for all packaging tests, as torch is large and slow to install."""

import tempfile
from pathlib import Path

import pytest

from tests.packaging.binder import install
from tests.packaging.clean import copy_source


@pytest.fixture(scope="session")
def source(tmp_path_factory):
    return copy_source(tmp_path_factory.mktemp("source"))


@pytest.fixture(scope="session")
def installed(source):
    """What mybinder.org would build; removed afterwards, where pytest would keep three of them."""
    with tempfile.TemporaryDirectory(prefix="mi-binder-") as folder:
        yield install(source, Path(folder))
