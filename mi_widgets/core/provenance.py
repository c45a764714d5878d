"""`Provenance`: how a Result was made."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from .argument_types import argument_type
from .errors import InterventionError
from .interventions import Stack
from .record import Record


@argument_type("run.provenance()")
@dataclass(frozen=True)
class Provenance:
    """How a Result was made.

    Args:
        model: the model's name.
        record: the call that made it; None where nobody wrote it down.
        interventions: the stack that was active (in a loaded Result its code).
        warnings: what to beware of, for the sites that were read.
        seed: of whatever was random, else None.
    """

    model: str
    record: Record | None = None
    interventions: Stack | str = field(default_factory=Stack)
    warnings: tuple[str, ...] = ()
    seed: int | None = None

    @property
    def active(self) -> str:
        """The interventions as code, as a file keeps them; empty where there were none."""
        return _as_code(self.interventions) if isinstance(self.interventions, Stack) else self.interventions

    def with_other(self, other: Provenance) -> Provenance:
        """Of what stands on two Results: what they agree on, and the warnings of both."""
        return replace(
            self,
            model=self.model if self.model == other.model else f"{self.model} and {other.model}",
            interventions=self.interventions if self._as_active_as(other) else Stack(),
            warnings=tuple(dict.fromkeys((*self.warnings, *other.warnings))),
            seed=self.seed if self.seed == other.seed else None,
        )

    def _as_active_as(self, other: Provenance) -> bool:
        ours, theirs = self.interventions, other.interventions
        # Of one that was loaded its code is all that is left; writing the code of arrays takes its time.
        return ours == theirs if type(ours) is type(theirs) else self.active == other.active


def _as_code(interventions: Stack) -> str:
    try:
        return interventions.code(inline=True) if interventions else ""
    except InterventionError:  # a function of the user's: its name is all that can be kept
        return repr(interventions)
