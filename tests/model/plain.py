"""Plain hooks at every activation of a module that was never loaded: what the lab is tested against.

Nothing here knows of mi_widgets: it was written from transformers' own modeling files.
"""

import sys
from contextlib import ExitStack, contextmanager
from functools import partial
from unittest import mock

import torch

from tests.hooks import on_input, on_output
from tests.model.families import SITES, small

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
        self._resid = None

    def find(self, layer, *path):
        return self.module.get_submodule(".".join((self.paths[1].format(layer), *path)))

    @torch.no_grad()
    def run(self, ids, touch=None, only=SITES, **inputs):
        """The logits; `only` names the activations to touch, `inputs` are those of the module's forward."""
        touch = touch and partial(_but_the_mask, touch)
        with ExitStack() as hooks:
            if touch is not None:
                for names, register, hook in self._hooks(len(ids), touch):
                    if set(names) & set(only):
                        hooks.callback(register(hook).remove)
                if set(only) & {"q", "k", "v", "scores", "pattern"}:
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

    def _hooks(self, batch, touch):
        """What is touched, the method that registers a hook there, and the hook."""
        embed, _, z, attn_out, mlp_pre, mlp_post, mlp_out = self.paths
        wte = self.module.get_submodule(embed)
        yield ["embed"], wte.register_forward_hook, on_output(partial(touch, "embed", None))
        for layer in range(self.n_layers):
            tell = {name: partial(touch, name, layer) for name in SITES}
            at = partial(self.find, layer)

            def neurons(x, name, tell=tell):
                if self.family == "Phi-3" and name == "mlp_pre":
                    gate, up = x.chunk(2, -1)
                    return torch.cat([tell[name](gate), up], -1)
                flat = x.ndim == 2  # OPT's MLP
                return tell[name](x.unflatten(0, (batch, -1))).flatten(0, 1) if flat else tell[name](x)

            yield (
                ["resid_pre", "resid_mid"],
                partial(at().register_forward_pre_hook, with_kwargs=True),
                self._begin(tell),
            )
            yield ["attn_out"], at(attn_out).register_forward_hook, on_output(tell["attn_out"])
            if self.family == "Transformer":
                for name in ("q", "k", "v", "scores", "pattern", "z"):
                    yield [name], at(f"attn.tap_{name}").register_forward_hook, on_output(tell[name])
                yield ["resid_mid"], at("tap_resid_mid").register_forward_hook, on_output(tell["resid_mid"])
                yield ["mlp_post"], at(mlp_post).register_forward_hook, on_output(tell["mlp_post"])
            else:
                by_head = partial(_by_head, tell["z"])
                yield ["z"], at(z).register_forward_pre_hook, on_input(by_head)
                yield (
                    ["mlp_post"],
                    at(mlp_post).register_forward_pre_hook,
                    on_input(partial(neurons, name="mlp_post")),
                )
            if self.family == "Bloom":
                attention = at("self_attention")
                yield (
                    ["q", "k", "v"],
                    attention.query_key_value.register_forward_hook,
                    on_output(_bloom(tell)),
                )
                yield (
                    ["pattern"],
                    attention.attention_dropout.register_forward_hook,
                    on_output(tell["pattern"]),
                )
                yield ["resid_mid"], attention.register_forward_hook, on_output(tell["resid_mid"])
            elif self.family not in ("GPT-NeoX", "GPT-J", "Transformer"):  # parallel: there is none
                yield (
                    ["resid_mid"],
                    at(attn_out).register_forward_hook,
                    on_output(self._mid(tell["resid_mid"])),
                )
            reader = at("fc1" if self.family == "OPT" else "mlp")
            yield ["mlp_in"], reader.register_forward_pre_hook, on_input(partial(neurons, name="mlp_in"))
            yield ["mlp_pre"], at(mlp_pre).register_forward_hook, on_output(partial(neurons, name="mlp_pre"))
            yield ["mlp_out"], at(mlp_out).register_forward_hook, on_output(partial(neurons, name="mlp_out"))
            yield ["resid_post"], at().register_forward_hook, on_output(tell["resid_post"])

    def _begin(self, tell):
        def hook(_, args, kwargs):
            self._resid = tell["resid_pre"](args[0] if args else kwargs["hidden_states"])
            return (
                ((self._resid, *args[1:]), kwargs)
                if args
                else (args, {**kwargs, "hidden_states": self._resid})
            )

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


def _but_the_mask(touch, name, layer, x):
    """No score is changed that a mask (-inf, or the least number there is) hides."""
    new = touch(name, layer, x)
    return torch.where(x < -1e4, x, new) if name == "scores" else new


def _by_head(change, x):
    return change(x.unflatten(-1, (4, -1))).flatten(-2)


def _bloom(tell):
    def change(x):
        parts = x.unflatten(-1, (4, 3, -1)).unbind(-2)
        return torch.stack([tell[n](part) for n, part in zip("qkv", parts, strict=True)], -2).flatten(-3)

    return change
