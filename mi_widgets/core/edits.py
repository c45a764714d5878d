"""Changing what is there: scaled, steered, projected, replaced, or put through a function of the user's."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from .argument_types import checked
from .arrays import Array
from .errors import InterventionError
from .interventions import Activations, Intervention, Show, finite
from .layers import Layers
from .sites import Site
from .spans import PromptSpans, at_tokens, position_axis, read, touches, write


@dataclass(frozen=True, repr=False)
class Scale(Intervention):
    """Multiply the activation by a number; made by `mi.scale`."""

    factor: float = 1.0

    def change(self, x: Tensor) -> Tensor:  # noqa: D102
        return x * self.factor

    def _arguments(self, show: Show) -> list[str]:
        return [repr(self.factor)]


@checked
def scale(site: Site, factor: float) -> Scale:
    """Multiply the activation at `site` by `factor`: 0 removes it, 1 leaves it, -1 turns it round."""
    return Scale(site, finite("mi.scale: factor", factor))


@dataclass(frozen=True, repr=False)
class Steer(Intervention):
    """Add a multiple of a direction to the activation; made by `mi.steer`."""

    direction: Array
    scale: float = 1.0

    def change(self, x: Tensor) -> Tensor:  # noqa: D102
        return x + self.scale * self.direction.to(x)

    def _arguments(self, show: Show) -> list[str]:
        return [show(self.direction), f"scale={self.scale!r}"]


@checked
def steer(site: Site, direction: Any, *, scale: float = 1.0) -> Steer:
    """Add `scale` times `direction` to the activation at `site`.

    Args:
        site: where; without `.pos` at every token, those that `generate` adds included.
        direction: a vector of the activation's last axis, not normalised here; where `site` is several layers, the
            same at each.
        scale: in units of the direction's own length.

    Raises:
        InterventionError: numbers that are not finite; several vectors for several layers.

    Source: Turner et al. 2023 (arXiv:2308.10248), activation addition.
    """
    pushed = direction if isinstance(direction, Array) else Array(direction)
    if not pushed.tensor.isfinite().all():
        raise InterventionError(
            f"mi.steer: {pushed!r} has NaN or infinity in it, and would spoil what it is added to."
        )
    _check_one_vector("mi.steer", site, pushed)
    return Steer(site, pushed, finite("mi.steer: scale", scale))


@dataclass(frozen=True, repr=False)
class ProjectOut(Intervention):
    """Take the part that lies in a subspace away; made by `mi.project_out`."""

    basis: Array  # (direction, d), as given
    read_by: Array | None = None  # (direction, d)
    center: Array | None = None  # (d,)

    def change(self, x: Tensor) -> Tensor:  # noqa: D102
        # In the activation's own dtype, directions that lie close together would be one.
        exact = x.to(torch.promote_types(x.dtype, torch.float32))
        spanning = self.basis.to(exact)
        if x.shape[-1] != spanning.shape[-1]:
            raise InterventionError(
                f"{self!r} does not fit: directions of length {spanning.shape[-1]}, an activation of {x.shape[-1]}."
            )
        moved = exact if self.center is None else exact - self.center.to(exact)
        if self.read_by is None:
            orthonormal = torch.linalg.qr(spanning.T).Q
            return (exact - (moved @ orthonormal) @ orthonormal.T).to(x.dtype)
        by = self.read_by.to(exact)
        amounts = torch.linalg.solve(by @ spanning.T, (moved @ by.T)[..., None])[..., 0]
        return (exact - amounts @ spanning).to(x.dtype)

    def _arguments(self, show: Show) -> list[str]:
        given = {"read_by": self.read_by, "center": self.center}
        return [
            show(self.basis),
            *(f"{name}={show(value)}" for name, value in given.items() if value is not None),
        ]

    @property
    def verb(self) -> str:  # noqa: D102
        return "project_out"


@checked
def project_out(site: Site, directions: Any, *, read_by: Any = None, center: Any = None) -> ProjectOut:
    """Take away what the activation at `site` has along a direction, or in the subspace of several.

    Args:
        site: where; without `.pos` at every token, those that `generate` adds included.
        directions: a vector of the activation's last axis, or several as rows (direction, d); their lengths and
            angles do not matter, only what they span.
        read_by: as many others, along which it is read how much there is: the projection is then oblique, and
            afterwards nothing can be read along these. The directions themselves by default.
        center: a vector that is left where it is, such as a mean; zero by default.

    Raises:
        InterventionError: no vector, a vector of zeros, rows of which one is a sum of the others, or a direction of
            which `read_by` reads nothing.

    Source: Ravfogel et al. 2020 (arXiv:2004.07667), section 3, the projection onto the null space; oblique and around
    a mean, Belrose et al. 2023 (arXiv:2306.03819).
    """
    basis = _spanning(directions, "mi.project_out")
    by = None if read_by is None else _spanning(read_by, "mi.project_out: read_by")
    if by is not None:
        alike = by.shape == basis.shape
        if not alike or torch.linalg.matrix_rank(_lengthless(by) @ _lengthless(basis).T) < basis.shape[0]:
            raise InterventionError(
                f"mi.project_out: read_by must be of the directions' shape, {basis.shape}, and none of them at right "
                f"angles to all of it; got {by!r}."
            )
    left = None if center is None else Array(center)
    if left is not None and (left.shape != basis.shape[1:] or not left.tensor.isfinite().all()):
        raise InterventionError(
            f"mi.project_out: center must be a vector of {basis.shape[1]} finite numbers; got {left!r}."
        )
    return ProjectOut(site, basis, by, left)


def _spanning(directions: Any, caller: str) -> Array:
    """Directions as rows."""
    basis = Array(directions)
    given = basis.tensor
    numbers = given.numel() and given.dtype != torch.bool and not given.is_complex()
    if given.ndim not in (1, 2) or not numbers or not given.isfinite().all():
        raise InterventionError(
            f"{caller} takes a vector (d,) or several (direction, d) of finite numbers; got {basis!r}."
        )
    rows = torch.atleast_2d(given if given.is_floating_point() else given.float())
    if not torch.linalg.vector_norm(rows.double(), dim=-1).all():
        raise InterventionError(f"{caller}: {basis!r} has a direction of zeros, along which nothing lies.")
    # By length, so that a short row beside a long one counts as much.
    if torch.linalg.matrix_rank(_lengthless(Array(rows)).float()) < rows.shape[0]:
        raise InterventionError(
            f"{caller}: the {rows.shape[0]} rows of {basis!r} span less, since one is a sum of others: "
            "leave the surplus ones out."
        )
    return Array(rows)


def _lengthless(rows: Array) -> Tensor:
    exact = rows.tensor.double()
    return exact / torch.linalg.vector_norm(exact, dim=-1, keepdim=True)


@dataclass(frozen=True, repr=False)
class Replace(Intervention):
    """Put given numbers in the activation's place; made by `mi.interventions.replace`."""

    value: Array

    def change(self, x: Tensor) -> Tensor:  # noqa: D102
        return self.value.to(x)

    def _changed(self, part: Tensor, spans: PromptSpans) -> Tensor:
        new, axis = super()._changed(part, spans), position_axis(self.site)
        if axis is None:
            return new
        real = spans.real_columns(part.shape[axis])
        if self.value.has_nan:
            self._check_numbers(new, axis, real, spans)
        # At padding there is nothing to put: what stands there stays.
        return new if real.all() else torch.where(at_tokens(real, part, axis), new, part)

    def _check_numbers(self, new: Tensor, axis: int, real: Tensor, spans: PromptSpans) -> None:
        """That NaN is at padding alone, as in what a run has there."""
        named = spans.named(self.site, real.shape[1])
        used = real if named is None else real & named
        rows = (new.isnan() & at_tokens(used, new, axis)).reshape(len(new), -1).any(1).nonzero()
        if len(rows):
            raise InterventionError(
                f"{self!r} has NaN at a token of prompt {spans.numbers[int(rows[0])]}: columns are taken as they are, "
                "so prompts must be as long as those it was made on, and padded on the same side. "
                f"mi.patch({self.site!r}, run) finds the tokens of a run on either side."
            )

    def _arguments(self, show: Show) -> list[str]:
        return [_as_number(self.value) or show(self.value)]


def _as_number(value: Array) -> str:
    """One number as it is written, where that makes the same Array; else nothing."""
    if value.shape != () or value.dtype != "float32" or not value.tensor.isfinite():
        return ""
    return repr(float(str(value.tensor.numpy())))


@checked
def replace(site: Site, value: Any) -> Replace:
    """Put `value` in the activation's place, at every token that `site` names, new ones included.

    Args:
        site: where.
        value: a number, a vector of the activation's last axis, or anything that broadcasts to it: what is shaped as
            `run[site]` stands at the columns of that run, and at padding, where it is NaN, nothing is put. For the
            activations of another run use `mi.patch`, which finds the tokens on whichever side the padding is. Where
            `site` is several layers, one vector for all.

    Raises:
        InterventionError: a run, or NaN; several vectors for several layers; when it meets an activation that it does
            not broadcast to, or has NaN at a token.
    """
    if isinstance(value, Activations):
        raise InterventionError(
            f"mi.interventions.replace takes numbers; what a run has is put in place by mi.patch({site!r}, run)."
        )
    put = value if isinstance(value, Array) else Array(value)
    if put.has_nan and (len(put.shape) < 2 or position_axis(site) is None):
        raise InterventionError(
            f"mi.interventions.replace: {put!r} has NaN in it, and would spoil all that is computed from it."
        )
    _check_one_vector("mi.interventions.replace", site, put)
    return Replace(site, put)


def _check_one_vector(caller: str, site: Site, value: Array) -> None:
    """That layers, of which there may be as many as positions or heads, do not each get another vector."""
    if isinstance(site.layer, Layers) and math.prod(value.shape[:-1]) != 1:
        raise InterventionError(
            f"{caller} gives all layers of {site!r} one vector; got {value!r}. Write one a layer, as in "
            f"mi.stack(*({caller}(at.{site.name}[layer], vectors[layer]) for layer in range(2, 5)))."
        )


@dataclass(frozen=True, repr=False)
class Apply(Intervention):
    """Put the activation through a function; made by `mi.interventions.apply`."""

    function: Callable[[Tensor], Tensor]

    def apply(self, x: Tensor, spans: PromptSpans) -> Tensor:  # noqa: D102
        # What the function raises is the user's to see as it is.
        if not touches(x, self.site, spans):
            return x
        return write(x, self.site, spans, self.change(read(x, self.site, spans)))

    def change(self, x: Tensor) -> Tensor:  # noqa: D102
        new = self.function(x.clone())  # it may work in place
        if not isinstance(new, Tensor) or new.shape != x.shape:
            got = f"shape {tuple(new.shape)}" if isinstance(new, Tensor) else type(new).__name__
            raise InterventionError(
                f"{self!r}: the function must return a tensor of the shape it was given, {tuple(x.shape)}; got {got}."
            )
        return new.to(x)

    def __repr__(self) -> str:
        return f"mi.interventions.apply({self.site!r}, {_name(self.function)})"

    def code_with(self, show: Show) -> str:
        """Cannot be written: the function is the user's.

        Raises:
            InterventionError: always; it names the function.
        """
        raise InterventionError(
            f"{self!r} holds a function of yours, which cannot be written as code: define {_name(self.function)} "
            "where the code is to run, and write this line yourself."
        )


def _name(function: Any) -> str:
    return getattr(function, "__qualname__", type(function).__name__).rpartition(".")[2]


@checked
def apply(site: Site, function: Callable[[Tensor], Tensor]) -> Apply:
    """Put the activation at `site` through a function of yours.

    Args:
        site: where.
        function: from the part that `site` names (batch first; see `run[site]`) to its new values, of the same
            shape. While generating it sees the prompt first, then one token at a time (of `k` and `v` all tokens so
            far, again at each step): what it does to a token should not depend on the other tokens. Where shorter
            prompts are padded it sees finite numbers that are no text, with what stands there of no effect: a mean over
            positions is to leave them out, by `run.mask` of these prompts.

    Raises:
        WrongKind: not a function.
        InterventionError: when it returns another shape.
    """
    return Apply(site, function)
