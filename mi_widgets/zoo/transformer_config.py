"""`TransformerConfig`: what a `Transformer` is made of, by the field's names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from mi_widgets.core.argument_types import argument_type, checked
from mi_widgets.core.errors import MIError


@argument_type("mi.TransformerConfig(n_layers, n_heads, …)")
@checked
@dataclass(frozen=True)
class TransformerConfig:
    """The shape of a `Transformer`; names and meanings are TransformerLens's unless said otherwise here.

    Args:
        n_layers: how many blocks.
        n_heads: of each attention.
        d_model: width of the residual stream.
        d_head: width of a head.
        d_vocab: tokens that it can read and say.
        n_ctx: tokens that it can read at once.
        d_mlp: neurons a layer; 0 makes an attention-only network.
        normalization: before each sublayer and at the end; `"LNPre"` and `"RMSPre"` have no weights, None is none.
        act_fn: of the neurons; `"solu_ln"` is SoLU with a LayerNorm over them.
        eps: what a norm adds under its root.
        start: what training begins with (see `Transformer.initialize`).
        attention_dir: whether a token sees those before it only.
        positional_embedding_type: `"standard"`: a learned vector a position is added to the stream;
            `"shortformer"`: it is added to what makes queries and keys; `"rotary"`: queries and keys are turned by
            their position; `"alibi"`: scores fall off with the distance.
        rotary_dim: how much of a head is turned; None for all.
        rotary_base: of the wavelengths.
        rotary_base_local: the same in local layers; None for `rotary_base`.
        rotary_adjacent_pairs: whether the pairs that are turned are neighbours, or half of `rotary_dim` apart.
        rotary_by_parts: slows the wavelengths that are long beside the context that a network first had: (factor, low
            frequency factor, high frequency factor, that context); None for none.
        n_key_value_heads: keys and values a layer, where several heads share one; None for one a head.
        attn_scale: what scores are divided by; None for the root of `d_head`.
        scale_attn_by_inverse_layer_idx: whether they are divided by the number of the layer (from 1) too.
        attn_scores_soft_cap: scores are this times tanh(scores / this); None where they are not.
        output_logits_soft_cap: the same for logits.
        attn_types: `"global"` or `"local"`, one a layer; None for all global.
        window_size: how many tokens a local layer sees, itself included.
        use_qk_norm: whether each query and key goes through an RMSNorm.
        gated_mlp: whether the neurons are multiplied by a second reading of the stream.
        parallel_attn_mlp: whether the MLP reads what attention reads.
        use_normalization_before_and_after: whether what a sublayer writes goes through an RMSNorm before it is added.
        post_embedding_ln: whether token embeddings go through a LayerNorm.
        final_rms: whether the last norm is an RMSNorm where the others are LayerNorms.

    Raises:
        MIError: fields that do not go together.
    """

    n_layers: int
    n_heads: int
    d_model: int
    d_head: int
    d_vocab: int
    n_ctx: int
    d_mlp: int = 0
    normalization: Literal["LN", "LNPre", "RMS", "RMSPre"] | None = "LN"
    act_fn: Literal[
        "relu", "gelu", "gelu_new", "gelu_fast", "gelu_pytorch_tanh", "silu", "solu", "solu_ln"
    ] = "relu"
    eps: float = 1e-5
    start: Literal["sinusoids", "normal"] = "sinusoids"
    attention_dir: Literal["causal", "bidirectional"] = "causal"
    positional_embedding_type: Literal["standard", "shortformer", "rotary", "alibi"] = "standard"
    rotary_dim: int | None = None
    rotary_base: float = 10000.0
    rotary_base_local: float | None = None
    rotary_adjacent_pairs: bool = False
    rotary_by_parts: Sequence[float] | None = None
    n_key_value_heads: int | None = None
    attn_scale: float | None = None
    scale_attn_by_inverse_layer_idx: bool = False
    attn_scores_soft_cap: float | None = None
    output_logits_soft_cap: float | None = None
    attn_types: Sequence[str] | None = None
    window_size: int | None = None
    use_qk_norm: bool = False
    gated_mlp: bool = False
    parallel_attn_mlp: bool = False
    use_normalization_before_and_after: bool = False
    post_embedding_ln: bool = False
    final_rms: bool = False

    def __post_init__(self) -> None:
        if self.attn_types is not None:
            object.__setattr__(self, "attn_types", tuple(self.attn_types))
        if self.rotary_by_parts is not None:
            object.__setattr__(self, "rotary_by_parts", tuple(self.rotary_by_parts))
        for fault in _faults(self):
            raise MIError(f"mi.TransformerConfig: {fault}")

    @property
    def key_value_heads(self) -> int:
        """Keys and values a layer."""
        return self.n_key_value_heads or self.n_heads

    def is_local(self, layer: int) -> bool:
        """Whether a layer sees a window only. Where attention is bidirectional none does, as in TransformerLens."""
        local = self.attn_types is not None and self.attn_types[layer] == "local"
        return local and self.attention_dir == "causal"

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain values, for `config.json`."""
        return asdict(self)


def _faults(c: TransformerConfig) -> list[str]:
    """What does not go together, in sentences that say what to do."""
    rotary_dim, faults = c.rotary_dim or c.d_head, []
    if c.n_heads % c.key_value_heads:
        faults.append(f"n_key_value_heads={c.key_value_heads} does not divide n_heads={c.n_heads}.")
    if c.positional_embedding_type == "rotary" and (rotary_dim % 2 or rotary_dim > c.d_head):
        faults.append(f"rotary_dim={rotary_dim} must be even and at most d_head={c.d_head}.")
    if c.rotary_by_parts is not None and (
        len(c.rotary_by_parts) != 4
        or min(c.rotary_by_parts) <= 0
        or not c.rotary_by_parts[1] < c.rotary_by_parts[2]
    ):
        faults.append(
            f"rotary_by_parts={c.rotary_by_parts!r} must be four numbers above 0, the second below the third."
        )
    if c.attn_types is not None and (
        len(c.attn_types) != c.n_layers or not set(c.attn_types) <= {"global", "local"}
    ):
        faults.append(
            f"attn_types={c.attn_types!r} must be 'global' or 'local' for each of {c.n_layers} layers."
        )
    if c.attn_types is not None and "local" in c.attn_types and (c.window_size or 0) < 1:
        faults.append(f"window_size={c.window_size!r} must be 1 or more where a layer is local.")
    if c.gated_mlp and c.act_fn == "solu_ln":
        faults.append(
            "act_fn='solu_ln' and gated_mlp=True: TransformerLens leaves W_in out there; use act_fn='solu'."
        )
    if c.use_normalization_before_and_after and c.normalization in ("LN", "LNPre"):
        faults.append(
            f"use_normalization_before_and_after goes with RMS or RMSPre; normalization is {c.normalization!r}."
        )
    if c.d_mlp == 0 and (c.parallel_attn_mlp or c.gated_mlp):
        faults.append("parallel_attn_mlp and gated_mlp need an MLP: give d_mlp.")
    if not c.eps >= 0:
        faults.append(f"eps={c.eps} must be 0 or more.")
    for name in (
        "attn_scale",
        "rotary_base",
        "rotary_base_local",
        "attn_scores_soft_cap",
        "output_logits_soft_cap",
    ):
        value = getattr(c, name)
        if value is not None and not value > 0:
            faults.append(f"{name}={value} must be more than 0.")
    return faults
