"""The tap of experts: with what weight each of them is used, at every position, read and changed as any site is.

What routes says which few experts each token uses, and with what weight. Here these are laid out over all experts, so
that an expert has a column of its own, and taken up again from there.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

TAP = "tap_router"


def routed(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Tensor, Tensor] | None:
    """Which experts each token uses, and with what weight, (token, chosen) each, if this is how experts are called."""
    given = [x for x in (*args, *kwargs.values()) if isinstance(x, Tensor)]
    if len(given) < 3:
        return None
    which, weights = given[1:3]
    if which.is_floating_point() or which.dtype == torch.bool or not weights.is_floating_point():
        return None
    return (which, weights) if which.shape == weights.shape and which.ndim >= 2 else None


def number_of(experts: nn.Module) -> int | None:
    """How many experts a module holds, if it says so."""
    for name in ("total_experts", "num_experts", "n_experts"):
        n = getattr(experts, name, None)
        if isinstance(n, int):
            return n
    return None


def through_tap(experts: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A pre-hook: what the experts are given, with the weights as the tap gives them out.

    An expert that was not chosen and now has weight is used too; with weight 0 none says anything.
    """
    found = routed(args, kwargs)
    n = number_of(experts)
    if found is None or n is None or not hasattr(experts, TAP):
        return None
    which, weights = found
    # Some have a column more, past their experts: for a token that uses none.
    whole = weights.new_zeros(*weights.shape[:-1], n + 1).scatter(-1, which, weights)
    changed = torch.cat([getattr(experts, TAP)(whole[..., :n]), whole[..., n:]], -1)
    chosen = torch.zeros_like(changed, dtype=torch.bool).scatter(-1, which, True)
    more = (changed != 0) & ~chosen
    if bool(more.any()):
        used = chosen | more
        first = used.to(weights.dtype)
        first[..., n:] -= 0.5  # where there is room left, an expert without weight, not what is past them
        which = first.topk(int(used.sum(-1).max()), -1).indices.to(which.dtype)
    new = {id(found[0]): which, id(found[1]): changed.gather(-1, which)}
    return (
        tuple(new.get(id(x), x) for x in args),
        {name: new.get(id(x), x) for name, x in kwargs.items()},
    )
