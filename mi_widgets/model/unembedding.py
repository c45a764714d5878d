"""From the residual stream to the logits: the final norm and the unembedding, also by their parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from mi_widgets.core.torch_defaults import torch_defaults
from mi_widgets.zoo.transformer import Transformer

from .architectures import Architecture
from .architectures.computed import linear_of, place_of, sizes_of
from .architectures.norms import affine_of, fold_norm
from .backend import lock_of


@dataclass(frozen=True)
class Unembedding:
    """What a model does after its last layer: final norm, unembedding, and where there is one a cap on the logits.

    Args:
        module: the model's.
        architecture: its table.
    """

    module: nn.Module
    architecture: Architecture

    @property
    def _norm(self) -> nn.Module | None:
        path = self.architecture.final_norm
        return None if path is None else self.module.get_submodule(path)

    @property
    def _unembed(self) -> Any:
        return self.module.get_submodule(self.architecture.unembed)

    @property
    def _ours(self) -> bool:
        """Whether it is a `Transformer`'s, which keeps its matrix the other way round."""
        return isinstance(self.module, Transformer)

    def logits(
        self, resid: Float[Tensor, "... d_model"], *, capped: bool = True
    ) -> Float[Tensor, "... d_vocab"]:
        """What the model would say of a residual stream, were it the last one.

        Args:
            resid: anything that lives in the residual stream.
            capped: whether the cap on the logits holds, in models that have one (Gemma 2).
        """
        with torch_defaults(), lock_of(self.module), torch.no_grad():
            logits = self._unembed(self._normed(resid)) * self.architecture.logit_scale
        cap = self.architecture.softcap
        logits = cap * torch.tanh(logits / cap) if cap and capped else logits
        return logits.reshape(*resid.shape[:-1], -1)

    def scale(self, resid: Float[Tensor, "... d_model"]) -> Tensor:
        """What the final norm multiplies by at each place: one over the spread that it finds there."""
        norm, x = self._norm, resid.to(place_of(self._unembed)[0]).float()
        if norm is None:
            return x.new_ones(x.shape[:-1])
        with torch_defaults(), lock_of(self.module), torch.no_grad():
            normed = self._normed(resid).float().reshape(x.shape)
        return affine_of(norm, x.shape[-1], x.device).size(x, normed)[..., 0]

    def directions(self, ids: Sequence[int] | Tensor) -> Float[Tensor, "d_model n"]:
        """What each token's logit reads from the residual stream; the final norm folded in, but for its scale."""
        with torch_defaults():
            columns, _ = self._of(torch.as_tensor(ids))
            return columns if self._norm is None else fold_norm(self._norm, columns)

    def biases(self, ids: Sequence[int] | Tensor) -> Float[Tensor, " n"]:
        """What each token's logit is at a residual stream of nothing: the biases of norm and unembedding."""
        with torch_defaults():
            columns, own = self._of(torch.as_tensor(ids))
            return self._norm_bias() @ columns + (0.0 if own is None else own)

    def _normed(self, resid: Tensor) -> Float[Tensor, "1 place d_model"]:
        # Laid out as a batch of one: modules may insist on three axes.
        x = resid.to(*place_of(self._unembed)).reshape(1, -1, resid.shape[-1])
        return x if self._norm is None else self._norm(x)

    def _of(self, ids: Tensor) -> tuple[Tensor, Tensor | None]:
        """The columns of some tokens, and their biases where there are any."""
        unembed, scale = self._unembed, self.architecture.logit_scale
        matrix, bias = (
            (unembed.W_U, unembed.b_U) if self._ours else linear_of(unembed, self.architecture.unembed)
        )
        ids = ids.to(matrix.device)
        own = None if bias is None else bias.detach()[ids].float() * scale
        return matrix.detach()[:, ids].float() * scale, own

    def _norm_bias(self) -> Tensor:
        device, _ = place_of(self._unembed)
        width = self._unembed.W_U.shape[0] if self._ours else sizes_of(self._unembed)[0]
        return (
            torch.zeros(width, device=device)
            if self._norm is None
            else affine_of(self._norm, width, device).bias
        )
