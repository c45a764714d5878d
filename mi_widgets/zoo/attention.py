"""The attention of a `Transformer`, written out one line a step."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from .norms import RMSNorm
from .positions import Rotation, alibi
from .transformer_config import TransformerConfig


class KeyValueCache:
    """The keys and values of the tokens that went before, of every attention: with it, only new tokens are run."""

    def __init__(self) -> None:
        self._held: dict[nn.Module, tuple[Tensor, Tensor]] = {}

    def extend(self, owner: nn.Module, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Add new keys and values (batch, pos, head, d_head) to those of `owner`, and give back all."""
        if owner in self._held:
            k, v = (torch.cat([old, new], 1) for old, new in zip(self._held[owner], (k, v), strict=True))
        self._held[owner] = k, v
        return k, v


@dataclass(frozen=True)
class Surroundings:
    """What attention is told beside the residual stream.

    Args:
        positions: of the new tokens.
        hidden: True where a query may not see a key.
        hidden_in_window: the same where attention is local.
        added_to_reading: what is added to what makes queries and keys (shortformer), or None.
        cache: of the tokens that went before, or None.
    """

    positions: Int[Tensor, "*batch pos"]
    hidden: Bool[Tensor, "*batch query key"]
    hidden_in_window: Bool[Tensor, "*batch query key"]
    added_to_reading: Tensor | None = None
    cache: KeyValueCache | None = None


class Attention(nn.Module):
    """Multi-head attention, one matrix a head; several heads may share a key and value."""

    W_Q: nn.Parameter
    W_K: nn.Parameter
    W_V: nn.Parameter
    b_Q: nn.Parameter
    b_K: nn.Parameter
    b_V: nn.Parameter

    def __init__(self, config: TransformerConfig, layer: int) -> None:
        super().__init__()
        model, head = config.d_model, config.d_head
        self._sharing = config.n_heads // config.key_value_heads
        for name in ("Q", "K", "V"):
            heads = config.n_heads if name == "Q" else config.key_value_heads
            self.register_parameter(f"W_{name}", nn.Parameter(torch.empty(heads, model, head)))
            self.register_parameter(f"b_{name}", nn.Parameter(torch.zeros(heads, head)))
        self.W_O = nn.Parameter(torch.empty(config.n_heads, head, model))
        self.b_O = nn.Parameter(torch.zeros(model))
        normed = config.use_qk_norm
        self.q_norm = RMSNorm(head, config.eps) if normed else nn.Identity()
        self.k_norm = RMSNorm(head, config.eps) if normed else nn.Identity()
        self._local = config.is_local(layer)
        self._rotate = Rotation.of(config, local=self._local)
        self._alibi = config.positional_embedding_type == "alibi"
        self._scale = head**0.5 if config.attn_scale is None else config.attn_scale
        if config.scale_attn_by_inverse_layer_idx:
            self._scale *= layer + 1
        self._cap = config.attn_scores_soft_cap
        self.tap_q, self.tap_k, self.tap_v = nn.Identity(), nn.Identity(), nn.Identity()
        self.tap_scores, self.tap_pattern, self.tap_z = nn.Identity(), nn.Identity(), nn.Identity()

    def forward(
        self, x: Float[Tensor, "batch pos d_model"], around: Surroundings
    ) -> Float[Tensor, "batch pos d_model"]:
        """What the heads together add to the residual stream."""
        read = x if around.added_to_reading is None else x + around.added_to_reading
        q = self.q_norm(torch.einsum("bpm,hmd->bphd", read, self.W_Q) + self.b_Q)
        k = self.k_norm(torch.einsum("bpm,hmd->bphd", read, self.W_K) + self.b_K)
        v = torch.einsum("bpm,hmd->bphd", x, self.W_V) + self.b_V
        if self._rotate is not None:
            q, k = self._rotate(q, around.positions), self._rotate(k, around.positions)
        if around.cache is not None:
            k, v = around.cache.extend(self, k, v)
        q, k, v = self.tap_q(q), self.tap_k(k), self.tap_v(v)
        if self._sharing > 1:
            k, v = k.repeat_interleave(self._sharing, 2), v.repeat_interleave(self._sharing, 2)
        scores = self.tap_scores(self._scores(q, k, around))
        pattern = self.tap_pattern(scores.softmax(-1).to(v.dtype))
        z = self.tap_z(torch.einsum("bhqk,bkhd->bqhd", pattern, v))
        return torch.einsum("bqhd,hdm->bqm", z, self.W_O) + self.b_O

    def _scores(self, q: Tensor, k: Tensor, around: Surroundings) -> Float[Tensor, "batch head query key"]:
        kind = torch.promote_types(q.dtype, torch.float32)  # sixteen bits are too few here
        scores = torch.einsum("bqhd,bkhd->bhqk", q.to(kind), k.to(kind)) / self._scale
        if self._cap is not None:
            scores = self._cap * torch.tanh(scores / self._cap)
        if self._alibi:
            scores = scores + alibi(*scores.shape[1:], device=scores.device)
        hidden = around.hidden_in_window if self._local else around.hidden
        hidden = hidden[:, None] if hidden.ndim == 3 else hidden
        return scores.masked_fill(hidden, torch.finfo(scores.dtype).min)
