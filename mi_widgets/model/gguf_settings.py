"""What a GGUF file says of how its model computes, beside what transformers makes of it: by each setting's name."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import transformers  # as a whole: its modelling code is loaded at first use

from mi_widgets.core.errors import UnsupportedModel

# What has no effect on how the model computes, or what the shapes of its tensors say too.
_SILENT = {
    "vocab_size", "block_count", "embedding_length", "feed_forward_length", "expert_feed_forward_length",
    "expert_shared_feed_forward_length", "attention.key_length", "attention.value_length", "rope.scaling.finetuned",
    "pooling_type",
}  # fmt: skip
_EPS = ("rms_norm_eps", "layer_norm_epsilon", "layer_norm_eps", "norm_epsilon", "norm_eps")
_EXPERTS = ("num_experts", "num_local_experts")
# The fields of a config of transformers that say the same; and where it has none of them, the values that do nothing.
_MEANS: dict[str, tuple[tuple[str, ...], tuple[Any, ...]]] = {
    "context_length": (("max_position_embeddings", "n_positions", "n_ctx"), ()),
    "attention.head_count": (("num_attention_heads", "n_head", "num_heads"), (0,)),
    "attention.head_count_kv": (("num_key_value_heads", "num_kv_heads", "num_attention_heads", "n_head"), (0,)),
    "attention.layer_norm_epsilon": (_EPS, ()),
    "attention.layer_norm_rms_epsilon": (_EPS, ()),
    "attention.causal": (("is_causal",), (True,)),
    "attention.scale": (("attention_multiplier",), (0,)),
    "attention.clamp_kqv": (("clip_qkv",), (0,)),
    "attention.max_alibi_bias": ((), (0,)),
    "attention.sliding_window": (("sliding_window",), (0,)),
    "attention.sliding_window_pattern": (("sliding_window_pattern", "sliding"), ()),
    "attention.shared_kv_layers": (("num_kv_shared_layers",), (0,)),
    "use_parallel_residual": (("use_parallel_residual", "parallel_attn"), (False,)),
    "embedding_length_per_layer_input": (("hidden_size_per_layer_input",), (0,)),
    "embedding_scale": (("embedding_multiplier",), (0, 1)),
    "residual_scale": (("residual_multiplier",), (0, 1)),
    "logit_scale": (("logit_scale",), (0, 1)),
    "attn_logit_softcapping": (("attn_logit_softcapping",), (0,)),
    "final_logit_softcapping": (("final_logit_softcapping",), (0,)),
    "router_logit_softcapping": (("router_logit_softcapping",), (0,)),
    "expert_count": (_EXPERTS, (0,)),
    "expert_used_count": (("num_experts_per_tok",), (0,)),
    "expert_weights_norm": (("norm_topk_prob",), ()),
    "expert_weights_scale": (("routed_scaling_factor",), (0, 1)),
    "rope.dimension_count": (("turned",), ()),
    "rope.dimension_count_swa": (("turned",), ()),
    "rope.freq_base": (("rope_theta",), ()),
    "rope.freq_base_swa": (("rope_theta",), ()),
    "rope.scaling.type": (("rope_type",), ("none",)),
    "rope.scaling.factor": (("factor",), (0, 1)),
    "rope.scaling.attn_factor": (("attention_factor",), (0, 1)),
    "rope.scaling.original_context_length": (("original_max_position_embeddings", "max_position_embeddings"), ()),
    "rope.scaling.yarn_beta_fast": (("beta_fast",), ()),
    "rope.scaling.yarn_beta_slow": (("beta_slow",), ()),
}  # fmt: skip


def unread(reader: Any, config: Any) -> Iterator[tuple[str, Any]]:
    """The settings of the architecture that transformers does not take in, but where its own config says the same.

    Args:
        reader: of the file.
        config: as transformers has made it of the file.
    """
    architecture = reader.fields["general.architecture"].contents()
    named, config = _named(architecture), config.get_text_config()
    for key, field in reader.fields.items():
        setting, value = key.removeprefix(f"{architecture}."), field.contents()
        if setting == key or setting in _SILENT or named.get(setting) is not None:
            continue
        if setting not in _MEANS or not _said(setting, value, config):
            yield key, value


def check_turned(path: str, reader: Any) -> None:
    """Refuse a file whose heads are turned in part, where transformers takes what is turned for the width of a head.

    Raises:
        UnsupportedModel: it does so here.
    """
    architecture = reader.fields["general.architecture"].contents()
    turned, heads = (
        reader.fields.get(f"{architecture}.{name}")
        for name in ("rope.dimension_count", "attention.head_count")
    )
    queries = next((x.shape for x in reader.tensors if x.name == "blk.0.attn_q.weight"), None)
    if (
        _named(architecture).get("rope.dimension_count") != "head_dim"
        or None in (turned, heads)
        or queries is None
    ):
        return
    n_heads, n_turned = heads.contents(), turned.contents()
    if isinstance(n_heads, int) and n_turned * n_heads != queries[1]:
        raise UnsupportedModel(
            f"{path} has {architecture}.rope.dimension_count = {n_turned}, and heads of {int(queries[1]) / n_heads:g} "
            f"numbers ({int(queries[1])} in all, {architecture}.attention.head_count = {n_heads}): transformers "
            f"{transformers.__version__} reads no {architecture} file whose heads are turned in part. Bring the same "
            "model as a folder with safetensors."
        )


def _named(architecture: str) -> dict[str, str | None]:
    """The settings of an architecture that transformers reads, and the fields of the config that they become."""
    mappings = transformers.integrations.ggml.GGUF_CONFIG_MAPPING
    return next((found for name, found in mappings.items() if _letters(name) == _letters(architecture)), {})


def _said(setting: str, value: Any, config: Any) -> bool:
    """Whether a config says the same, or nothing of what does nothing."""
    fields, silent = _MEANS[setting]
    own = [x for name in fields for x in _values(config, name)]
    if own:
        return any(_alike(value, x) for x in own)
    longest = [x for name in _MEANS["context_length"][0] for x in _values(config, name)]
    if setting == "attention.sliding_window" and longest and value >= max(longest):
        return True  # it shows all that there can be
    return value in silent or setting == "context_length"  # as of ALiBi, which takes any


def _values(config: Any, name: str) -> list[Any]:
    """What a config has of a field: one value, one a kind of layer, or none."""
    rope = getattr(config, "rope_parameters", None) or {}
    places = [vars(config), rope, *(x for x in rope.values() if isinstance(x, dict))]
    if name == "turned":
        heads = config.hidden_size // config.num_attention_heads
        widths = [x for n in ("head_dim", "global_head_dim") for x in _values(config, n)] or [heads]
        shares = _values(config, "partial_rotary_factor") or [1.0]
        return [*_values(config, "rotary_dim"), *(int(w * share) for w in widths for share in shares)]
    if name == "sliding":
        layers = getattr(config, "layer_types", None)
        return [] if layers is None else [[kind == "sliding_attention" for kind in layers]]
    return [x[name] for x in places if x.get(name) is not None]


def _alike(value: Any, own: Any) -> bool:
    if isinstance(value, float) and isinstance(own, (int, float)):
        return math.isclose(value, own, rel_tol=1e-5)  # a file has 32 bits
    return value == own or (value, own) == ("none", "default")


def _letters(name: str) -> str:
    return name.replace("-", "").replace("_", "")
