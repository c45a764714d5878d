"""One small readable transformer with TransformerLens's parameter names.

The attention is written out, one line a step, and every intermediate activation passes through an
`nn.Identity` (a *tap*), so that it can be read and edited from outside without touching this code.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from mi_widgets.core.argument_types import argument_type, checked
from mi_widgets.core.draws import seeded
from mi_widgets.core.errors import UnsupportedModel

from .state_dicts import read_state_dict


@argument_type("mi.TransformerConfig(n_layers, n_heads, …)")
@checked
@dataclass(frozen=True)
class TransformerConfig:
    """The shape of a `Transformer`; names are the field's.

    `d_mlp=0` makes an attention-only network; `normalization=None` leaves LayerNorm out. `start` is what training
    begins with (see `Transformer.initialize`).
    """

    n_layers: int
    n_heads: int
    d_model: int
    d_head: int
    d_vocab: int
    n_ctx: int
    d_mlp: int = 0
    normalization: Literal["LN"] | None = "LN"
    act_fn: Literal["relu", "gelu"] = "relu"
    eps: float = 1e-5
    start: Literal["sinusoids", "normal"] = "sinusoids"

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain values, for `config.json`."""
        return asdict(self)


class Embed(nn.Module):
    """Token ids to vectors by the rows of `W_E`."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.W_E = nn.Parameter(torch.empty(config.d_vocab, config.d_model))

    def forward(self, ids: Int[Tensor, "batch pos"]) -> Float[Tensor, "batch pos d_model"]:
        """The rows of `W_E` at the ids."""
        return F.embedding(ids, self.W_E)


class PosEmbed(nn.Module):
    """Learned absolute positions: row `p` of `W_pos` for position `p`."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.W_pos = nn.Parameter(torch.empty(config.n_ctx, config.d_model))

    def forward(self, positions: Int[Tensor, "*batch pos"]) -> Float[Tensor, "*batch pos d_model"]:
        """The rows of `W_pos` at the positions."""
        return F.embedding(positions, self.W_pos)


class LayerNorm(nn.Module):
    """LayerNorm with TransformerLens's parameter names `w` and `b`."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.eps = config.eps
        self.w = nn.Parameter(torch.ones(config.d_model))
        self.b = nn.Parameter(torch.zeros(config.d_model))

    def forward(self, x: Float[Tensor, "batch pos d_model"]) -> Float[Tensor, "batch pos d_model"]:
        """Each position centred, scaled to variance 1, then `w` and `b`."""
        return F.layer_norm(x, (x.shape[-1],), self.w, self.b, self.eps)


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


class Attention(nn.Module):
    """Causal multi-head attention, one matrix a head."""

    W_Q: nn.Parameter
    W_K: nn.Parameter
    W_V: nn.Parameter
    b_Q: nn.Parameter
    b_K: nn.Parameter
    b_V: nn.Parameter

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        heads, model, head = config.n_heads, config.d_model, config.d_head
        for name in ("Q", "K", "V"):
            self.register_parameter(f"W_{name}", nn.Parameter(torch.empty(heads, model, head)))
            self.register_parameter(f"b_{name}", nn.Parameter(torch.zeros(heads, head)))
        self.W_O = nn.Parameter(torch.empty(heads, head, model))
        self.b_O = nn.Parameter(torch.zeros(model))
        self.tap_q, self.tap_k, self.tap_v = nn.Identity(), nn.Identity(), nn.Identity()
        self.tap_scores, self.tap_pattern, self.tap_z = nn.Identity(), nn.Identity(), nn.Identity()

    def forward(
        self,
        x: Float[Tensor, "batch pos d_model"],
        hidden: Bool[Tensor, "*batch query key"],
        cache: KeyValueCache | None = None,
    ) -> Float[Tensor, "batch pos d_model"]:
        """What the heads together add to the residual stream; `hidden` keys are not seen by a query."""
        q = self.tap_q(torch.einsum("bpm,hmd->bphd", x, self.W_Q) + self.b_Q)
        k = torch.einsum("bpm,hmd->bphd", x, self.W_K) + self.b_K
        v = torch.einsum("bpm,hmd->bphd", x, self.W_V) + self.b_V
        if cache is not None:
            k, v = cache.extend(self, k, v)
        k, v = self.tap_k(k), self.tap_v(v)
        scores = torch.einsum("bqhd,bkhd->bhqk", q, k) / self.W_Q.shape[-1] ** 0.5
        hidden = hidden[:, None] if hidden.ndim == 3 else hidden
        scores = self.tap_scores(scores.masked_fill(hidden, torch.finfo(scores.dtype).min))
        pattern = self.tap_pattern(scores.softmax(-1))
        z = self.tap_z(torch.einsum("bhqk,bkhd->bqhd", pattern, v))
        return torch.einsum("bqhd,hdm->bqm", z, self.W_O) + self.b_O


class MLP(nn.Module):
    """Two linear maps around one non-linearity."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.W_in = nn.Parameter(torch.empty(config.d_model, config.d_mlp))
        self.b_in = nn.Parameter(torch.zeros(config.d_mlp))
        self.W_out = nn.Parameter(torch.empty(config.d_mlp, config.d_model))
        self.b_out = nn.Parameter(torch.zeros(config.d_model))
        self.act = {"relu": F.relu, "gelu": F.gelu}[config.act_fn]
        self.tap_pre, self.tap_post = nn.Identity(), nn.Identity()

    def forward(self, x: Float[Tensor, "batch pos d_model"]) -> Float[Tensor, "batch pos d_model"]:
        """What the neurons together add to the residual stream."""
        pre = self.tap_pre(x @ self.W_in + self.b_in)
        return self.tap_post(self.act(pre)) @ self.W_out + self.b_out


class Block(nn.Module):
    """Attention, then (if there is one) the MLP, each added to the residual stream."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        norm = LayerNorm if config.normalization else lambda _: nn.Identity()
        self.ln1 = norm(config)
        self.attn = Attention(config)
        self.tap_resid_mid = nn.Identity()
        if config.d_mlp:
            self.ln2 = norm(config)
            self.mlp = MLP(config)

    def forward(
        self,
        resid: Float[Tensor, "batch pos d_model"],
        hidden: Bool[Tensor, "*batch query key"],
        cache: KeyValueCache | None = None,
    ) -> Float[Tensor, "batch pos d_model"]:
        """The residual stream after this block."""
        resid = self.tap_resid_mid(resid + self.attn(self.ln1(resid), hidden, cache))
        if hasattr(self, "mlp"):
            resid = resid + self.mlp(self.ln2(resid))
        return resid


class Unembed(nn.Module):
    """The residual stream to logits by `W_U`."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.W_U = nn.Parameter(torch.empty(config.d_model, config.d_vocab))
        self.b_U = nn.Parameter(torch.zeros(config.d_vocab))

    def forward(self, x: Float[Tensor, "batch pos d_model"]) -> Float[Tensor, "batch pos d_vocab"]:
        """Logits, in nats up to a constant."""
        return x @ self.W_U + self.b_U


def _sinusoids(n_ctx: int, d_model: int) -> Float[Tensor, "n_ctx d_model"]:
    """Sines in the first half of the columns, cosines in the second; frequencies evenly from 0 to π."""
    n_waves = (d_model + 1) // 2
    angles = torch.arange(n_ctx)[:, None] * math.pi * (torch.arange(n_waves) + 0.5) / n_waves
    return torch.cat([angles.sin(), angles.cos()], dim=1)[:, :d_model]


@checked
class Transformer(nn.Module):
    """A decoder-only transformer with learned positions.

    Parameter names and shapes are TransformerLens's (`blocks.0.attn.W_Q` is
    `[n_heads, d_model, d_head]`, …), so that a toy checkpoint trained there loads here.
    """

    def __init__(self, config: TransformerConfig, *, seed: int = 0) -> None:
        super().__init__()
        self.config = config
        self.embed, self.pos_embed = Embed(config), PosEmbed(config)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.n_layers))
        self.ln_final = LayerNorm(config) if config.normalization else nn.Identity()
        self.unembed = Unembed(config)
        self.initialize(seed)

    @classmethod
    def from_state_dict(
        cls, state: Mapping[str, Any], *, act_fn: Literal["relu", "gelu"] = "relu"
    ) -> Transformer:
        """A toy transformer that was trained elsewhere: its sizes are read off its parameters.

        Args:
            state: by TransformerLens's names, in its layout or in the transposed one of the code that came with Nanda
                et al. 2023. Biases that it lacks are zero; a token that it cannot say (its `W_U` has fewer columns than
                `W_E` has rows) gets a logit of -10,000.
            act_fn: of its MLPs, which a state dict does not say.

        Raises:
            UnsupportedModel: a parameter is missing, unknown, or of a shape that fits neither layout.
        """
        sizes, tensors = read_state_dict(state)
        module = cls(TransformerConfig(**sizes, act_fn=act_fn))
        own = module.state_dict()
        unknown = sorted(tensors.keys() - own.keys())
        missing = sorted(n for n in own.keys() - tensors.keys() if not n.rsplit(".", 1)[-1].startswith("b"))
        if unknown or missing:
            raise UnsupportedModel(
                f"from_state_dict: {', '.join(missing) or 'nothing'} is missing and {', '.join(unknown) or 'nothing'} "
                f"is unknown: the parameters of a Transformer of this size are {', '.join(own)}."
            )
        for name, x in tensors.items():
            if own[name].shape != x.shape:
                raise UnsupportedModel(
                    f"from_state_dict: {name} has shape {tuple(x.shape)}; beside the others it would have "
                    f"{tuple(own[name].shape)}. The layouts that are read are TransformerLens's and that of the "
                    "grokking paper's code."
                )
        module.load_state_dict({**{n: torch.zeros_like(w) for n, w in own.items()}, **tensors})
        return module.eval().requires_grad_(False)

    def initialize(self, seed: int) -> None:
        """Start from scratch: what the shipped recipes train from, and the untrained control.

        With `start="sinusoids"` weight matrices are drawn from N(0, (0.5 / sqrt(fan_in))²), token embeddings from
        N(0, 0.5²), biases are zero. `W_pos` starts as sinusoids of amplitude 0.5, as in Vaswani et al. 2017, section
        3.5, but with frequencies spaced evenly from 0 to π, which tell neighbours apart best. They are learned like
        all else; from there a head finds "one position back" within minutes, from random rows it does not.

        With `start="normal"` all matrices are drawn from N(0, 1 / d_model), `W_U` from N(0, 1 / d_vocab), as the code
        that came with Nanda et al. 2023 does.
        """
        generator = seeded(seed)
        if self.config.start == "normal":
            for name, weight in self.named_parameters():
                if ".W_" in name:
                    size = self.config.d_vocab if name.endswith("W_U") else self.config.d_model
                    with torch.no_grad():
                        weight.normal_(0.0, size**-0.5, generator=generator)
            return
        for name, weight in self.named_parameters():
            leaf = name.rsplit(".", 1)[-1]
            if leaf.startswith("W_"):
                # W_O's fan-in is the heads' outputs side by side.
                fan_in = self.config.n_heads * self.config.d_head if leaf == "W_O" else weight.shape[-2]
                spread = 0.5 if leaf == "W_E" else 0.5 * fan_in**-0.5
                with torch.no_grad():
                    weight.normal_(0.0, spread, generator=generator)
        with torch.no_grad():
            self.pos_embed.W_pos.copy_(0.5 * _sinusoids(self.config.n_ctx, self.config.d_model))

    def forward(
        self,
        input_ids: Int[Tensor, "batch pos"],
        attention_mask: Bool[Tensor, "batch seen"] | None = None,
        cache: KeyValueCache | None = None,
    ) -> Float[Tensor, "batch unembedded d_vocab"]:
        """Logits for the token after each position (a sweep unembeds the one that it reads).

        Args:
            input_ids: with a cache, the new tokens only.
            attention_mask: False at padding, on whichever side; positions count the real tokens. With a cache it
                covers the cached tokens too. Without a mask every token is real.
            cache: of the tokens that went before, extended here.
        """
        n_pos = input_ids.shape[1]
        seen = n_pos if attention_mask is None else attention_mask.shape[1]
        hidden = torch.ones(n_pos, seen, dtype=torch.bool, device=input_ids.device).triu(1 + seen - n_pos)
        positions = torch.arange(seen - n_pos, seen, device=input_ids.device)
        if attention_mask is not None:
            hidden = hidden | ~attention_mask[:, None]
            positions = (attention_mask.cumsum(-1) - 1).clamp(min=0)[:, seen - n_pos :]
        resid = self.embed(input_ids) + self.pos_embed(positions)
        for block in self.blocks:
            resid = block(resid, hidden, cache)
        return self.unembed(self.ln_final(resid))
