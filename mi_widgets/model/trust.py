"""What is checked when a model is loaded, so that a silent fault is loud."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from mi_widgets.core import sites as at
from mi_widgets.core.interventions import scale

if TYPE_CHECKING:
    from .model import Model

_TOLERANCE = 1e-4  # float32 logits; other number types are compared within their own resolution


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: what, whether it held, and what was seen."""

    name: str
    ok: bool
    seen: str


@dataclass(frozen=True)
class Trust:
    """The checks made at load. `warnings` are those that failed: every Result carries them."""

    checks: tuple[Check, ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """One sentence for each check that failed."""
        return tuple(f"{c.name}: {c.seen}" for c in self.checks if not c.ok)

    def __repr__(self) -> str:
        lines = [f"{'✓' if c.ok else '✗'} {c.name}: {c.seen}" for c in self.checks]
        return "\n".join([f"{len(self.checks)} checks, {len(self.warnings)} warnings", *lines])


def examine(model: Model, stock: Tensor, ids: Tensor) -> Trust:
    """Check a model that has just been wrapped.

    Args:
        model: the wrapped model.
        stock: the logits of the module as it came, on `ids`.
        ids: a few token ids, (1, pos).
    """
    run = model.run(ids, keep=[at.pattern])
    difference = (run.logits.float() - stock.float()).abs().max().item()
    tolerance = max(_TOLERANCE, 50 * torch.finfo(stock.dtype).eps * stock.float().abs().max().item())
    rows = (run[at.pattern].float().sum(-1) - 1).abs().max().item()
    with model.intervene(scale(at.pattern[0], 0.5)):
        moved = (model.run(ids).logits.float() - stock.float()).abs().max().item()
    training = model.module.training
    return Trust(
        (
            Check(
                "logits as the plain module's",
                difference <= tolerance,
                f"largest difference {difference:.1e}",
            ),
            Check("attention rows sum to 1", rows < 1e-2, f"largest difference {rows:.1e}"),
            Check(
                "editing attention changes the logits",
                moved > 0,
                f"halving layer 0 moves them by {moved:.2g}",
            ),
            Check(
                "evaluation mode",
                not training,
                "training mode is on, dropout makes runs differ: call module.eval()"
                if training
                else "dropout is off",
            ),
        )
    )
