"""How a `Transformer` knows where a token stands."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from .transformer_config import TransformerConfig


class PosEmbed(nn.Module):
    """Learned absolute positions: row `p` of `W_pos` for position `p`."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.W_pos = nn.Parameter(torch.empty(config.n_ctx, config.d_model))

    def forward(self, positions: Int[Tensor, "*batch pos"]) -> Float[Tensor, "*batch pos d_model"]:
        """The rows of `W_pos` at the positions."""
        return F.embedding(positions, self.W_pos)


@dataclass(frozen=True)
class Rotation:
    """Rotary positions (Su et al. 2021, arXiv:2104.09864): pairs of numbers are turned by an angle that grows with the
    position, each pair at its own speed.

    Args:
        width: how many of a head's numbers are turned, the first.
        base: the slowest pair needs about 2π times this many positions for a turn.
        neighbours: whether a pair is two neighbours, or two numbers half of `width` apart.
        by_parts: see `TransformerConfig.rotary_by_parts`.
    """

    width: int
    base: float
    neighbours: bool
    by_parts: tuple[float, ...] | None = None

    @classmethod
    def of(cls, config: TransformerConfig, *, local: bool) -> Rotation | None:
        """That of a layer; None where positions are not rotary."""
        if config.positional_embedding_type != "rotary":
            return None
        own = config.rotary_base_local if local else None
        base = config.rotary_base if own is None else own
        parts = None if config.rotary_by_parts is None else tuple(config.rotary_by_parts)
        return cls(config.rotary_dim or config.d_head, base, config.rotary_adjacent_pairs, parts)

    def __call__(
        self, x: Float[Tensor, "batch pos head d_head"], positions: Int[Tensor, "*batch pos"]
    ) -> Float[Tensor, "batch pos head d_head"]:
        """Queries or keys, turned."""
        kind = torch.promote_types(x.dtype, torch.float32)
        angles = positions[..., None].to(kind) * self._speeds(x.device, kind)
        cos, sin = (f(angles)[..., None, :].to(x.dtype) for f in (torch.cos, torch.sin))
        turned, rest = x[..., : self.width], x[..., self.width :]
        axis = -1 if self.neighbours else -2
        one, two = turned.unflatten(-1, (-1, 2) if self.neighbours else (2, -1)).unbind(axis)
        turned = torch.stack([one * cos - two * sin, two * cos + one * sin], axis).flatten(-2)
        return torch.cat([turned, rest], -1)

    def _speeds(self, device: torch.device, kind: torch.dtype) -> Float[Tensor, " pair"]:
        """The angle a position, of each pair."""
        pair = torch.arange(self.width // 2, device=device, dtype=kind)
        speeds = 1 / self.base ** (2 * pair / self.width)
        if self.by_parts is None:
            return speeds
        # Peng et al. 2023 (arXiv:2309.00071), section 3.2: long waves are slowed, short ones kept, others in part.
        factor, low, high, context = self.by_parts
        waves = context * speeds / (2 * math.pi)  # in that context
        kept = ((waves - low) / (high - low)).clamp(0, 1)
        return speeds * (kept + (1 - kept) / factor)


def alibi(heads: int, queries: int, keys: int, *, device: torch.device) -> Float[Tensor, "head query key"]:
    """What is added to scores: the distance back, times a slope a head (Press et al. 2022, arXiv:2108.12409).

    Queries are the last of the keys. What is ahead has no distance.
    """
    query = torch.arange(keys - queries, keys, device=device)[:, None]
    back = (query - torch.arange(keys, device=device)).clamp(min=0)
    slopes = 2 ** (-8 / heads * (1 + torch.arange(heads, device=device)))
    return -slopes[:, None, None] * back


def sinusoids(n_ctx: int, d_model: int) -> Float[Tensor, "n_ctx d_model"]:
    """Sines in the first half of the columns, cosines in the second; frequencies evenly from 0 to π."""
    n_waves = (d_model + 1) // 2
    angles = torch.arange(n_ctx)[:, None] * math.pi * (torch.arange(n_waves) + 0.5) / n_waves
    return torch.cat([angles.sin(), angles.cos()], dim=1)[:, :d_model]
