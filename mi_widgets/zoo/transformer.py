"""One small readable transformer with TransformerLens's parameter names.

The attention is written out, one line a step, and every intermediate activation passes through an
`nn.Identity` (a *tap*), so that it can be read and edited from outside without touching this code.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from mi_widgets.core.argument_types import checked
from mi_widgets.core.draws import seeded
from mi_widgets.core.errors import UnsupportedModel

from .attention import Attention, KeyValueCache, Surroundings
from .checkpoint_files import open_checkpoint
from .mlp import MLP, GatedMLP
from .norms import LayerNorm, norm_after, norm_at_the_end, norm_before
from .positions import PosEmbed, sinusoids
from .reading import read_transformer
from .transformer_config import TransformerConfig


class Embed(nn.Module):
    """Token ids to vectors by the rows of `W_E`."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.W_E = nn.Parameter(torch.empty(config.d_vocab, config.d_model))
        self.ln = LayerNorm(config.d_model, config.eps) if config.post_embedding_ln else nn.Identity()

    def forward(self, ids: Int[Tensor, "batch pos"]) -> Float[Tensor, "batch pos d_model"]:
        """The rows of `W_E` at the ids."""
        return self.ln(F.embedding(ids, self.W_E))


class Block(nn.Module):
    """Attention, then (if there is one) the MLP, each added to the residual stream; or both at once."""

    def __init__(self, config: TransformerConfig, layer: int) -> None:
        super().__init__()
        after = norm_after if config.use_normalization_before_and_after else lambda _: nn.Identity()
        self._parallel = config.parallel_attn_mlp
        self.ln1 = norm_before(config)
        self.attn = Attention(config, layer)
        self.ln1_post = after(config)
        self.tap_resid_mid = nn.Identity()
        if config.d_mlp:
            self.ln2 = norm_before(config)
            self.mlp = (GatedMLP if config.gated_mlp else MLP)(config)
            self.ln2_post = after(config)

    def forward(
        self, resid: Float[Tensor, "batch pos d_model"], around: Surroundings
    ) -> Float[Tensor, "batch pos d_model"]:
        """The residual stream after this block."""
        read, resid = resid, resid + self.ln1_post(self.attn(self.ln1(resid), around))
        if not self._parallel:
            read = resid = self.tap_resid_mid(resid)
        if hasattr(self, "mlp"):
            resid = resid + self.ln2_post(self.mlp(self.ln2(read)))
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


class SoftCap(nn.Module):
    """Keeps numbers below a limit: the limit times tanh(x / limit)."""

    def __init__(self, limit: float) -> None:
        super().__init__()
        self._limit = limit

    def forward(self, x: Float[Tensor, "*place width"]) -> Float[Tensor, "*place width"]:
        """The capped numbers."""
        return self._limit * torch.tanh(x / self._limit)


@checked
class Transformer(nn.Module):
    """A small transformer, in all the variants of `TransformerConfig`.

    Parameter names and shapes are TransformerLens's (`blocks.0.attn.W_Q` is
    `[n_heads, d_model, d_head]`, …), so that a toy checkpoint trained there loads here.

    Attributes:
        config: its shape.
        assumed: what of its config nobody told and nothing has vouched for; `mi.load` warns of it.
        default_prepend_bos: whether the config that it was read by has texts begin with the token that begins one;
            `mi.load` does so with a tokenizer that has such a token. None where nobody told.
    """

    def __init__(self, config: TransformerConfig, *, seed: int | None = 0) -> None:
        super().__init__()
        self.config = config
        self.assumed: tuple[str, ...] = ()
        self.default_prepend_bos: bool | None = None
        self.embed = Embed(config)
        if config.positional_embedding_type in ("standard", "shortformer"):
            self.pos_embed = PosEmbed(config)
        self.blocks = nn.ModuleList(Block(config, layer) for layer in range(config.n_layers))
        self.ln_final = norm_at_the_end(config)
        self.unembed = Unembed(config)
        cap = config.output_logits_soft_cap
        self.cap = nn.Identity() if cap is None else SoftCap(cap)
        if seed is not None:  # else its weights come from elsewhere
            self.initialize(seed)

    @classmethod
    def from_state_dict(
        cls,
        state: Mapping[str, Any] | str | os.PathLike[str],
        *,
        config: Any = None,
        check: tuple[Tensor, Tensor] | None = None,
    ) -> Transformer:
        """A toy transformer that was trained elsewhere: its sizes are read off its parameters.

        What they do not show is taken from `config`; without one it is assumed, and `mi.load` warns of that, until
        `check` has vouched for it.

        Args:
            state: parameters by TransformerLens's names, in its layout or in the transposed one of the code that came
                with Nanda et al. 2023; or a dict that has them under `model`, `state_dict`, `model_state_dict`, `net`;
                or the path of a file of either, of which only weights are read. What wrappers put before names
                (`module.`, `_orig_mod.`) is left out. Biases that it lacks are zero; a token that it cannot say (its
                `W_U` has fewer columns than `W_E` has rows) gets a logit of -10,000. They are copied.
            config: TransformerLens's, as an object or a dict, each of whose fields is taken over or refused by its
                name; or a `mi.TransformerConfig`. A dict without TransformerLens's sizes tells what is in it alone, as
                in `{"act_fn": "gelu"}`. By default one that lies beside the parameters, where there is one.
            check: (ids, logits): token ids (batch, pos) and the logits (batch, pos, d_vocab) that the network must have
                there, or (batch, d_vocab) at the last token of each row.

        Raises:
            UnsupportedModel: a parameter is missing, unknown, or of a shape that fits neither layout; a field of the
                config is not done; the logits are others than those of `check`, or the file holds more than weights.
        """
        state, beside = open_checkpoint(state)
        return read_transformer(state, beside if config is None else config, check, make=cls)

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
        if hasattr(self, "pos_embed"):
            with torch.no_grad():
                self.pos_embed.W_pos.copy_(0.5 * sinusoids(self.config.n_ctx, self.config.d_model))

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

        Raises:
            UnsupportedModel: a cache, where attention is bidirectional.
        """
        resid, around = self._begin(input_ids, attention_mask, cache)
        for block in self.blocks:
            resid = block(resid, around)
        return self.cap(self.unembed(self.ln_final(resid)))

    def _begin(
        self, ids: Tensor, mask: Tensor | None, cache: KeyValueCache | None
    ) -> tuple[Tensor, Surroundings]:
        """The residual stream before the first block, and what its attention is told."""
        if cache is not None and self.config.attention_dir == "bidirectional":
            raise UnsupportedModel(
                "A bidirectional Transformer takes no cache: each new token changes what went before. Run all tokens."
            )
        n_pos, device = ids.shape[1], ids.device
        seen = n_pos if mask is None else mask.shape[1]
        positions = torch.arange(seen - n_pos, seen, device=device)
        every = torch.ones(n_pos, seen, dtype=torch.bool, device=device)
        hidden = every.triu(1 + seen - n_pos) if self.config.attention_dir == "causal" else ~every
        in_window = hidden | every.tril(seen - n_pos - (self.config.window_size or seen))
        if mask is not None:
            hidden, in_window = hidden | ~mask[:, None], in_window | ~mask[:, None]
            positions = (mask.cumsum(-1) - 1).clamp(min=0)[:, seen - n_pos :]
        resid, added = self.embed(ids), None
        if self.config.positional_embedding_type == "standard":
            resid = resid + self.pos_embed(positions)
        elif self.config.positional_embedding_type == "shortformer":
            added = self.pos_embed(positions)
        return resid, Surroundings(positions, hidden, in_window, added, cache)
