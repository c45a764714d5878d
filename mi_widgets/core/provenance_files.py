"""Provenance as JSON can hold it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .provenance import Provenance
from .record_files import record_from_json, record_to_json


def provenance_to_json(provenance: Provenance) -> dict[str, Any]:
    """All that there is to it; of the record and the interventions their code."""
    return {
        "model": provenance.model,
        "record": record_to_json(provenance.record),
        "interventions": provenance.active,
        "warnings": provenance.warnings,
        "seed": provenance.seed,
    }


def provenance_from_json(kept: Mapping[str, Any]) -> Provenance:
    """The provenance that was kept."""
    return Provenance(
        kept["model"],
        record_from_json(kept["record"]),
        kept["interventions"],
        tuple(kept["warnings"]),
        kept["seed"],
    )
