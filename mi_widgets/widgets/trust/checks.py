"""What the trust view reads from a Result: which checks were made of a model, and what was seen."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from mi_widgets.core.errors import ResultError
from mi_widgets.core.numbers import count_text

from .._shared.drawn import DrawnResult
from .._shared.given import refuse_other
from .._shared.labelled import pack_dataset
from .._shared.labels import labels_of
from .._shared.selection import Choices
from .._shared.tokens import visible

_ORDER = ("warning", "note", "ok")  # what a reader must know comes first
_FIELDS = ("status", "seen", "sites")
_FEW = 6  # so many checks that held are read at a glance; more are folded into one line
_HOW = "the report of a model that mi.load has checked is one"


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Attributes:
        label: What a selection calls it: its name, or its place where names repeat.
        name: What was looked at.
        status: "ok", "note" or "warning".
        seen: What was seen, in a sentence; whitespace that a page would swallow is made visible.
        sites: The sites it concerns, or "" for all.
    """

    label: int | str
    name: str
    status: str
    seen: str
    sites: str


class Report(DrawnResult):
    """The checks of a Result, in the order in which they are shown.

    Attributes:
        warnings: What to beware of, in the header.
        checks: Warnings first, then notes, then what held.

    Raises:
        ResultError: No Result, or one that is no report of checks.
    """

    def __init__(self, result: Any):
        data = _report_dataset(result)
        super().__init__(result)
        columns = [np.asarray(data[name].values).tolist() for name in ("check", *_FIELDS)]
        rows = zip(labels_of(data["status"], "check"), *columns, strict=True)
        checks = [Check(label, *(_shown(str(text)) for text in texts)) for label, *texts in rows]
        for check in checks:
            if check.status not in _ORDER:
                raise ResultError(
                    f"the check {check.name!r} has the status {check.status!r}; it can be ok, note or warning."
                )
        self.checks = sorted(checks, key=lambda check: _ORDER.index(check.status))
        failed = [f"{check.name}: {check.seen}" for check in self.of("warning")]
        # A part of a report may leave out a check, but not what it warns of.
        self.warnings = list(dict.fromkeys([*failed, *map(_shown, self._header["warnings"])]))
        if not checks:
            self.warnings.append("nothing was checked")

    def of(self, *statuses: str) -> list[Check]:
        """The checks with one of some statuses."""
        return [check for check in self.checks if check.status in statuses]

    @property
    def collapses(self) -> bool:
        """Whether what held is one line until somebody opens it."""
        return len(self.of("ok")) > _FEW

    def size(self) -> str:
        """How many checks were made: "14 checks"."""
        return count_text(len(self.checks), "check")

    def __str__(self) -> str:
        n = len(self.warnings)
        return f"{self.size()}, {count_text(n, 'warning') if n else 'no warnings'}"

    @property
    def summary(self) -> str:
        """What stands above the checks, where they do not say it themselves."""
        if not self.checks:
            return "Nothing was checked"
        return "" if self.warnings else "Nothing to beware of"

    def header(self) -> dict[str, Any]:
        """What the view's header says, with how many checks there are."""
        return {
            "title": self.title,
            "model": self.model_name,
            "checks": self.size(),
            "warnings": self.warnings,
        }

    def choices(self) -> Choices:
        """The names of the checks, in the order in which they are shown; none may be selected."""
        return {"check": [*(check.label for check in self.checks), None]}

    def packed(self) -> dict[str, Any]:
        """Everything, for the browser."""
        fields = ("label", "name", *_FIELDS)
        # Arrays of objects: numpy's own texts lose a NUL at the end.
        columns = {
            field: np.array([getattr(check, field) for check in self.checks], object) for field in fields
        }
        labels = columns.pop("label")
        data = xr.Dataset({field: ("check", texts) for field, texts in columns.items()}, {"check": labels})
        return pack_dataset(data, collapses=self.collapses, summary=self.summary)


def _report_dataset(result: Any) -> Any:
    """The dataset of a report, with its axis."""
    refuse_other(result, "TrustView", "a Result, as in model.trust.to_result()")
    data = result.dataset
    missing = [name for name in ("check", *_FIELDS) if name not in data.variables]
    if missing:
        raise ResultError(
            f"{result.title} is no report of checks: it has no {' and no '.join(missing)}; {_HOW}."
        )
    if "check" not in data.dims:  # .sel(check="BOS") has dropped it
        data = data.expand_dims("check")
    more = [str(axis) for axis in data["status"].dims if axis != "check"]
    if more:
        raise ResultError(f"{result.title} has several reports: choose one with .sel({more[0]}=…).")
    return data


def _shown(text: str) -> str:
    """Single spaces as they are, all else that cannot be seen as a character: two spaces may be what is wrong."""
    return "".join(part if part == " " else visible(part) for part in re.split("((?<! ) (?! ))", text))
