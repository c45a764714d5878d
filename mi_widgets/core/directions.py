"""`Direction`: a direction in a model's activations that says where it comes from, and `Probe`, which also reads."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Self

import torch
from jaxtyping import Float
from torch import Tensor

from .argument_types import argument_type, checked
from .arrays import Array
from .draws import seeded
from .errors import InterventionError
from .provenance import Provenance
from .provenance_files import provenance_from_json, provenance_to_json
from .public import public_name
from .record import Placeholder, Record
from .recording import recorded, serial
from .sites import Site


@argument_type("mi.directions.mean_difference(model, texts_a, texts_b, site)")
@checked
class Direction(Array):
    """A vector of an activation, for `mi.steer`, `mi.project_out` and the like.

    It is an Array and equal to any other with the same numbers.

    Args:
        values: the vector.
        site: where it was found.
        provenance: how it is made again.
        facts: what is known of it, as in `{"variance explained": 0.31}`.

    Raises:
        InterventionError: not a vector of finite numbers, or nothing but zeros.
    """

    __slots__ = ("facts", "provenance", "site")

    def __init__(
        self, values: Any, *, site: Site, provenance: Provenance, facts: Mapping[str, float] | None = None
    ) -> None:
        super().__init__(values)
        check_direction(public_name(type(self)) or type(self).__name__, self)
        self.site, self.provenance = site, provenance
        self.facts: Mapping[str, float] = MappingProxyType(dict(facts or {}))

    @property
    def norm(self) -> float:
        """Its length."""
        return float(torch.linalg.vector_norm(self.tensor.double()))

    @property
    def record(self) -> Record:
        """How it was found."""
        return self.provenance.record or Placeholder(f"your {self!r}", "direction", token=serial(self))

    def with_record(self, record: Record) -> Self:
        """The same direction, made by another call."""
        same = copy(self)
        same.provenance = replace(self.provenance, record=record)
        return same

    # It does not change: a copy of it, as inside of an intervention, is itself.

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def __copy__(self) -> Self:
        same = object.__new__(type(self))
        for name, value in self._slots().items():
            setattr(same, name, value)
        return same

    # A pickle, as of multiprocessing, keeps of the record what a file of a Result does. The library reads none.

    def __getstate__(self) -> dict[str, Any]:
        return self._slots() | {
            "facts": dict(self.facts),
            "provenance": provenance_to_json(self.provenance),
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        facts, provenance = MappingProxyType(state["facts"]), provenance_from_json(state["provenance"])
        for name, value in (state | {"facts": facts, "provenance": provenance}).items():
            setattr(self, name, value)

    def _slots(self) -> dict[str, Any]:
        return {
            name: getattr(self, name) for cls in type(self).__mro__ for name in getattr(cls, "__slots__", ())
        }

    def __repr__(self) -> str:
        facts = "".join(f", {name} {value:.4g}" for name, value in self.facts.items())
        return f"{type(self).__name__}({self.shape[0]} at {self.site!r}, norm {self.norm:.3g}{facts})"


@argument_type("mi.directions.linear_probe(model, texts_a, texts_b, site)")
@checked
class Probe(Direction):
    """A linear probe: `log_odds(x)` is `x @ direction + bias`.

    Args:
        values: the vector.
        bias: see above.
        site: where it was found.
        provenance: how it is made again.
        facts: what is known of it.
    """

    __slots__ = ("bias",)

    def __init__(
        self,
        values: Any,
        *,
        bias: float,
        site: Site,
        provenance: Provenance,
        facts: Mapping[str, float] | None = None,
    ) -> None:
        super().__init__(values, site=site, provenance=provenance, facts=facts)
        self.bias = bias

    @checked
    def log_odds(self, x: Float[Tensor, "*batch d"]) -> Float[Tensor, "*batch"]:
        """How much rather an activation is of the first kind than of the second, in nats.

        Raises:
            InterventionError: activations of another width.
        """
        if x.shape[-1:] != self.shape:
            raise InterventionError(
                f"{self!r} reads activations of width {self.shape[0]}; these have shape {tuple(x.shape)}."
            )
        return x @ self.to(x) + self.bias


def check_direction(caller: str, direction: Array) -> None:
    """Raise `InterventionError` unless it is a vector of finite numbers with a length."""
    values = direction.tensor
    if values.ndim != 1 or values.is_complex() or values.dtype == torch.bool or not values.isfinite().all():
        odd = "" if values.isfinite().all() else " with NaN or infinity in it"
        raise InterventionError(
            f"{caller} takes a vector (d,) of finite numbers; got {Array(direction)!r}{odd}."
        )
    if not values.any():
        raise InterventionError(f"{caller}: {Array(direction)!r} is all zeros, and points nowhere.")


@recorded
def random_direction(like: Direction, *, seed: int = 0) -> Direction:
    """A direction drawn at random, as long as another one: the control for what any push of that size would do.

    Args:
        like: whose length and site it has.
        seed: of the draw, from a normal distribution.
    """
    return Direction(
        drawn_as_long(like, seeded(seed)),
        site=like.site,
        provenance=Provenance(like.provenance.model, seed=seed),
    )


def drawn_as_long(like: Array, generator: torch.Generator) -> Float[Tensor, " d"]:
    """A vector drawn from a normal distribution, and made as long as another one."""
    drawn = torch.randn(like.shape, generator=generator)
    return drawn * (torch.linalg.vector_norm(like.tensor.double()) / drawn.norm()).float()
