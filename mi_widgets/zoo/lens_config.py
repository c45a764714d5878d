"""TransformerLens's config as this `Transformer`'s: each of its fields is taken over, without effect, or refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from numbers import Integral, Real
from types import NoneType
from typing import Any, get_args, get_type_hints

import numpy as np
import torch

from mi_widgets.core.errors import MIError, UnsupportedModel

from .transformer_config import TransformerConfig

# fmt: off
# Read as they are.
_TAKEN = (
    "n_layers", "d_model", "n_ctx", "d_head", "act_fn", "eps", "attention_dir",
    "positional_embedding_type", "rotary_base", "rotary_base_local", "rotary_adjacent_pairs", "rotary_dim",
    "n_key_value_heads", "scale_attn_by_inverse_layer_idx", "use_qk_norm", "gated_mlp", "parallel_attn_mlp",
    "use_normalization_before_and_after", "post_embedding_ln", "final_rms",
)
# Read with a word of their own, below.
_TRANSLATED = (
    "n_heads", "d_mlp", "attn_only", "normalization_type", "use_attn_scale", "attn_scale", "use_local_attn",
    "window_size", "attn_types", "attn_scores_soft_cap", "output_logits_soft_cap", "d_vocab", "d_vocab_out", "dtype",
    "use_NTK_by_parts_rope", "NTK_by_parts_factor", "NTK_by_parts_low_freq_factor", "NTK_by_parts_high_freq_factor",
    "NTK_original_ctx_len",
    "default_prepend_bos",  # by `bos_told`: it is of texts
)
# Names, training, hooks, and where it runs: no number of the network's depends on them. Weights that are tied are in
# the state dict twice. The last three lines are those of 4.x alone.
_WITHOUT_EFFECT = (
    "model_name", "original_architecture", "tokenizer_name", "trust_remote_code", "from_checkpoint",
    "checkpoint_index", "checkpoint_label_type", "checkpoint_value", "tokenizer_prepends_bos",
    "use_attn_result", "use_split_qkv_input", "use_hook_mlp_in", "use_attn_in", "use_hook_tokens",
    "ungroup_grouped_query_attention", "init_mode", "initializer_range", "init_weights", "seed", "device", "n_params",
    "tie_word_embeddings",
    "architecture", "tokenizer_appends_eos", "default_padding_side", "split_attention_weights",
    "attn_implementation", "layer_norm_folding", "uses_rms_norm",
)
# fmt: on
# What is not done, and what it must be.
_REFUSED: dict[str, tuple[Any, ...]] = {
    "n_devices": (1,),
    "load_in_4bit": (False,),
    "num_experts": (None,),
    "experts_per_token": (None,),
    "relative_attention_max_distance": (None,),
    "relative_attention_num_buckets": (None,),
    "decoder_start_token_id": (None,),
    "qk_norm_after_rope": (False,),
    "rotary_interleaved_cos_sin": (False,),
    "per_layer_head_dim": (None,),
    "per_layer_num_key_value_heads": (None,),
    "scale_embedding": (None, False),
    "rmsnorm_uses_offset": (False,),
    "is_audio_model": (False,),
    "is_visual_model": (False,),
    "is_stateful": (False,),
    "is_multimodal": (False,),
    "vision_hidden_size": (None,),
    "vision_num_layers": (None,),
    "vision_num_heads": (None,),
    "mm_tokens_per_image": (None,),
    "rope_scaling": (None,),
}
_BY_PARTS = {  # and what TransformerLens has by default
    "NTK_by_parts_factor": 8.0,
    "NTK_by_parts_low_freq_factor": 1.0,
    "NTK_by_parts_high_freq_factor": 4.0,
    "NTK_original_ctx_len": 8192,
}
_BOS = "default_prepend_bos"
_KINDS = {  # of fields that are none of TransformerConfig's
    "attn_only": bool,
    "use_attn_scale": bool,
    "use_local_attn": bool,
    "use_NTK_by_parts_rope": bool,
    _BOS: bool,
    "d_vocab_out": int,
    **dict.fromkeys(_BY_PARTS, float),
}
_SAID = {bool: "True or False", int: "a whole number", float: "a number"}
NEEDED = ("n_layers", "d_model", "n_ctx", "d_head")  # TransformerLens has no default for them


def read_config(config: Any) -> tuple[dict[str, Any], bool]:
    """Fields of `TransformerConfig` (and `d_vocab_out`), and whether they are all that there are.

    Args:
        config: a `TransformerConfig`; or a config of TransformerLens, as an object or as a dict of its fields. What a
            dict with the four sizes that TransformerLens wants leaves out has TransformerLens's default. A dict
            without them tells the fields in it, and nothing else.

    Raises:
        UnsupportedModel: a field is unknown, or has a value that is not done; its name is said.
    """
    if isinstance(config, TransformerConfig):
        return asdict(config), True
    given = dict(config) if isinstance(config, Mapping) else dict(getattr(config, "__dict__", {}))
    if not given:
        raise UnsupportedModel(
            "from_state_dict: config= takes TransformerLens's config, as an object or a dict, or a "
            f"mi.TransformerConfig; got {type(config).__name__}."
        )
    _refuse(given)
    _check_kinds(given)
    whole = all(name in given for name in NEEDED)
    defaults = {"attn_only": False, "normalization_type": "LN"} if whole else {}
    return _translated(defaults | given, whole), whole


def _refuse(given: Mapping[str, Any]) -> None:
    known = {*_TAKEN, *_TRANSLATED, *_WITHOUT_EFFECT, *_REFUSED}
    unknown = sorted(name for name in given if name not in known and not name.startswith("_"))
    if unknown:
        raise UnsupportedModel(
            f"from_state_dict: config has {', '.join(unknown)}, which is no field of TransformerLens's that is read "
            "here. Leave out what has no effect on the network's numbers; nothing is known here of what has."
        )
    if (given.get("positional_embedding_type"), given.get("attention_dir")) == ("alibi", "bidirectional"):
        raise UnsupportedModel(
            "from_state_dict: config has positional_embedding_type='alibi' and attention_dir='bidirectional': with "
            "both, TransformerLens's own logits depend on the prompts that it ran before: there are none to agree with."
        )
    no_mlp = given.get("attn_only", False)
    for name, allowed in (_REFUSED | _choices()).items():
        if name in given and given[name] not in allowed and not (no_mlp and name == "act_fn"):
            raise UnsupportedModel(
                f"from_state_dict: config has {name}={given[name]!r}, which a Transformer does not do; it must be "
                f"{' or '.join(map(str, allowed))}."
            )


def _check_kinds(given: Mapping[str, Any]) -> None:
    """Refuse text where a number stands, or True or False: "False" would count as true."""
    kinds = get_type_hints(TransformerConfig) | _KINDS
    for name, value in given.items():
        wanted = [kind for kind in _SAID if kind in (kinds.get(name), *get_args(kinds.get(name)))]
        if not wanted or (value is None and name not in NEEDED and (wanted != [bool] or name == _BOS)):
            continue
        if wanted == [bool]:
            fits = isinstance(value, (int, np.bool_)) and value in (0, 1)
        else:
            fits = isinstance(value, Integral if wanted == [int] else Real) and not isinstance(value, bool)
        if not fits:
            raise UnsupportedModel(
                f"from_state_dict: config has {name}={value!r}; it must be {_SAID[wanted[0]]}."
            )
    if not isinstance(given.get("attn_types"), (list, tuple, NoneType)):
        raise UnsupportedModel(
            f"from_state_dict: config has attn_types={given['attn_types']!r}; it must be a list of 'global' or 'local'."
        )


def _choices() -> dict[str, tuple[Any, ...]]:
    """The fields that have one of some values."""
    kinds = get_type_hints(TransformerConfig)
    norms = next(get_args(kind) for kind in get_args(kinds["normalization"]) if get_args(kind))
    chosen = {name: get_args(kinds[name]) for name in ("attention_dir", "positional_embedding_type")}
    return {**chosen, "act_fn": (*get_args(kinds["act_fn"]), None), "normalization_type": (*norms, None)}


def _translated(given: Mapping[str, Any], whole: bool) -> dict[str, Any]:
    """Ours by name, of those that are told."""
    told = {name: given[name] for name in _TAKEN if name in given}
    for name in ("d_vocab", "d_vocab_out"):  # -1 where a tokenizer was to say it: the parameters have it
        if given.get(name, -1) != -1:
            told[name] = given[name]
    if given.get("n_heads", -1) != -1:
        told["n_heads"] = given["n_heads"]
    elif whole:
        told["n_heads"] = given["d_model"] // given["d_head"]
    if given.get("attn_only"):
        told["d_mlp"] = 0
    elif given.get("d_mlp") is not None:
        told["d_mlp"] = given["d_mlp"]
    elif whole:
        told["d_mlp"] = 4 * given["d_model"]
    if told.get("act_fn", "") is None:
        del told["act_fn"]
    if whole and told.get("d_mlp") and "act_fn" not in told:
        raise UnsupportedModel("from_state_dict: config has no act_fn, and the network has MLPs.")
    if "normalization_type" in given:
        told["normalization"] = given["normalization_type"]
    if not given.get("use_attn_scale", True):
        told["attn_scale"] = 1.0
    elif "attn_scale" in given or whole:
        scale = float(given.get("attn_scale") or -1.0)
        told["attn_scale"] = None if scale == -1.0 else scale
    for name in ("attn_scores_soft_cap", "output_logits_soft_cap"):
        if name in given:
            told[name] = float(given[name]) if given[name] is not None and given[name] > 0 else None
    for name in ("rotary_base", "rotary_base_local", "eps"):
        if told.get(name) is not None:
            told[name] = float(told[name])
    if given.get("use_NTK_by_parts_rope", False):
        told["rotary_by_parts"] = tuple(
            usual if given.get(name) is None else float(given[name]) for name, usual in _BY_PARTS.items()
        )
    return told | _windows(given)


def _windows(given: Mapping[str, Any]) -> dict[str, Any]:
    if not given.get("use_local_attn", False):
        return {"attn_types": None} if "use_local_attn" in given else {}
    missing = [name for name in ("window_size", "attn_types") if given.get(name) is None]
    if missing:
        raise UnsupportedModel(
            f"from_state_dict: config has use_local_attn=True, but no {', '.join(missing)}."
        )
    return {
        "attn_types": tuple(given["attn_types"])[: given.get("n_layers")],
        "window_size": given["window_size"],
    }


def built(told: Mapping[str, Any]) -> TransformerConfig:
    """A config of fields.

    Raises:
        UnsupportedModel: they have values that are not done, or do not go together.
    """
    try:
        return TransformerConfig(**told)
    except MIError as error:
        raise UnsupportedModel(f"from_state_dict: config does not fit: {error}") from error


def dtype_told(config: Any) -> torch.dtype | None:
    """The dtype that a config of TransformerLens's names; None where it names none."""
    named = config.get("dtype") if isinstance(config, Mapping) else getattr(config, "dtype", None)
    if isinstance(named, str):
        named = getattr(torch, named.removeprefix("torch."), named)
    if named is None or (isinstance(named, torch.dtype) and named.is_floating_point):
        return named
    raise UnsupportedModel(
        f"from_state_dict: config has dtype={named!r}; it must be a floating-point dtype of torch's."
    )


def bos_told(config: Any) -> bool | None:
    """Whether texts begin with the token that begins one, by a config of TransformerLens's; None where none is said."""
    return config.get(_BOS) if isinstance(config, Mapping) else getattr(config, _BOS, None)
