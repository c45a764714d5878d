"""What trains takes seconds: it is not among what is asked again and again."""

from pathlib import Path

import pytest

_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items):
    """Mark what is here."""
    for item in items:
        if _HERE in item.path.parents:
            item.add_marker(pytest.mark.slow)
