"""A tiny random model of every family, built from its config, and plain hooks at each of its activations.

The hooks know nothing of mi_widgets: they were written from transformers' own modeling files, to test against.
"""

import sys
from contextlib import ExitStack, contextmanager
from functools import partial
from unittest import mock

import torch
import transformers as hf

from tests.conftest import small_transformer

VOCAB, N_CTX = 50, 40
_BASE = {"vocab_size": VOCAB, "bos_token_id": 0, "eos_token_id": 0}
_SIZES = {
    **_BASE,
    "hidden_size": 32,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "max_position_embeddings": N_CTX,
}
_NEOX = {**_SIZES, "intermediate_size": 24}
# With these, several heads share one key and value, and d_head is not d_model / n_heads.
_GROUPED = {**_NEOX, "num_key_value_heads": 2, "pad_token_id": 0}
_GEMMA = {**_GROUPED, "head_dim": 16, "query_pre_attn_scalar": 16, "sliding_window": 4}
_GPT = {"n_layer": 3, "n_head": 4, "n_embd": 32, "n_positions": N_CTX, **_BASE}
_NEO = {
    **{name: size for name, size in _SIZES.items() if name == "hidden_size" or name not in _GPT},
    "num_layers": 4,
    "num_heads": 4,
    "attention_types": [[["global", "local"], 2]],
    "window_size": 4,
}
for name in ("num_hidden_layers", "num_attention_heads"):
    del _NEO[name]

CONFIGS = {
    "GPT-2": (hf.GPT2LMHeadModel, hf.GPT2Config, _GPT),
    "GPT-Neo": (hf.GPTNeoForCausalLM, hf.GPTNeoConfig, _NEO),
    "GPT-NeoX": (hf.GPTNeoXForCausalLM, hf.GPTNeoXConfig, _NEOX),
    "GPT-NeoX, one after the other": (
        hf.GPTNeoXForCausalLM,
        hf.GPTNeoXConfig,
        {**_NEOX, "use_parallel_residual": False},
    ),
    "GPT-J": (hf.GPTJForCausalLM, hf.GPTJConfig, {**_GPT, "rotary_dim": 4}),
    "OPT": (
        hf.OPTForCausalLM,
        hf.OPTConfig,
        {**_SIZES, "word_embed_proj_dim": 32, "ffn_dim": 24, "pad_token_id": 1},
    ),
    "Bloom": (hf.BloomForCausalLM, hf.BloomConfig, {**_BASE, "hidden_size": 32, "n_layer": 3, "n_head": 4}),
    "Llama": (hf.LlamaForCausalLM, hf.LlamaConfig, _GROUPED),
    "Mistral": (hf.MistralForCausalLM, hf.MistralConfig, {**_GROUPED, "sliding_window": 4}),
    "Qwen2": (
        hf.Qwen2ForCausalLM,
        hf.Qwen2Config,
        {**_GROUPED, "use_sliding_window": True, "sliding_window": 4, "max_window_layers": 1},
    ),
    "Qwen3": (hf.Qwen3ForCausalLM, hf.Qwen3Config, {**_GROUPED, "head_dim": 16}),
    "Gemma 2": (hf.Gemma2ForCausalLM, hf.Gemma2Config, _GEMMA),
    "Gemma 3": (hf.Gemma3ForCausalLM, hf.Gemma3TextConfig, {**_GEMMA, "sliding_window_pattern": 2}),
    "Phi-3": (hf.Phi3ForCausalLM, hf.Phi3Config, {**_GROUPED, "sliding_window": 4}),
}
FAMILIES = [*CONFIGS, "Transformer"]


def small(family, seed=0, **changes):
    """A tiny random model of a family, weights large enough that every part matters."""
    if family == "Transformer":
        return small_transformer(seed, n_layers=3)
    kind, config, sizes = CONFIGS[family]
    torch.manual_seed(seed)
    module = kind(config(**sizes, **changes)).eval()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in module.parameters():
            # Norms and biases off their ones and zeros, so that leaving one out shows.
            spread = 0.3 if weight.ndim > 1 else 0.1
            base = weight if weight.ndim == 1 else 0 * weight
            weight.copy_(base + spread * torch.randn(weight.shape, generator=generator))
    return module


# Where plain hooks find them: embed, the layer; in a layer: what takes in z, gives out attn_out and mlp_pre, takes
# in mlp_post, gives out mlp_out.
_LLAMA = ("model.embed_tokens", "model.layers.{}", "self_attn.o_proj", "self_attn", "mlp.gate_proj")
_AFTER = (*_LLAMA[:3], "post_attention_layernorm", "mlp.gate_proj", "mlp.down_proj")
_LLAMA = (*_LLAMA, "mlp.down_proj", "mlp")
_ON = ("attention.dense", "attention", "mlp.dense_h_to_4h", "mlp.dense_4h_to_h", "mlp")
_PATHS = {
    "GPT-2": ("transformer.wte", "transformer.h.{}", "attn.c_proj", "attn", "mlp.c_fc", "mlp.c_proj", "mlp"),
    "GPT-J": (
        "transformer.wte",
        "transformer.h.{}",
        "attn.out_proj",
        "attn",
        "mlp.fc_in",
        "mlp.fc_out",
        "mlp",
    ),
    "GPT-Neo": (
        "transformer.wte",
        "transformer.h.{}",
        "attn.attention.out_proj",
        "attn",
        "mlp.c_fc",
        "mlp.c_proj",
        "mlp",
    ),
    "GPT-NeoX": ("gpt_neox.embed_in", "gpt_neox.layers.{}", *_ON),
    "OPT": (
        "model.decoder.embed_tokens",
        "model.decoder.layers.{}",
        "self_attn.out_proj",
        "self_attn",
        "fc1",
        "fc2",
        "fc2",
    ),
    "Bloom": (
        "transformer.word_embeddings",
        "transformer.h.{}",
        "self_attention.dense",
        "self_attention.dense",
        *_ON[2:4],
        "mlp.dense_4h_to_h",
    ),
    "Gemma 2": (*_AFTER, "post_feedforward_layernorm"),
    "Gemma 3": (*_AFTER, "post_feedforward_layernorm"),
    "Phi-3": (*_LLAMA[:4], "mlp.gate_up_proj", *_LLAMA[5:]),
    "Transformer": ("embed", "blocks.{}", "attn.tap_z", "attn", "mlp.tap_pre", "mlp.tap_post", "mlp"),
}


class Plain:
    """A module that was never loaded, with plain hooks at every activation.

    `touch(name, layer, x)` is called with each, shaped as a run returns it; what it returns takes its place.
    """

    def __init__(self, family, **changes):
        self.family = family
        eager = {} if family == "Transformer" else {"attn_implementation": "eager"}
        self.module = small(family, **eager, **changes)
        family = "GPT-NeoX" if family.startswith("GPT-NeoX") else family
        self.paths = _PATHS.get(family, _LLAMA)
        self.n_layers = 4 if family == "GPT-Neo" else 3
        self.touch = None
        self._resid = None

    def find(self, layer, *path):
        return self.module.get_submodule(".".join((self.paths[1].format(layer), *path)))

    @torch.no_grad()
    def run(self, ids, touch=None, **inputs):
        """The logits; `inputs` as the module's forward takes them."""
        with ExitStack() as hooks:
            if touch is not None:
                for handle in self._handles(len(ids), touch):
                    hooks.callback(handle.remove)
                hooks.enter_context(self._attention(touch))
            out = self.module(ids, **inputs)
        logits = getattr(out, "logits", out)
        return logits if touch is None else touch("logits", None, logits)

    def seen(self, ids, **inputs):
        """Every activation."""
        seen = {}

        def watch(name, layer, x):
            seen[name, layer] = x.clone()
            return x

        self.run(ids, watch, **inputs)
        return seen

    def changed(self, ids, key, change, **inputs):
        """The logits when one activation is changed."""
        return self.run(ids, lambda name, layer, x: change(x) if (name, layer) == key else x, **inputs)

    def _handles(self, batch, touch):
        embed, _, z, attn_out, mlp_pre, mlp_post, mlp_out = self.paths
        yield self.module.get_submodule(embed).register_forward_hook(_out(partial(touch, "embed", None)))
        for layer in range(self.n_layers):
            at = partial(self.find, layer)
            tell = {name: partial(touch, name, layer) for name in SITES}

            def z_of(x, tell=tell):
                return tell["z"](x.unflatten(-1, (4, -1))).flatten(-2)

            def neurons(name, x, tell=tell):
                if self.family == "Phi-3" and name == "mlp_pre":
                    gate, up = x.chunk(2, -1)
                    return torch.cat([tell[name](gate), up], -1)
                flat = x.ndim == 2  # OPT's MLP
                return tell[name](x.unflatten(0, (batch, -1))).flatten(0, 1) if flat else tell[name](x)

            yield at().register_forward_pre_hook(self._begin(tell["resid_pre"]), with_kwargs=True)
            if self.family == "Transformer":
                for name in ("q", "k", "v", "scores", "pattern", "z"):
                    yield at(f"attn.tap_{name}").register_forward_hook(_out(tell[name]))
                yield at("tap_resid_mid").register_forward_hook(_out(tell["resid_mid"]))
            else:
                yield at(z).register_forward_pre_hook(_in(z_of))
            yield at(attn_out).register_forward_hook(_out(tell["attn_out"]))
            if self.family == "Bloom":
                yield at("self_attention.query_key_value").register_forward_hook(_out(_bloom(tell)))
                yield at("self_attention.attention_dropout").register_forward_hook(_out(tell["pattern"]))
                yield at("self_attention").register_forward_hook(_out(tell["resid_mid"]))
            elif self.family not in ("GPT-NeoX", "GPT-J", "Transformer"):  # parallel: there is none
                yield at(attn_out).register_forward_hook(_out(self._mid(tell["resid_mid"])))
            yield at(mlp_pre).register_forward_hook(_out(partial(neurons, "mlp_pre")))
            inner = self.family == "Transformer"
            hook = at(mlp_post).register_forward_hook if inner else at(mlp_post).register_forward_pre_hook
            yield hook((_out if inner else _in)(partial(neurons, "mlp_post")))
            yield at(mlp_out).register_forward_hook(_out(partial(neurons, "mlp_out")))
            yield at().register_forward_hook(_out(tell["resid_post"]))

    def _begin(self, tell):
        def hook(_, args, kwargs):
            if args:
                args = (tell(args[0]), *args[1:])
            else:
                kwargs = {**kwargs, "hidden_states": tell(kwargs["hidden_states"])}
            self._resid = args[0] if args else kwargs["hidden_states"]
            return args, kwargs

        return hook

    def _mid(self, tell):
        """No module gives out the sum after attention: what attention adds is changed by the difference."""
        return lambda x: tell(self._resid + x) - self._resid

    @contextmanager
    def _attention(self, touch):
        """Transformers' own eager attention, with hands on what goes in and on what its softmax takes and gives."""
        if self.family in ("Bloom", "Transformer"):
            yield
            return
        path = self.paths[2].rpartition(".")[0]
        layers = {self.find(layer, path): layer for layer in range(self.n_layers)}
        kind, softmax = type(next(iter(layers))), torch.nn.functional.softmax
        code = sys.modules[kind.__module__]
        own = hasattr(kind, "_attn")
        attend = kind._attn if own else code.eager_attention_forward

        def around(attention, *qkv_and_rest, **options):
            layer = layers[attention]
            *qkv, mask = qkv_and_rest
            qkv = [
                touch(n, layer, x.transpose(1, 2)).transpose(1, 2) for n, x in zip("qkv", qkv, strict=True)
            ]

            def watched(x, *args, **kwargs):
                return touch("pattern", layer, softmax(touch("scores", layer, x), *args, **kwargs))

            with mock.patch.object(torch.nn.functional, "softmax", watched):
                return attend(attention, *qkv, mask, **options)

        with mock.patch.object(kind if own else code, attend.__name__, around):
            yield


SITES = (
    *("embed", "resid_pre", "q", "k", "v", "scores", "pattern", "z", "attn_out", "resid_mid"),
    *("mlp_pre", "mlp_post", "mlp_out", "resid_post", "logits"),
)


def _out(change):
    def hook(_, args, output):
        return (change(output[0]), *output[1:]) if isinstance(output, tuple) else change(output)

    return hook


def _in(change):
    return lambda _, args: (change(args[0]), *args[1:])


def _bloom(tell):
    def change(x):
        parts = x.unflatten(-1, (4, 3, -1)).unbind(-2)
        return torch.stack([tell[n](part) for n, part in zip("qkv", parts, strict=True)], -2).flatten(-3)

    return change
