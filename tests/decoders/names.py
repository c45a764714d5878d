"""What transformers calls the parts of a layer, family by family."""

from dataclasses import dataclass

from torch import nn

# The first of these that a layer has.
_ATTENTION = (
    "attention.self self_attn attn.attention attn self_attention attention multi_head_attention "
    "norm_attn_norm.attn"
)
_MLP = "mlp feed_forward block_sparse_moe moe ffn fc2"
_DOWN = "mlp.down_proj mlp.c_proj mlp.dense_4h_to_h mlp.fc2 mlp.fc_out fc2 ffn.2 ffn.down_proj mlp.Wo output.dense"
_UP = (
    "mlp.gate_proj mlp.c_fc mlp.dense_h_to_4h mlp.fc1 mlp.fc_in fc1 mlp.up_proj ffn.0 ffn.up_proj mlp.gate_up_proj "
    "mlp.Wi intermediate.dense"
)
# Families that norm what they add: the norms after attention and after the MLP.
_AFTER = dict.fromkeys(
    ("Exaone4", "FlexOlmo", "Gemma2", "Gemma3", "Gemma4Unified", "Olmo2", "Olmo3"),
    ("post_attention_layernorm", "post_feedforward_layernorm"),
)
_GLM = dict.fromkeys(("Glm4", "Kolibri1"), ("post_self_attn_layernorm", "post_mlp_layernorm"))
# What gives out what attention and MLP add, where it is not these themselves.
ADDED = {
    **_AFTER,
    **_GLM,
    "Afmoe": ("post_attention_layernorm", "post_mlp_layernorm"),
    "HyperCLOVAX": ("post_norm1", "post_norm2"),
    # These take in the residual stream, and give it out with what they add.
    "Bloom": ("self_attention.dense", "mlp.dense_4h_to_h"),
    "Mpt": ("attn", "ffn.down_proj"),
    **dict.fromkeys(
        ("MegatronBert", "RobertaPreLayerNorm", "XLMRobertaXL"), ("attention.output.dense", "output.dense")
    ),
}


@dataclass(frozen=True)
class Parts:
    """Paths: of the layers; in each of what attends, of what gives out what attention and MLP add, of the matrices that
    give out and take in the neurons. `fused`: beside the gate its matrix gives out what is gated."""

    layers: str
    attention: str
    attn_out: str
    mlp_out: str
    up: str
    down: str
    fused: bool = False


def parts_of(name, module):
    """The parts of a module of transformers."""
    n = module.config.num_hidden_layers
    layers = next(
        p for p, part in module.named_modules() if isinstance(part, nn.ModuleList) and len(part) == n
    )
    inside = dict(module.get_submodule(layers)[0].named_modules())

    def first(paths):
        return next((path for path in paths.split() if path in inside), "")

    attention, mlp = first(_ATTENTION), first(_MLP)
    up, down = first(_UP), first(_DOWN)
    fused = bool(up and down) and _width(inside[up], -1) == 2 * _width(inside[down], 0)
    after = ADDED.get(name.removesuffix("ForCausalLM"), (attention, mlp))
    return Parts(layers, attention, *after, up, down, fused)


def _width(matrix, side):
    """What a matrix takes in (0) or gives out (-1)."""
    weight = matrix.weight
    return weight.shape[side] if type(matrix).__name__ == "Conv1D" else weight.T.shape[side]
