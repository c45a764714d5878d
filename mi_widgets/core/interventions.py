"""What to do at a site, as frozen values: printable, comparable, and applied by the model layer.

    knock = mi.ablate(at.z[1, 3])
    with model.intervene(knock):
        model.run(prompt)

Each value's `apply` is plain torch: the activation in, the changed activation out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

import torch
from torch import Tensor

from .arrays import Array
from .errors import InterventionError
from .sites import WHOLE_MODEL, Extent, Site, read, write


@runtime_checkable
class Activations(Protocol):
    """What `ablate(data=…)` and `patch(…)` read from: a `Run`."""

    @property
    def mask(self) -> Tensor:
        """True at real tokens, (batch, pos)."""
        ...

    def __getitem__(self, site: Site, /) -> Tensor: ...


@dataclass(frozen=True, repr=False)
class Intervention:
    """A change of the activation at one site."""

    site: Site

    def __post_init__(self) -> None:
        if not isinstance(self.site, Site):
            raise InterventionError(
                f"The first argument names where to intervene, as in at.z[1, 3]; got {self.site!r}."
            )
        if self.site.layer is None and self.site.name not in WHOLE_MODEL:
            raise InterventionError(
                f"{self.site!r} names no layer: write at.{self.site.name}[0], for example."
            )

    def change(self, x: Tensor) -> Tensor:
        """The new values for the part that the site names, from the present ones."""
        raise NotImplementedError

    def apply(self, x: Tensor, extent: Extent) -> Tensor:
        """The activation with this change made: a new tensor, `x` stays as it is."""
        part = read(x, self.site, extent)
        if part.numel() == 0:  # .pos("new") before there are new tokens
            return x
        try:
            new = self.change(part).expand_as(part)
        except RuntimeError as error:
            raise InterventionError(
                f"{self!r} does not fit: the activation at {self.site!r} has shape {tuple(part.shape)}. ({error})"
            ) from error
        return write(x, self.site, extent, new)

    def _arguments(self, *, complete: bool) -> list[str]:
        raise NotImplementedError

    def __repr__(self) -> str:
        return self._call(complete=False)

    def code(self) -> str:
        """The Python that makes this value: `eval(x.code()) == x`."""
        return self._call(complete=True)

    def _call(self, *, complete: bool) -> str:
        arguments = ", ".join([self.site.code(), *self._arguments(complete=complete)])
        return f"mi.{type(self).__name__.lower()}({arguments})"


def _show(array: Array, *, complete: bool) -> str:
    return array.code() if complete else repr(array)


@dataclass(frozen=True, repr=False)
class Ablate(Intervention):
    """Set the activation to zero or to its mean; made by `mi.ablate`."""

    to: Literal["zero", "mean"] = "zero"
    mean: Array | None = None

    def change(self, x: Tensor) -> Tensor:  # noqa: D102
        return torch.zeros_like(x) if self.mean is None else self.mean.to(x)

    def _arguments(self, *, complete: bool) -> list[str]:
        shown = [f"to={self.to!r}"]
        return shown if self.mean is None else [*shown, f"data={_show(self.mean, complete=complete)}"]


@dataclass(frozen=True, repr=False)
class Scale(Intervention):
    """Multiply the activation by a number; made by `mi.scale`."""

    factor: float = 1.0

    def change(self, x: Tensor) -> Tensor:  # noqa: D102
        return x * self.factor

    def _arguments(self, *, complete: bool) -> list[str]:
        return [repr(self.factor)]


@dataclass(frozen=True, repr=False)
class Patch(Intervention):
    """Put activations from elsewhere in their place; made by `mi.patch`."""

    value: Array

    def change(self, x: Tensor) -> Tensor:  # noqa: D102
        return self.value.to(x)

    def apply(self, x: Tensor, extent: Extent) -> Tensor:  # noqa: D102
        if self.site.positions is not None or "query" in self.site.axes:
            return super().apply(x, extent)
        # A patch of the whole prompt covers the prompt; tokens generated after it stay their own.
        prompt, rest = x[:, : extent.width], x[:, extent.width :]
        return torch.cat([super().apply(prompt, extent), rest], dim=1)

    def _arguments(self, *, complete: bool) -> list[str]:
        return [_show(self.value, complete=complete)]


@dataclass(frozen=True, repr=False)
class Steer(Intervention):
    """Add a multiple of a direction to the activation; made by `mi.steer`."""

    direction: Array
    scale: float = 1.0

    def change(self, x: Tensor) -> Tensor:  # noqa: D102
        return x + self.scale * self.direction.to(x)

    def _arguments(self, *, complete: bool) -> list[str]:
        return [_show(self.direction, complete=complete), f"scale={self.scale!r}"]


@dataclass(frozen=True)
class Stack:
    """Several interventions, applied in the order written; made by `mi.stack`."""

    interventions: tuple[Intervention, ...] = ()

    def __iter__(self) -> Iterator[Intervention]:
        return iter(self.interventions)

    def __len__(self) -> int:
        return len(self.interventions)

    def __repr__(self) -> str:
        return f"mi.stack({', '.join(map(repr, self.interventions))})"

    def code(self) -> str:
        """The Python that makes this value."""
        return f"mi.stack({', '.join(i.code() for i in self.interventions)})"


def stack(*interventions: Intervention | Stack) -> Stack:
    """Several interventions as one value; stacks inside are flattened.

    Args:
        interventions: in the order in which they are applied.
    """
    flat: list[Intervention] = []
    for item in interventions:
        if isinstance(item, Stack):
            flat.extend(item)
        elif isinstance(item, Intervention):
            flat.append(item)
        else:
            raise InterventionError(
                f"An intervention is made by mi.ablate, mi.scale, mi.patch, mi.steer or mi.stack; got {item!r}."
            )
    return Stack(tuple(flat))


def ablate(site: Site, *, to: Literal["zero", "mean"] = "zero", data: Any = None) -> Ablate:
    """Knock a site out: the activation there becomes zero, or what it is on average.

    Args:
        site: where; `at.z[1, 3]` is the output of head 3 of layer 1, before `W_O`.
        to: `"zero"`, or `"mean"`: the mean over the real tokens of `data` (over the prompts alone for
            `scores` and `pattern`).
        data: for `"mean"`: a run that kept the site, or the mean itself as an Array or a tensor.

    Raises:
        InterventionError: `to` is neither, or `data` is missing or not wanted.

    Source: mean ablation as in Wang et al. 2022 (arXiv:2211.00593), section 2, but with one mean for all
    positions.
    """
    if to not in ("zero", "mean"):
        raise InterventionError(f'ablate: to={to!r} is not known; allowed: "zero", "mean".')
    if to == "zero":
        if data is not None:
            raise InterventionError('ablate: data= goes with to="mean"; to="zero" needs none.')
        return Ablate(site)
    if data is None:
        raise InterventionError(
            'ablate(to="mean") needs data=: a run that kept the site, as in data=model.run(texts, keep=[at.z]), '
            "or the mean itself."
        )
    return Ablate(site, "mean", Array(_mean(data, site) if isinstance(data, Activations) else data))


def _mean(run: Activations, site: Site) -> Tensor:
    x = run[site]
    if "query" in site.axes or site.positions is not None:
        return x.mean(0)
    return x[run.mask.to(x.device)].mean(0)


def scale(site: Site, factor: float) -> Scale:
    """Multiply the activation at `site` by `factor`: 0 removes it, 1 leaves it, -1 turns it round."""
    return Scale(site, float(factor))


def patch(site: Site, value: Any) -> Patch:
    """Put activations from elsewhere at `site`.

    Args:
        site: where, with or without positions.
        value: a run that kept the site (its activation there is taken), or the values themselves, shaped
            as `run[site]` is; one row serves every prompt of a batch.
    """
    return Patch(site, Array(value[site] if isinstance(value, Activations) else value))


def steer(site: Site, direction: Any, *, scale: float = 1.0) -> Steer:
    """Add `scale` times `direction` to the activation at `site`.

    Args:
        site: where; without `.pos` at every token, those that `generate` adds included.
        direction: a vector of the activation's last axis, not normalised here.
        scale: in units of the direction's own length.

    Source: Turner et al. 2023 (arXiv:2308.10248), activation addition.
    """
    return Steer(site, Array(direction), float(scale))
