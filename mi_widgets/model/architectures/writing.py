"""What a sublayer's parts (heads, neurons) put into the residual stream: one matrix, and perhaps a norm behind it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from mi_widgets.core.errors import UnsupportedModel
from mi_widgets.core.torch_defaults import torch_defaults

from .computed import place_of, twin_of
from .norms import affine_of, centre_output


@dataclass(frozen=True)
class Writing:
    """From what the parts of one layer's sublayer hold to what it adds.

    Args:
        parts: how many numbers they are, along each axis: (head, d_head), or (d_mlp,).
        weight: gives what they are multiplied by, (number, d_model).
        through: the same multiplication with its bias, (…, number) to (…, d_model), as the module does it.
        after: the norm behind it; an Identity where there is none.
        final: the norm before the unembedding; an Identity where there is none.
        times: how many times the layer adds what comes out.
    """

    parts: tuple[int, ...]
    weight: Callable[[], Tensor]
    through: Callable[[Tensor], Tensor]
    after: nn.Module
    final: nn.Module
    times: float = 1.0

    @property
    def matrix(self) -> Float[Tensor, "... d_model"]:
        """What each number writes, folded as in `Weights`: with the weight of the norm behind, but not its size."""
        weight = self.weight().detach()
        written = affine_of(self.after, weight.shape[-1], weight.device).unscaled(weight)
        return centre_output(self.final, written * self.times).unflatten(0, self.parts)

    def out(self, held: Float[Tensor, ...]) -> Float[Tensor, "... d_model"]:
        """What the sublayer adds, by what its parts hold alone."""
        return self._run(held)[1] * self.times

    def size_after(self, held: Float[Tensor, ...]) -> Float[Tensor, "... 1"]:
        """What the norm behind multiplies by at each place: one over the spread that it finds there. 1 without one."""
        if isinstance(self.after, nn.Identity):
            return torch.ones(*held.shape[: -len(self.parts)], 1)
        x, normed = self._run(held)
        return affine_of(self.after, x.shape[-1], x.device).size(x, normed)

    def _run(self, held: Tensor) -> tuple[Tensor, Tensor]:
        """Before and behind the norm, float32."""
        with torch_defaults(), torch.no_grad():
            x = self.through(held.flatten(-len(self.parts)))
            normed = x if isinstance(self.after, nn.Identity) else twin_of(self.after)(x)
        return x.float(), normed.float()


def by_module(linear: Any) -> Callable[[Tensor], Tensor]:
    """What a module of one matrix does, in its dtype and where it computes."""

    def through(held: Tensor) -> Tensor:
        rows = held.reshape(1, -1, held.shape[-1]).to(*place_of(linear))  # modules may insist on three axes
        try:
            return twin_of(linear)(rows).reshape(*held.shape[:-1], -1)
        except Exception as error:  # of code that is not ours
            raise UnsupportedModel(
                f"{type(linear).__name__} does not take in what single parts hold ({type(error).__name__}: {error}), "
                "so there are no figures of what they write. What a run keeps is right all the same."
            ) from error

    return through
