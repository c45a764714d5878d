"""Provenance as JSON can hold it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .provenance import Provenance
from .record_files import frozen_record, thawed_record


def frozen_provenance(provenance: Provenance) -> dict[str, Any]:
    """All that there is to it; of the record and the interventions their code."""
    return {
        "model": provenance.model,
        "record": frozen_record(provenance.record),
        "interventions": provenance.active,
        "warnings": provenance.warnings,
        "seed": provenance.seed,
    }


def thawed_provenance(kept: Mapping[str, Any]) -> Provenance:
    """The provenance that was kept."""
    return Provenance(
        kept["model"],
        thawed_record(kept["record"]),
        kept["interventions"],
        tuple(kept["warnings"]),
        kept["seed"],
    )
