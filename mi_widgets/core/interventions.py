"""What to do at a site, as frozen values: printable, comparable, and applied by the model layer.

    knock = mi.ablate(at.z[1, 3])
    with model.intervene(knock):
        model.run(prompt)

Each value's `apply` is plain torch: the activation in, the changed activation out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol, runtime_checkable

import torch
from torch import Tensor

from .arrays import Array
from .errors import InterventionError
from .sites import WHOLE_MODEL, Extent, Site, pattern, read, write

_Show = Callable[[Array], str]  # how an Array is written: short, or as complete code


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

    def _arguments(self, show: _Show) -> list[str]:
        raise NotImplementedError

    def __repr__(self) -> str:
        return self._call(repr)

    def code(self, *, inline: bool = False) -> str:
        """The Python that makes this value: `eval(x.code()) == x`. `inline` as in `Array.code`."""
        return self._call(lambda array: array.code(inline=inline))

    def _call(self, show: _Show) -> str:
        arguments = ", ".join([self.site.code(), *self._arguments(show)])
        return f"mi.{type(self).__name__.lower()}({arguments})"


@dataclass(frozen=True, repr=False)
class Ablate(Intervention):
    """Set the activation to zero or to its mean; made by `mi.ablate`."""

    to: Literal["zero", "mean"] = "zero"
    mean: Array | None = None

    def change(self, x: Tensor) -> Tensor:  # noqa: D102
        return torch.zeros_like(x) if self.mean is None else self.mean.to(x)

    def _arguments(self, show: _Show) -> list[str]:
        shown = [f"to={self.to!r}"]
        return shown if self.mean is None else [*shown, f"data={show(self.mean)}"]


@dataclass(frozen=True, repr=False)
class Scale(Intervention):
    """Multiply the activation by a number; made by `mi.scale`."""

    factor: float = 1.0

    def change(self, x: Tensor) -> Tensor:  # noqa: D102
        return x * self.factor

    def _arguments(self, show: _Show) -> list[str]:
        return [repr(self.factor)]


@dataclass(frozen=True, repr=False)
class Patch(Intervention):
    """Put activations from elsewhere in their place; made by `mi.patch`."""

    value: Array

    def change(self, x: Tensor) -> Tensor:  # noqa: D102
        value = self.value.to(x)
        # Only a batch of one serves many: a wrong number of positions must not be stretched to fit.
        fits = value.ndim == 1 or (value.shape[1:] == x.shape[1:] and value.shape[0] in (1, x.shape[0]))
        if not fits:
            raise InterventionError(
                f"{self!r} does not fit: the value has shape {tuple(value.shape)}, the activation {tuple(x.shape)}. "
                "Patch between prompts of one length, or name positions with .pos(…)."
            )
        return value

    def apply(self, x: Tensor, extent: Extent) -> Tensor:  # noqa: D102
        if self.site.positions is not None:
            return super().apply(x, extent)
        # A patch of the whole prompt covers the prompt; tokens generated after it stay their own.
        w = extent.width
        prompt = (
            (slice(None), slice(None), slice(w), slice(w))
            if "query" in self.site.axes
            else (slice(None), slice(w))
        )
        changed = x.clone()
        changed[prompt] = super().apply(x[prompt], extent)
        return changed

    def _arguments(self, show: _Show) -> list[str]:
        return [show(self.value)]


@dataclass(frozen=True, repr=False)
class Steer(Intervention):
    """Add a multiple of a direction to the activation; made by `mi.steer`."""

    direction: Array
    scale: float = 1.0

    def change(self, x: Tensor) -> Tensor:  # noqa: D102
        return x + self.scale * self.direction.to(x)

    def _arguments(self, show: _Show) -> list[str]:
        return [show(self.direction), f"scale={self.scale!r}"]


@dataclass(frozen=True)
class Stack:
    """Several interventions; made by `mi.stack`. At one site they apply in the order written."""

    interventions: tuple[Intervention, ...] = ()

    def __iter__(self) -> Iterator[Intervention]:
        return iter(self.interventions)

    def __len__(self) -> int:
        return len(self.interventions)

    def __repr__(self) -> str:
        return f"mi.stack({', '.join(map(repr, self.interventions))})"

    def code(self, *, inline: bool = False) -> str:
        """The Python that makes this value. `inline` as in `Array.code`."""
        return f"mi.stack({', '.join(i.code(inline=inline) for i in self.interventions)})"


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
        to: `"zero"`, or `"mean"`: the mean over all real tokens of `data`, at whatever position.
        data: for `"mean"`: a run that kept the site, or the mean itself as an Array or a tensor (for
            `scores` and `pattern` always the latter).

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
    Ablate(site)  # a wrong site is named before its mean is taken
    return Ablate(site, "mean", Array(_mean(data, site) if isinstance(data, Activations) else data))


def _mean(run: Activations, site: Site) -> Tensor:
    if "query" in site.axes:
        raise InterventionError(
            f"ablate: {site!r} has no mean over texts of different lengths: give the mean itself as data=, "
            "an Array or a tensor that fits the activation."
        )
    x = run[replace(site, positions=None)]
    return x[run.mask.to(x.device)].mean(0)


def _number(what: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise InterventionError(f"{what} must be a finite number; got {value!r}.")
    return number


def scale(site: Site, factor: float) -> Scale:
    """Multiply the activation at `site` by `factor`: 0 removes it, 1 leaves it, -1 turns it round."""
    return Scale(site, _number("scale", factor))


def patch(site: Site, value: Any) -> Patch:
    """Put activations from elsewhere at `site`.

    Args:
        site: where, with or without positions.
        value: a run that kept the site (its activation there is taken), or the values themselves, shaped
            as `run[site]` is; one row serves every prompt of a batch, one vector serves every place.

    Raises:
        InterventionError: a run at `.pos("new")`, which none has; when it meets an activation of another shape.
    """
    if site.positions == "new" and isinstance(value, Activations):
        raise InterventionError('patch: no run has the tokens of .pos("new"): give the values themselves.')
    return Patch(site, Array(value[site] if isinstance(value, Activations) else value))


def steer(site: Site, direction: Any, *, scale: float = 1.0) -> Steer:
    """Add `scale` times `direction` to the activation at `site`.

    Args:
        site: where; without `.pos` at every token, those that `generate` adds included.
        direction: a vector of the activation's last axis, not normalised here.
        scale: in units of the direction's own length.

    Source: Turner et al. 2023 (arXiv:2308.10248), activation addition.
    """
    return Steer(site, Array(direction), _number("steer: scale", scale))


def freeze_pattern(run: Activations) -> Stack:
    """Hold every head's attention where it was in a run, on the same prompts.

    With it, an ablation is *pattern-preserving*: what a head writes is taken away from what later heads copy and
    from the logits, but can no longer change where they look.

    Args:
        run: a run that kept `at.pattern`, all layers. On other prompts, even of the same number and length, it would
            hold patterns that mean nothing there.

    Raises:
        NotKept: the run did not keep the pattern.
        InterventionError: not a run.

    Source: Olsson et al. 2022 (arXiv:2209.11895), "pattern-preserving ablation".
    """
    if not isinstance(run, Activations):
        raise InterventionError(f"freeze_pattern takes a run that kept at.pattern; got {type(run).__name__}.")
    return stack(*(patch(pattern[layer], run) for layer in range(len(run[pattern]))))
