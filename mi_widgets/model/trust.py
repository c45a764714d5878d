"""`Trust`: what was checked when a model was loaded, and what to beware of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import xarray as xr

from mi_widgets.core.provenance import Provenance
from mi_widgets.core.record import Call, Record
from mi_widgets.core.results import Result

from .backend import Key

Status = Literal["ok", "note", "warning"]
_MARKS = {"ok": "✓", "note": "•", "warning": "✗"}


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Args:
        name: what.
        status: `"ok"`: it held; `"note"`: nothing is wrong, but it is good to know; `"warning"`: it did not hold.
        seen: what was seen, and what to do about it.
        sites: the names of the sites that it concerns; empty for all.
    """

    name: str
    status: Status
    seen: str
    sites: tuple[str, ...] = ()


@dataclass(frozen=True)
class Findings:
    """What an examination has found.

    Args:
        checks: in the order in which they were made.
        unreadable: the sites that are not there or have another shape, and why.
        continues: whether it can be continued token by token, with a cache.
        resumes: whether a pass can begin at a layer, with the stream alone.
        layer_gives: how many things a layer gives out; 0 for the tensor itself.
        pads_left: whether a prompt padded on the left has the logits that it has alone.
    """

    checks: tuple[Check, ...]
    unreadable: Mapping[Key, str]
    layer_gives: int
    continues: bool = True
    resumes: bool = True
    pads_left: bool = True


@dataclass(frozen=True)
class Trust:
    """The checks made at load. Every Result carries the warnings for the sites that it read.

    Args:
        model: the model's name.
        record: gives the record of how it came here.
        checks: in the order in which they were made.
    """

    model: str = field(repr=False)
    record: Callable[[], Record] = field(repr=False)
    checks: tuple[Check, ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """One sentence for each check that failed."""
        return self.warnings_for(None)

    def warnings_for(self, sites: Iterable[str] | None) -> tuple[str, ...]:
        """The warnings that concern some sites, by name; None for all."""
        read = None if sites is None else {"logits", *sites}
        return tuple(
            f"{c.name}: {c.seen}"
            for c in self.checks
            if c.status == "warning" and (read is None or not c.sites or read & set(c.sites))
        )

    def to_result(self) -> Result:
        """The report as a Result (check), for its view."""
        checks = self.checks
        texts = {
            "status": [c.status for c in checks],
            "seen": [c.seen for c in checks],
            "sites": [", ".join(c.sites) for c in checks],
        }
        held = np.array([c.status != "warning" for c in checks], dtype=np.int64)
        return Result(
            kind="trust",
            title="Trust",
            dataset=xr.Dataset(
                {"held": ("check", held), **{k: ("check", np.array(v, dtype=str)) for k, v in texts.items()}},
                coords={"check": np.array([c.name for c in checks], dtype=str)},
            ),
            primary="held",
            unit="held",
            source="checks made when the model was loaded",
            provenance=Provenance(
                self.model, Call("trust.to_result", of=self.record()), warnings=self.warnings
            ),
        )

    def __repr__(self) -> str:
        lines = [f"{_MARKS[c.status]} {c.name}: {c.seen}" for c in self.checks]
        n = len(self.warnings)
        return "\n".join([f"{len(self.checks)} checks, {n} warning{'' if n == 1 else 's'}", *lines])

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        return self.to_result()._repr_mimebundle_(**kwargs)
