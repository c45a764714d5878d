"""`load_result`: Results from files."""

from __future__ import annotations

from pathlib import Path

from .argument_types import checked
from .dataset_files import read_dataset
from .results import Result, restored


@checked
def load_result(path: str | Path) -> Result:
    """The Result that `result.save(path)` wrote.

    Raises:
        ResultError: the file is missing, damaged, not a Result, or of a later format.
    """
    return restored(*read_dataset(path))
