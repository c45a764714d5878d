"""Weights of a toy transformer trained elsewhere, as this `Transformer`'s."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from mi_widgets.core.errors import UnsupportedModel

from .lens_config import built
from .transformer_config import TransformerConfig

NEVER = -1e4  # the logit of a token that a network cannot say: no probability that a float could hold
_BUFFERS = ("mask", "IGNORE", "hook_", "num_batches", "rotary_sin", "rotary_cos", "alibi")


def parameters_of(state: Mapping[str, Any], dtype: torch.dtype) -> dict[str, Tensor]:
    """The parameters in a state dict, by our names; what only helps (masks, angles) is left out.

    Args:
        state: by TransformerLens's names, in its layout (`W_Q` is [n_heads, d_model, d_head]) or in that of the code
            that came with the paper on grokking ([n_heads, d_head, d_model], and so on, transposed).
        dtype: that of the tensors.

    Raises:
        UnsupportedModel: what every such network has is missing.
    """
    tensors = {}
    for name, value in state.items():
        if not any(part.startswith(_BUFFERS) for part in name.split(".")):
            # Shared keys and values have an underscore there.
            own = name.replace(".attn._", ".attn.")
            tensors[own] = parameter(name, value).to(dtype)
    missing = [
        n for n in ("embed.W_E", "unembed.W_U", "blocks.0.attn.W_Q", "blocks.0.attn.W_O") if n not in tensors
    ]
    if missing:
        raise UnsupportedModel(
            f"from_state_dict: there is no {', '.join(missing)}. It takes parameters by TransformerLens's names; these "
            f"are {', '.join(list(state)[:8])}{', …' if len(state) > 8 else ''}."
        )
    return _turned(tensors) if tensors["blocks.0.attn.W_O"].ndim == 2 else tensors


def parameter(name: str, value: Any) -> Tensor:
    """A tensor whose numbers are there, and real.

    Args:
        name: of the parameter.
        value: a tensor, or what becomes one.

    Raises:
        UnsupportedModel: it is none, or of a kind that nothing here computes with.
    """
    try:
        x = torch.as_tensor(value).detach()
    except (TypeError, ValueError, RuntimeError) as error:
        inside = f": if the parameters are in it, give state[{name!r}]" if isinstance(value, Mapping) else ""
        raise UnsupportedModel(
            f"from_state_dict: {name} is no parameter, but a {type(value).__name__}{inside}."
        ) from error
    for fault, advice in (
        (
            x.is_complex(),
            "is complex, and a network computes with real numbers: give two networks, or its real part",
        ),
        (x.is_meta, "has no numbers (it is on the meta device): load them first"),
        (x.layout != torch.strided, "is sparse: give x.to_dense()"),
        (x.is_quantized, "is quantized: give x.dequantize()"),
    ):
        if fault:
            raise UnsupportedModel(f"from_state_dict: {name} {advice}.")
    return x


def config_of(tensors: Mapping[str, Tensor], told: Mapping[str, Any]) -> tuple[TransformerConfig, set[str]]:
    """The config of a network: what was told, what its parameters show, and for the rest what is usual.

    Args:
        tensors: its parameters, by our names.
        told: fields of the config.

    Returns:
        the config, and the fields that were told or shown.

    Raises:
        UnsupportedModel: the parameters do not go together, or contradict what was told.
    """
    shown = _shown(tensors, told)
    for name, value in shown.items():
        if name in told and told[name] != value:
            raise UnsupportedModel(
                f"from_state_dict: config has {name}={told[name]!r}; the parameters have {value!r}."
            )
    usual: dict[str, Any] = {"normalization": None, "act_fn": "silu" if shown["gated_mlp"] else "relu"}
    if "blocks.0.ln1.w" in tensors and "blocks.0.ln1.b" not in tensors:
        usual["normalization"] = "RMS"  # a LayerNorm may lack biases too
    fields = usual | shown | dict(told)
    del fields["d_vocab_out"]
    return built(fields), {*told, *shown}


def _shown(tensors: Mapping[str, Tensor], told: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that the parameters show."""
    first = "blocks.0."
    d_vocab, d_model = _shape(tensors, "embed.W_E", (None, told.get("d_model") or _width(tensors)))
    n_heads, _, d_head = _shape(tensors, f"{first}attn.W_Q", (None, d_model, None))
    pairs = tensors[f"{first}attn.W_K"].shape[0] if f"{first}attn.W_K" in tensors else n_heads
    layers = {name.split(".")[1] for name in tensors if name.startswith("blocks.")}
    shown: dict[str, Any] = {
        "n_layers": 1 + max(int(number) for number in layers if number.isdigit()),
        "n_heads": n_heads,
        "d_model": d_model,
        "d_head": d_head,
        "d_vocab": d_vocab,
        "d_vocab_out": tensors["unembed.W_U"].shape[-1],
        "d_mlp": tensors[f"{first}mlp.W_in"].shape[-1] if f"{first}mlp.W_in" in tensors else 0,
        "gated_mlp": f"{first}mlp.W_gate" in tensors,
        "use_qk_norm": f"{first}attn.q_norm.w" in tensors,
        "post_embedding_ln": "embed.ln.w" in tensors,
    }
    if f"{first}ln1_post.w" in tensors or told.get("normalization", "LN") is not None:  # else it does nothing
        shown["use_normalization_before_and_after"] = f"{first}ln1_post.w" in tensors
    if pairs != n_heads or told.get("n_key_value_heads") is not None:
        shown["n_key_value_heads"] = pairs
    if not {"positional_embedding_type", "n_ctx"} <= told.keys() and "pos_embed.W_pos" not in tensors:
        raise UnsupportedModel(
            "from_state_dict: there is no pos_embed.W_pos, so that nothing says how the network knows where a token "
            "stands, or how many it takes. Give config= with positional_embedding_type (rotary, …) and n_ctx."
        )
    if "pos_embed.W_pos" in tensors:
        shown["n_ctx"] = tensors["pos_embed.W_pos"].shape[0]
    if f"{first}ln1.b" in tensors or "ln_final.b" in tensors:
        if "normalization" not in told:
            shown["normalization"] = "LN"
        shown["final_rms"] = "ln_final.b" not in tensors
    if f"{first}mlp.ln.w" in tensors:
        shown["act_fn"] = "solu_ln"
    return shown


def _width(tensors: Mapping[str, Tensor]) -> int:
    """d_model, by what says it of those that are there."""
    by = tensors.get("pos_embed.W_pos")
    return tensors["unembed.W_U"].shape[0] if by is None else by.shape[1]


def _shape(tensors: Mapping[str, Tensor], name: str, wanted: tuple[int | None, ...]) -> tuple[int, ...]:
    found = tuple(tensors[name].shape)
    if len(found) != len(wanted) or any(w not in (None, f) for w, f in zip(wanted, found, strict=True)):
        said = ", ".join("any" if w is None else str(w) for w in wanted)
        raise UnsupportedModel(
            f"from_state_dict: {name} has shape {found}; with d_model {_width(tensors)} (from "
            f"{'pos_embed.W_pos' if 'pos_embed.W_pos' in tensors else 'unembed.W_U'}) it would be ({said}). The "
            "layouts that are read are TransformerLens's and that of the grokking paper's code: transpose it."
        )
    return found


def fitted(
    tensors: dict[str, Tensor], own: Mapping[str, Tensor], config: TransformerConfig
) -> dict[str, Tensor]:
    """The parameters that a network of some config takes: each of them, biases that are not there as zeros.

    Args:
        tensors: what there is.
        own: the network's, for their shapes.
        config: its config.

    Raises:
        UnsupportedModel: one is missing, unknown, or of another shape.
    """
    if config.positional_embedding_type == "alibi":  # TransformerLens keeps one there that does nothing
        tensors = {name: x for name, x in tensors.items() if name != "pos_embed.W_pos"}
    tensors = _padded(tensors, config)
    unknown = sorted(tensors.keys() - own.keys())
    missing = sorted(n for n in own.keys() - tensors.keys() if not n.rsplit(".", 1)[-1].startswith("b"))
    if unknown or missing:
        raise UnsupportedModel(
            f"from_state_dict: {', '.join(missing) or 'nothing'} is missing and {', '.join(unknown) or 'nothing'} "
            f"is unknown: the parameters of a Transformer of this config are {', '.join(own)}."
        )
    for name, x in tensors.items():
        if own[name].shape != x.shape:
            raise UnsupportedModel(
                f"from_state_dict: {name} has shape {tuple(x.shape)}; beside the others it would have "
                f"{tuple(own[name].shape)}. The layouts that are read are TransformerLens's and that of the "
                "grokking paper's code."
            )
    some = next(iter(tensors.values()))
    return {n: tensors[n] if n in tensors else torch.zeros_like(w, dtype=some.dtype) for n, w in own.items()}


def _turned(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """From the layout of the grokking paper's code: matrices to be multiplied from the left."""
    found = {}
    for name, x in tensors.items():
        leaf = name.rsplit(".", 1)[-1]
        if leaf in ("W_Q", "W_K", "W_V"):
            x = x.transpose(1, 2)
        elif leaf == "W_O":
            heads = tensors[name.replace("W_O", "W_Q")].shape[0]
            x = x.T.unflatten(0, (heads, -1))
        elif leaf in ("W_E", "W_in", "W_out"):
            x = x.T
        found[name] = x.contiguous()
    return found


def _padded(tensors: dict[str, Tensor], config: TransformerConfig) -> dict[str, Tensor]:
    """With a logit for each token: a network need not be able to say all that it can read."""
    unembed = tensors["unembed.W_U"]
    more = config.d_vocab - unembed.shape[-1]
    if more < 0:
        raise UnsupportedModel(
            f"from_state_dict: unembed.W_U has {unembed.shape[-1]} columns, and embed.W_E {config.d_vocab} rows: a "
            "network that says more tokens than it reads is not supported."
        )
    if not more:
        return tensors
    if config.output_logits_soft_cap is not None:
        raise UnsupportedModel(
            "from_state_dict: config has output_logits_soft_cap, and d_vocab_out less than d_vocab: what a network "
            "cannot say would have a probability. Both together are not supported."
        )
    bias = tensors.get("unembed.b_U", unembed.new_zeros(unembed.shape[1]))
    return tensors | {
        "unembed.W_U": torch.cat([unembed, unembed.new_zeros(len(unembed), more)], 1),
        "unembed.b_U": torch.cat([bias, bias.new_full((more,), NEVER)]),
    }


def sayable_of(unembed: Any) -> Tensor:
    """Which tokens a network can say, (d_vocab,): not those that were added to it, as above.

    Args:
        unembed: an `Unembed`; its dtype may have rounded what was added.
    """
    return (unembed.b_U > 0.99 * NEVER) | (unembed.W_U != 0).any(0)
