"""Where in a model: a site names one kind of activation, and which layer, head and positions of it.

from mi_widgets import sites as at
at.pattern[1, 3]          # layer 1, head 3
at.resid_post[0].pos(-1)  # the last token of the prompt
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, SupportsIndex

import torch
from jaxtyping import Int
from torch import Tensor

from .errors import SiteError

_RESIDUAL = ("batch", "pos", "d_model")
_NEURONS = ("batch", "pos", "d_mlp")
_PER_HEAD = ("batch", "pos", "head", "d_head")
_SQUARE = ("batch", "head", "query", "key")

# The axes of every kind of activation, as a run returns it, in the order of the forward pass.
AXES: dict[str, tuple[str, ...]] = {
    "embed": _RESIDUAL,
    "resid_pre": _RESIDUAL,
    "q": _PER_HEAD,
    "k": _PER_HEAD,
    "v": _PER_HEAD,
    "scores": _SQUARE,
    "pattern": _SQUARE,
    "z": _PER_HEAD,
    "attn_out": _RESIDUAL,
    "resid_mid": _RESIDUAL,
    "mlp_pre": _NEURONS,
    "mlp_post": _NEURONS,
    "mlp_out": _RESIDUAL,
    "resid_post": _RESIDUAL,
    "logits": ("batch", "pos", "d_vocab"),
}
WHOLE_MODEL = ("embed", "logits")  # once in a model, not once a layer

Positions = int | tuple[int, ...] | Literal["new"] | None


@dataclass(frozen=True)
class Site:
    """One place in a model, as a value: build it from the names in this module.

    `layer=None` means every layer (for reading); `positions=None` means every position.
    Positions are absolute, negative ones count from the end of each prompt; `"new"` means the
    tokens that `generate` adds. In `scores` and `pattern` the positions are those of the query.
    """

    name: str
    layer: int | None = None
    head: int | None = None
    positions: Positions = None

    @property
    def axes(self) -> tuple[str, ...]:
        """The axes of one layer's tensor, before a head or a position is chosen."""
        return AXES[self.name]

    def __getitem__(self, index: int | tuple[int, int]) -> Site:
        numbers = index if isinstance(index, tuple) else (index,)
        if self.name in WHOLE_MODEL:
            raise SiteError(
                f"at.{self.name} has no layers: write at.{self.name}, not at.{self.name}[{index}]."
            )
        if self.layer is not None:
            raise SiteError(f"{self!r} has its layer already: index the bare site, as in at.{self.name}[0].")
        if len(numbers) not in (1, 2):
            raise SiteError(f"at.{self.name}[{index}]: give a layer, or a layer and a head.")
        if len(numbers) == 2 and "head" not in self.axes:
            raise SiteError(
                f"at.{self.name} has no heads (its axes are {', '.join(self.axes)}): "
                f"write at.{self.name}[{numbers[0]}]. Sites with heads: {', '.join(_names_with('head'))}."
            )
        layer, head = (_whole(n) for n in (*numbers, None)[:2])
        for what, number, given in (("layer", layer, numbers[0]), ("head", head, numbers[-1])):
            if (number is None or number < 0) and (what == "layer" or len(numbers) == 2):
                raise SiteError(f"at.{self.name}: {what} must be a whole number from 0, got {given!r}.")
        return replace(self, layer=layer, head=head)

    def pos(self, positions: int | Sequence[int] | Literal["new"]) -> Site:
        """The same site at some positions only.

        Args:
            positions: one position (its axis is dropped when read), several, or `"new"`.
        """
        if isinstance(positions, str) and positions == "new":
            return replace(self, positions="new")
        one = _whole(positions)
        if one is not None:
            return replace(self, positions=one)
        listed = (
            positions if isinstance(positions, Iterable) and not isinstance(positions, (str, bytes)) else ()
        )
        numbers = tuple(_whole(p) for p in listed)
        known = tuple(n for n in numbers if n is not None)
        if not known or len(known) != len(numbers):
            raise SiteError(
                f'{self!r}.pos takes a whole number, some whole numbers, or "new"; got {positions!r}.'
            )
        return replace(self, positions=known)

    @property
    def place_in_pass(self) -> tuple[int, int]:
        """Where the forward pass meets it: sites sort by this."""
        order = tuple(AXES).index(self.name)
        if self.name == "logits":
            return (2**31, order)
        return (-1 if self.layer is None else self.layer, order)

    @property
    def everywhere(self) -> Site:
        """The same kind and layer, every head and position: what has to be kept to read this site."""
        return replace(self, head=None, positions=None)

    def __repr__(self) -> str:
        index = ", ".join(str(n) for n in (self.layer, self.head) if n is not None)
        at = f"at.{self.name}" + (f"[{index}]" if index else "")
        if self.positions is None:
            return at
        shown = list(self.positions) if isinstance(self.positions, tuple) else self.positions
        return f'{at}.pos("new")' if shown == "new" else f"{at}.pos({shown!r})"

    def code(self) -> str:
        """The Python that makes this site: `eval(site.code()) == site`."""
        return repr(self)


def _whole(number: object) -> int | None:
    """A whole number of any make (numpy's too) as an int; None for everything else."""
    if isinstance(number, bool) or not isinstance(number, SupportsIndex):
        return None
    try:
        return operator.index(number)
    except TypeError:  # an array of several numbers
        return None


def _names_with(axis: str) -> list[str]:
    return [name for name, axes in AXES.items() if axis in axes]


@dataclass(frozen=True)
class Extent:
    """How far each prompt of a batch reaches: positions are resolved against it, once.

    `lengths` are the real tokens of each row; `width` is the padded length of the prompts. While
    generating, activations grow past `width`, and the positions keep their meaning.
    """

    lengths: tuple[int, ...]
    width: int

    def resolve(self, site: Site, total: int) -> Int[Tensor, "batch n"] | None:
        """Absolute positions of `site` in every row, or None for all of them.

        Args:
            site: whose positions to resolve.
            total: the length of the tensor's position axis now.

        Raises:
            SiteError: a position outside of a prompt.
        """
        if site.positions is None:
            return None
        if site.positions == "new":
            return torch.arange(self.width, total).expand(len(self.lengths), -1)
        wanted = (site.positions,) if isinstance(site.positions, int) else site.positions
        rows = []
        for row, length in enumerate(self.lengths):
            for position in wanted:
                if not -length <= position < length:
                    raise SiteError(
                        f"{site!r}: position {position} is outside of prompt {row}, which has {length} tokens "
                        f"(allowed: {-length} to {length - 1})."
                    )
            rows.append([position % length for position in wanted])
        return torch.tensor(rows)


def _part(x: Tensor, site: Site) -> Tensor:
    """A view of `x` with positions as axis 1 and the site's head chosen."""
    axis = next(i for i, name in enumerate(site.axes) if name in ("pos", "query"))
    view = x.movedim(axis, 1)
    return view if site.head is None else view.select(2, site.head)


def read(x: Tensor, site: Site, extent: Extent) -> Tensor:
    """The part of one layer's activation that `site` names, its axes in the order of `site.axes`."""
    positions = extent.resolve(site, _part(x, site).shape[1])
    part = _part(x, site)
    if positions is not None:
        part = part[torch.arange(part.shape[0])[:, None], positions.to(x.device)]
    if isinstance(site.positions, int):
        return part[:, 0]
    # Positions go back to where they stood: behind the heads in scores and pattern.
    return part.movedim(1, 2) if "query" in site.axes and site.head is None else part


def write(x: Tensor, site: Site, extent: Extent, new: Tensor) -> Tensor:
    """A copy of `x` in which the part that `site` names is `new` (shaped as `read` returns it)."""
    copy = x.clone()
    part = _part(copy, site)
    positions = extent.resolve(site, part.shape[1])
    if isinstance(site.positions, int):
        new = new[:, None]
    elif "query" in site.axes and site.head is None:
        new = new.movedim(2, 1)
    if positions is None:
        part.copy_(new)
    else:
        part[torch.arange(part.shape[0])[:, None], positions.to(x.device)] = new
    return copy


embed = Site("embed")
resid_pre = Site("resid_pre")
resid_mid = Site("resid_mid")
resid_post = Site("resid_post")
attn_out = Site("attn_out")
mlp_out = Site("mlp_out")
mlp_pre = Site("mlp_pre")
mlp_post = Site("mlp_post")
q = Site("q")
k = Site("k")
v = Site("v")
z = Site("z")
scores = Site("scores")
pattern = Site("pattern")
logits = Site("logits")
