"""Latents of a dictionary, read from an activation and written into it as if they were neurons."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from jaxtyping import Float
from torch import Tensor

from .errors import SiteError
from .whole_numbers import whole


@runtime_checkable
class Dictionary(Protocol):
    """What takes activations apart into latents: an `mi.sae.SAE`."""

    @property
    def d_in(self) -> int:
        """The width of the activations."""
        ...

    @property
    def d_sae(self) -> int:
        """How many latents."""
        ...

    @property
    def W_dec(self) -> Float[Tensor, "d_sae d_out"]:
        """The direction of each latent."""
        ...

    @property
    def transcodes(self) -> bool:
        """Whether it says of one activation what another is."""
        ...

    def direction_size(self, x: Float[Tensor, "*batch d_in"]) -> Tensor | float:
        """How many times its direction an activation gets of a latent at 1."""
        ...

    def encode(self, x: Float[Tensor, "*batch d_in"]) -> Float[Tensor, "*batch d_sae"]:
        """How strongly each latent fires."""
        ...

    def code(self) -> str:
        """The Python that makes it."""
        ...


@dataclass(frozen=True)
class Latents:
    """Latents of a dictionary: one (an int), several, or all (None); see `Site.latent` for `special`."""

    dictionary: Dictionary
    index: int | tuple[int, ...] | None = None
    special: bool = False

    @classmethod
    def of(cls, dictionary: Dictionary, index: int | Sequence[int] | None, special: bool = False) -> Latents:
        """Checked.

        Raises:
            SiteError: no dictionary, or no latent of it.
        """
        if not isinstance(dictionary, Dictionary):
            raise SiteError(f"A latent is read by a dictionary, an mi.sae.SAE; got {dictionary!r}.")
        one = whole(index)  # numpy's and torch's too, which could be lists
        several = (
            [] if one is not None or isinstance(index, (str, int)) or not getattr(index, "ndim", 1) else index
        )
        several = tuple(several) if isinstance(several, Iterable) else ()
        numbers = tuple(map(whole, several)) or (one,)
        size = dictionary.d_sae
        if index is not None and (not numbers or any(i is None or not 0 <= i < size for i in numbers)):
            raise SiteError(f"{dictionary!r} has the latents 0 to {size - 1}; got {index!r}.")
        if index is None:
            return cls(dictionary, None, special)
        known = tuple(i for i in numbers if i is not None)
        return cls(dictionary, known if several else known[0], special)

    @property
    def axes(self) -> tuple[str, ...]:
        """What stands in the place of the activation's last axis."""
        return () if isinstance(self.index, int) else ("latent",)

    def read(self, x: Float[Tensor, "*batch d_in"]) -> Tensor:
        """The latents of some activations.

        Raises:
            SiteError: activations of another width.
        """
        self._check(x)
        found = self.dictionary.encode(x)
        return found if self.index is None else found[..., self._columns]

    def write(
        self, x: Float[Tensor, "*batch d_in"], new: Tensor, onto: Float[Tensor, "*batch d_out"]
    ) -> Float[Tensor, "*batch d_out"]:
        """An activation moved along the decoder's directions by as much as the latents have changed.

        Args:
            x: the activation that is read.
            new: its latents as they shall be.
            onto: the activation that is moved: `x` itself, but for a transcoder.

        Raises:
            SiteError: one of another width.
        """
        moved = self._spread(new - self.read(x)) * self.dictionary.direction_size(x)
        if moved.shape[-1] != onto.shape[-1]:
            raise SiteError(
                f"{self.dictionary!r} writes activations of width {moved.shape[-1]}; here it is {onto.shape[-1]}. It "
                "belongs to another model."
            )
        return onto + moved.to(onto.dtype)

    def gradient(self, g: Float[Tensor, "*batch d_out"]) -> Tensor:
        """From the gradient by the activation that by the latents, as `write` moves them.

        Raises:
            SiteError: a gradient of another width, or a dictionary by which this depends on the activation.
        """
        directions = self.dictionary.W_dec.to(g).T
        if g.shape[-1] != len(directions):
            raise SiteError(
                f"{self.dictionary!r} writes activations of width {len(directions)}; here it is {g.shape[-1]}."
            )
        if not isinstance(self.dictionary.direction_size(g), float):
            raise SiteError(
                f"{self.dictionary!r} scales activations by their own length: there is no gradient by its latents "
                "alone. Take that by the activation: run.gradient(of, sae.site)."
            )
        return g @ (directions if self.index is None else directions[:, self._columns])

    def code_with(self, show: Callable[[Any], str]) -> str:
        """The Python that picks them, after a site: `.latent(sae, 17)`; `show` writes the dictionary."""
        index = (
            "" if self.index is None else f", {self.index if isinstance(self.index, int) else [*self.index]}"
        )
        special = ", special=True" if self.special else ""
        return f".latent({show(self.dictionary)}{index}{special})"

    def __repr__(self) -> str:
        return self.code_with(repr)

    @property
    def _columns(self) -> int | list[int]:
        return [*self.index] if isinstance(self.index, tuple) else self.index or 0

    def _spread(self, change: Tensor) -> Tensor:
        directions = self.dictionary.W_dec.to(change)
        if isinstance(self.index, int):
            return change[..., None] * directions[self.index]
        return change @ (directions if self.index is None else directions[self._columns])

    def _check(self, x: Tensor) -> None:
        if x.shape[-1] != self.dictionary.d_in:
            raise SiteError(
                f"{self.dictionary!r} reads activations of width {self.dictionary.d_in}; here it is {x.shape[-1]}. It "
                "belongs to another site or another model."
            )
