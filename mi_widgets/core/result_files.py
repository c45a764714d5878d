"""`load_result`: Results from files."""

from __future__ import annotations

from pathlib import Path

from .argument_types import checked
from .dataset_files import read_dataset
from .provenance import Provenance
from .record_files import thawed_record
from .results import Result


@checked
def load_result(path: str | Path) -> Result:
    """The Result that `result.save(path)` wrote.

    Raises:
        ResultError: the file is missing, damaged, not a Result, or of a later format.
    """
    dataset, about = read_dataset(path)
    made = about["provenance"]
    return Result(
        kind=about["kind"],
        title=about["title"],
        dataset=dataset,
        primary=about["primary"],
        unit=about["unit"],
        source=about["source"],
        provenance=Provenance(
            made["model"],
            thawed_record(made["record"]),
            made["interventions"],
            tuple(made["warnings"]),
            made["seed"],
        ),
    )
