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
        tried: whether it could be looked at; where not, nothing is known of it.
    """

    name: str
    status: Status
    seen: str
    sites: tuple[str, ...] = ()
    tried: bool = True

    @property
    def mark(self) -> str:
        """Its mark in a report; a tick for what was tried and held."""
        return _MARKS[self.status] if self.tried else "–"


def in_layers(layers: Iterable[int]) -> str:
    """Where something was seen, as a report says it."""
    numbers = [str(layer) for layer in layers]
    return f"in layer{'s' if len(numbers) > 1 else ''} {', '.join(numbers)}"


def not_tried(name: str, why: str) -> Check:
    """A check that could not be made, which is no sign that anything holds."""
    return Check(name, "note", f"not tried: {why}", tried=False)


@dataclass(frozen=True)
class Findings:
    """What an examination has found.

    Args:
        checks: in the order in which they were made.
        unreadable: the sites that are not there or have another shape, and why.
        continues: whether it can be continued token by token, with a cache.
        resumes: whether a pass can begin at a layer, with the stream alone.
        looks_ahead: whether a token sees those after it.
        layer_gives: how many things a layer gives out; 0 for the tensor itself.
        mispads: the sides on which padding changes what a prompt gives.
        moving: the buffers that a run sets anew.
        apart: of the sublayers' parts (heads, neurons), those that do not write what the matrix behind them says, and
            why.
    """

    checks: tuple[Check, ...]
    unreadable: Mapping[Key, str]
    layer_gives: int
    continues: bool = True
    resumes: bool = True
    looks_ahead: bool = False
    mispads: tuple[str, ...] = ()
    moving: frozenset[str] = frozenset()
    apart: Mapping[str, str] = field(default_factory=dict)


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
        # Of what was not tried nobody knows.
        held = np.array(
            [float(c.status != "warning") if c.tried else np.nan for c in checks], dtype=np.float32
        )
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
        lines = [f"{c.mark} {c.name}: {c.seen}" for c in self.checks]
        n = len(self.warnings)
        return "\n".join([f"{len(self.checks)} checks, {n} warning{'' if n == 1 else 's'}", *lines])

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        return self.to_result()._repr_mimebundle_(**kwargs)
