"""Checks of what heads and neurons write: all of a sublayer's output, by the matrix that figures of weights read."""

from __future__ import annotations

from torch import Tensor

from mi_widgets.core.errors import UnsupportedModel

from .examination import Examination
from .model_core import ModelCore
from .trust import Check, in_layers, not_tried

HEADS, NEURONS = "heads", "neurons"


def writing_checks(seen: Examination, model: ModelCore) -> tuple[list[Check], dict[str, str]]:
    """Whether what single heads and neurons write can be told.

    Returns:
        the checks, and of which parts it cannot be told, and why.
    """
    how, checks, apart = model.architecture, [], {}
    for parts, held, out, of in (
        (HEADS, "z", "attn_out", how.heads_write),
        (NEURONS, "mlp_post", "mlp_out", how.neurons_write),
    ):
        layers = seen.layers(held, out)
        name = f"{parts} write what the {'attention' if parts == HEADS else 'MLP'} adds"
        if not layers:
            continue  # what has no such parts is not to be told of them
        try:
            off = {
                layer: _off(seen[out, layer], of(model.module, layer).out(seen[held, layer]))
                for layer in layers
            }
        except UnsupportedModel as error:
            checks.append(not_tried(name, str(error).partition(", so ")[0]))
            continue
        broken = [layer for layer in layers if not off[layer] <= 32 * seen.eps]
        if not broken:
            said = f"{held} by the matrix behind it is {out}, within {max(off.values()):.1e} of it"
            checks.append(Check(name, "ok", said))
            continue
        why = (
            f"{in_layers(broken)} {out} is not {held} by the matrix behind it: something stands between them"
        )
        said = f"{why}; figures of single {parts} are refused, runs are right"
        checks.append(Check(name, "note", said))
        apart[parts] = why
    return checks, apart


def _off(out: Tensor, expected: Tensor) -> float:
    """How far apart, of the largest number."""
    apart = (out - expected.to(out.device).view_as(out)).abs().max()
    return float(apart / out.abs().max().clamp(min=1e-30))
