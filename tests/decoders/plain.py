"""Plain hooks on a decoder that was never loaded, attending by its own eager code.

Nothing here knows of mi_widgets: a layer's parts are found by the names that transformers gives them.
"""

import sys
from contextlib import ExitStack, contextmanager
from functools import partial
from unittest import mock

import torch
from torch import nn

from tests.decoders.names import parts_of
from tests.hooks import on_input, on_output

HEADS = ("q", "k", "v", "scores", "pattern", "z")  # what the eager function takes in and gives out
OUTSIDE = (
    "embed",
    "resid_pre",
    "attn_out",
    "resid_mid",
    "mlp_in",
    "mlp_pre",
    "mlp_post",
    "mlp_out",
    "resid_post",
)
MASKED = -1e4  # a score less than this was masked


class Plain:
    """A stock module; `touch(name, layer, x)` is called with each activation, and what it returns takes its place."""

    def __init__(self, name, module):
        self.module, self.parts = module, parts_of(name, module)
        self.layers = module.get_submodule(self.parts.layers)
        # How many times a layer adds what its parts give out: Granite and MiniCPM 3 do so.
        own = getattr(self.layers[0], "residual_scale", 1.0)
        self.times = getattr(module.config, "residual_multiplier", own)
        self._stream, self._touched = None, set()

    def run(self, ids, touch=None, only=(), **inputs):
        """The logits.

        Raises:
            AssertionError: what was to be touched never passed.
        """
        self._touched = set()
        with ExitStack() as hooks, torch.no_grad():
            if touch is not None:
                for handle in self._hooks(len(ids), only, partial(self._told, touch)):
                    hooks.callback(handle.remove)
                if set(only) & set(HEADS):
                    hooks.enter_context(self._attending(only, partial(self._told, touch)))
            return self.module(torch.tensor(ids), use_cache=False, **inputs).logits

    def seen(self, ids, names):
        """Every activation of these names: (name, layer) -> tensor."""
        found = {}

        def watch(name, layer, x):
            found[name, layer] = x.clone()
            return x

        self.run(ids, watch, only=names)
        return found

    def reads_the_middle(self, ids):
        """Whether, in some layer, a module takes in the stream with what attention has added to it."""
        mids, reads = self.seen(ids, ["resid_mid"]), []

        def look(layer, _, args, kwargs):
            for x in (*args, *kwargs.values()):
                mid = mids["resid_mid", layer]
                if isinstance(x, torch.Tensor) and x.numel() == mid.numel() and x.shape[-1] == mid.shape[-1]:
                    reads.append(torch.allclose(x.reshape(mid.shape), mid, atol=1e-6))

        with ExitStack() as hooks:
            for layer, block in enumerate(self.layers):
                for path, part in block.named_modules():
                    if path:
                        hook = part.register_forward_pre_hook(partial(look, layer), with_kwargs=True)
                        hooks.callback(hook.remove)
            self.run(ids)
        return any(reads)

    def _told(self, touch, name, layer, x):
        self._touched.add((name, layer))
        return touch(name, layer, x)

    def _hooks(self, batch, only, touch):
        if "embed" in only:
            embed = self.module.get_input_embeddings()
            yield embed.register_forward_hook(on_output(partial(touch, "embed", None)))
        for layer, block in enumerate(self.layers):
            tell = {name: partial(touch, name, layer) if name in only else _same for name in OUTSIDE}

            def laid_flat(x, change):
                return change(x.unflatten(0, (batch, -1))).reshape(x.shape) if x.ndim == 2 else change(x)

            def gate(x, tell=tell):
                if not self.parts.fused:
                    return laid_flat(x, tell["mlp_pre"])
                one, other = x.chunk(2, -1)
                return torch.cat([laid_flat(one, tell["mlp_pre"]), other], -1)

            yield block.register_forward_pre_hook(partial(self._begin, tell["resid_pre"]), with_kwargs=True)
            attn = block.get_submodule(self.parts.attn_out)
            yield attn.register_forward_hook(on_output(partial(self._added, tell["attn_out"])))
            yield attn.register_forward_hook(on_output(partial(self._mid, tell["resid_mid"])))
            # What holds the neurons takes in what they read; where nothing holds them, their own matrix does.
            above = self.parts.up.rpartition(".")[0] or self.parts.up
            for name, path in (("mlp_in", above), ("mlp_pre", self.parts.up), ("mlp_post", self.parts.down)):
                if name in only:
                    part = block.get_submodule(path)
                    if name == "mlp_pre":
                        yield part.register_forward_hook(on_output(gate))
                    else:
                        change = partial(laid_flat, change=tell[name])
                        yield part.register_forward_pre_hook(on_input(change))
            mlp = block.get_submodule(self.parts.mlp_out)
            change = partial(laid_flat, change=partial(self._added, tell["mlp_out"]))
            yield mlp.register_forward_hook(on_output(change))
            yield block.register_forward_hook(on_output(tell["resid_post"]))

    def _begin(self, touch, _, args, kwargs):
        if args:
            self._stream = touch(args[0])
            return (self._stream, *args[1:]), kwargs
        self._stream = touch(kwargs["hidden_states"])
        return args, {**kwargs, "hidden_states": self._stream}

    def _added(self, touch, x):
        return touch(x * self.times) / self.times

    def _mid(self, touch, x):
        """No module gives out the sum after attention: what attention adds is changed by the difference."""
        stream = self._stream
        return (touch(x.view_as(stream) * self.times + stream) - stream).view_as(x) / self.times

    @contextmanager
    def _attending(self, only, touch):
        """The family's own eager attention, with hands on what goes in, and on what its softmax takes and gives."""
        layers = {id(block.get_submodule(self.parts.attention)): i for i, block in enumerate(self.layers)}
        kind = type(self.layers[0].get_submodule(self.parts.attention))
        code, own = sys.modules[kind.__module__], hasattr(kind, "_attn")
        attend = kind._attn if own else code.eager_attention_forward
        name = attend.__name__
        if kind.__name__.startswith("GraniteSWA") or kind.__name__.startswith("GraniteMoeSWA"):
            attend = _with_sinks
        softmax, dropout = nn.functional.softmax, nn.functional.dropout

        def told(name, layer, x):
            return touch(name, layer, x) if name in only else x

        def around(attention, query, key, value, *rest, **options):
            layer = layers[id(attention)]
            q, k, v = (
                told(name, layer, x.transpose(1, 2)).transpose(1, 2)
                for name, x in zip("qkv", (query, key, value), strict=True)
            )

            def scored(x, *args, **kwargs):
                seen = x[..., : key.shape[2]]  # a sink comes after them
                new = torch.where(seen < MASKED, seen, told("scores", layer, seen))
                return softmax(torch.cat([new, x[..., key.shape[2] :]], -1), *args, **kwargs)

            def dropped(x, *args, **kwargs):
                return dropout(told("pattern", layer, x), *args, **kwargs)

            with mock.patch.multiple(nn.functional, softmax=scored, dropout=dropped):
                z, *more = attend(attention, q, k, v, *rest, **options)
            if own:
                return told("z", layer, z.transpose(1, 2)).transpose(1, 2), *more
            return told("z", layer, z), *more

        with mock.patch.object(kind if own else code, name, around):
            yield

    def touched(self):
        """(name, layer) of all that the last run touched."""
        return self._touched


def _with_sinks(attention, query, key, value, mask, scaling, dropout=0.0, **_):
    """Granite's attention with the sink inside the softmax, so that a pattern is what mixes the values: its own code
    lets the softmax be, and makes the mixture less afterwards, which gives the same."""
    shared = query.shape[1] // key.shape[1]
    scores = query @ key.repeat_interleave(shared, 1).transpose(2, 3) * scaling + mask
    sinks = attention.sinks.view(1, -1, 1, 1).expand(*scores.shape[:-1], 1)
    pattern = nn.functional.softmax(torch.cat([scores, sinks], -1), dim=-1)[..., :-1]
    pattern = nn.functional.dropout(pattern, p=dropout, training=attention.training)
    return (pattern @ value.repeat_interleave(shared, 1)).transpose(1, 2), pattern


def _same(x):
    return x
