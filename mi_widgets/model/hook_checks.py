"""Whether runs read what modules give out in the end: a hook of somebody else's may change it after they have."""

from __future__ import annotations

import torch
from torch import Tensor

from .backend import Key
from .examination import Examination, distance
from .model_core import ModelCore
from .trust import Check, not_tried

NAME = "runs read what is passed on"


def hook_check(seen: Examination, model: ModelCore) -> tuple[Check, dict[Key, str]]:
    """Compare what a trace has kept with what hooks have seen that came last.

    Returns:
        the check, and the sites that are read too early, with why.
    """
    off = {key: _off(seen[key], _kept(seen, model, key)) for key in seen.observed.activations}
    wrong = [key for key, by in off.items() if not by <= 64 * seen.eps]
    if not wrong:
        return Check(NAME, "ok", f"at every site, within {max(off.values()):.1e}"), {}
    if not seen.agree(seen.kept["logits", None].float(), seen.stock):
        return not_tried(NAME, "no two runs of it have the same logits"), {}
    why = "a hook that was there before changes it after it was read: take the hook away, or make it a module's part"
    named = ", ".join(f"at.{name}" if layer is None else f"at.{name}[{layer}]" for name, layer in wrong[:4])
    more = f" and {len(wrong) - 4} more" if len(wrong) > 4 else ""
    sites = tuple(dict.fromkeys(name for name, _ in wrong))
    return Check(NAME, "warning", f"not {named}{more}: {why}", sites), dict.fromkeys(wrong, why)


def _kept(seen: Examination, model: ModelCore, key: Key) -> Tensor:
    layout, raw = model.architecture.places[key[0]].layout, seen.kept[key].float().cpu()
    return raw if layout is None else layout.out(raw, len(seen.tokenized.ids))


def _off(passed: Tensor, kept: Tensor) -> float:
    """How far apart, of the largest number; what masks is as large as can be on both sides."""
    apart = distance(passed, kept)
    size = torch.where(passed.abs() < 1e4, passed.abs(), 0).max().clamp(min=1e-30)
    return float(apart.max() / size)
