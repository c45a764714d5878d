"""TransformerLens's networks in plain torch, by our own reading of each field of its config; nothing here is ours.

`HookedTransformer` here stands in for the one of TransformerLens 2.x: the same names and shapes, `cfg`, `state_dict`
and logits from `forward`. `python -m benchmarks lens` holds it against the real one.
"""

import math
from types import SimpleNamespace

import torch
from torch import nn

_DEFAULTS = {
    "n_heads": -1,
    "d_mlp": None,
    "act_fn": None,
    "eps": 1e-5,
    "use_attn_scale": True,
    "attn_scale": -1.0,
    "use_local_attn": False,
    "window_size": None,
    "attn_types": None,
    "normalization_type": "LN",
    "attention_dir": "causal",
    "attn_only": False,
    "scale_attn_by_inverse_layer_idx": False,
    "positional_embedding_type": "standard",
    "final_rms": False,
    "d_vocab_out": -1,
    "parallel_attn_mlp": False,
    "rotary_dim": None,
    "rotary_base": 10000,
    "rotary_base_local": None,
    "rotary_adjacent_pairs": False,
    "gated_mlp": False,
    "n_key_value_heads": None,
    "post_embedding_ln": False,
    "use_normalization_before_and_after": False,
    "attn_scores_soft_cap": -1.0,
    "output_logits_soft_cap": -1.0,
    "use_qk_norm": False,
    "use_NTK_by_parts_rope": False,
    "NTK_by_parts_low_freq_factor": 1.0,
    "NTK_by_parts_high_freq_factor": 4.0,
    "NTK_by_parts_factor": 8.0,
    "NTK_original_ctx_len": 8192,
    "default_prepend_bos": True,
    "dtype": torch.float32,
}


def parameters(*shapes):
    return nn.ParameterDict({name: nn.Parameter(torch.zeros(shape)) for name, *shape in shapes})


def norm_of(kind, width):
    sizes = {"LN": ("w", "b"), "RMS": ("w",)}.get(kind, ())
    return parameters(*((name, width) for name in sizes))


def normed(x, kind, eps, p=None):
    if kind is None:
        return x
    if kind.startswith("LN"):
        x = x - x.mean(-1, keepdim=True)
    x = x / torch.sqrt((x * x).mean(-1, keepdim=True) + eps)
    if p is not None and "w" in p:
        x = x * p["w"]
    return x + p["b"] if p is not None and "b" in p else x


def activated(x, name):
    if name == "relu":
        return x.clamp(min=0)
    if name == "gelu":
        return x * 0.5 * (1 + torch.erf(x / math.sqrt(2)))
    if name in ("gelu_new", "gelu_fast", "gelu_pytorch_tanh"):
        return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    if name == "silu":
        return x / (1 + torch.exp(-x))
    e = torch.exp(x - x.amax(-1, keepdim=True))
    return x * e / e.sum(-1, keepdim=True)


def rotated(x, c, base):
    """x (pos, d_head) of one head: two numbers a pair, turned by an angle a position."""
    width = c.rotary_dim or c.d_head
    turned = x.clone()
    for pair in range(width // 2):
        i, j = (2 * pair, 2 * pair + 1) if c.rotary_adjacent_pairs else (pair, pair + width // 2)
        angle = torch.arange(len(x)) * slowed(base ** (-2 * pair / width), c)
        turned[:, i] = x[:, i] * torch.cos(angle) - x[:, j] * torch.sin(angle)
        turned[:, j] = x[:, j] * torch.cos(angle) + x[:, i] * torch.sin(angle)
    return turned


def slowed(speed, c):
    if not c.use_NTK_by_parts_rope:
        return speed
    length, context = 2 * math.pi / speed, c.NTK_original_ctx_len
    low, high, factor = c.NTK_by_parts_low_freq_factor, c.NTK_by_parts_high_freq_factor, c.NTK_by_parts_factor
    if length > context / low:
        return speed / factor
    if length < context / high:
        return speed
    smooth = (context / length - low) / (high - low)
    return (1 - smooth) * speed / factor + smooth * speed


def capped(x, cap):
    return cap * torch.tanh(x / cap) if cap > 0 else x


class Attention(nn.Module):
    def __init__(self, c, layer):
        super().__init__()
        self.c, self.layer, pairs = c, layer, c.n_key_value_heads or c.n_heads
        under = "_" if c.n_key_value_heads else ""
        for name, heads, mark in (("Q", c.n_heads, ""), ("K", pairs, under), ("V", pairs, under)):
            self.register_parameter(f"{mark}W_{name}", nn.Parameter(torch.zeros(heads, c.d_model, c.d_head)))
            self.register_parameter(f"{mark}b_{name}", nn.Parameter(torch.zeros(heads, c.d_head)))
        self.W_O = nn.Parameter(torch.zeros(c.n_heads, c.d_head, c.d_model))
        self.b_O = nn.Parameter(torch.zeros(c.d_model))
        if c.use_qk_norm:
            self.q_norm, self.k_norm = norm_of("RMS", c.d_head), norm_of("RMS", c.d_head)
        self.register_buffer("mask", torch.ones(c.n_ctx, c.n_ctx).tril().bool())
        self.register_buffer("IGNORE", torch.tensor(-torch.inf))

    def forward(self, x, for_keys):
        """x (pos, d_model) of one prompt."""
        c, n, out = self.c, len(x), self.b_O.clone()
        local = c.use_local_attn and c.attn_types[self.layer] == "local"
        base = c.rotary_base_local if local and c.rotary_base_local else c.rotary_base
        p = {name.lstrip("_"): value for name, value in self.named_parameters(recurse=False)}
        scale = 1.0
        if c.use_attn_scale:
            scale = math.sqrt(c.d_head) if c.attn_scale == -1.0 else c.attn_scale
        if c.scale_attn_by_inverse_layer_idx:
            scale = scale * (self.layer + 1)
        for head in range(c.n_heads):
            pair = head * len(p["W_K"]) // c.n_heads
            q = for_keys @ p["W_Q"][head] + p["b_Q"][head]
            k = for_keys @ p["W_K"][pair] + p["b_K"][pair]
            v = x @ p["W_V"][pair] + p["b_V"][pair]
            if c.use_qk_norm:
                q, k = normed(q, "RMS", c.eps, self.q_norm), normed(k, "RMS", c.eps, self.k_norm)
            if c.positional_embedding_type == "rotary":
                q, k = rotated(q, c, base), rotated(k, c, base)
            scores = capped(q @ k.T / scale, c.attn_scores_soft_cap)
            i, j = torch.arange(n)[:, None], torch.arange(n)
            if c.positional_embedding_type == "alibi":
                scores = scores - (i - j).clamp(min=0) * 2 ** (-8 * (head + 1) / c.n_heads)
            if c.attention_dir == "causal":
                scores = scores.masked_fill((j > i) | (local & (j <= i - (c.window_size or 0))), -torch.inf)
            out = out + torch.softmax(scores, -1) @ v @ p["W_O"][head]
        return out


class MLP(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.c = c
        wide, narrow = (c.d_model, c.d_mlp), (c.d_mlp, c.d_model)
        shapes = [("W_in", wide), ("b_in", (c.d_mlp,)), ("W_out", narrow), ("b_out", (c.d_model,))]
        for name, shape in [*shapes, *([("W_gate", wide)] if c.gated_mlp else [])]:
            self.register_parameter(name, nn.Parameter(torch.zeros(shape)))
        if c.act_fn == "solu_ln":
            self.ln = norm_of("LN" if c.normalization_type == "LN" else "LNPre", c.d_mlp)

    def forward(self, x):
        c = self.c
        if c.gated_mlp:
            return (
                activated(x @ self.W_gate, c.act_fn) * (x @ self.W_in) + self.b_in
            ) @ self.W_out + self.b_out
        neurons = activated(x @ self.W_in + self.b_in, c.act_fn)
        if c.act_fn == "solu_ln":
            neurons = normed(neurons, "LN", c.eps, self.ln)
        return neurons @ self.W_out + self.b_out


class Block(nn.Module):
    def __init__(self, c, layer):
        super().__init__()
        self.c, kind, after = c, c.normalization_type, c.use_normalization_before_and_after
        self.ln1, self.attn = norm_of(kind, c.d_model), Attention(c, layer)
        if after:
            self.ln1_post = norm_of("RMS", c.d_model)
        if not c.attn_only:
            self.ln2, self.mlp = norm_of(kind, c.d_model), MLP(c)
            if after:
                self.ln2_post = norm_of("RMS", c.d_model)

    def forward(self, x, added):
        c = self.c

        def behind(written, which):
            return normed(written, "RMS", c.eps, which) if c.use_normalization_before_and_after else written

        read = normed(x, c.normalization_type, c.eps, self.ln1)
        attended = x + behind(self.attn(read, read + added), getattr(self, "ln1_post", None))
        if c.attn_only:
            return attended
        read = normed(x if c.parallel_attn_mlp else attended, c.normalization_type, c.eps, self.ln2)
        return attended + behind(self.mlp(read), getattr(self, "ln2_post", None))


class HookedTransformer(nn.Module):
    def __init__(self, config, tokenizer=None):
        super().__init__()
        c = self.cfg = SimpleNamespace(**_DEFAULTS | config)
        if isinstance(c.dtype, str):
            c.dtype = getattr(torch, c.dtype)
        c.n_heads = c.d_model // c.d_head if c.n_heads == -1 else c.n_heads
        c.d_mlp = 4 * c.d_model if c.d_mlp is None else c.d_mlp
        c.d_vocab_out = c.d_vocab if c.d_vocab_out == -1 else c.d_vocab_out
        self.tokenizer = tokenizer
        self.embed = nn.Module()
        self.embed.W_E = nn.Parameter(torch.zeros(c.d_vocab, c.d_model))
        if c.post_embedding_ln:
            self.embed.ln = norm_of("LN", c.d_model)
        if c.positional_embedding_type != "rotary":
            self.pos_embed = parameters(("W_pos", c.n_ctx, c.d_model))
        self.blocks = nn.ModuleList(Block(c, layer) for layer in range(c.n_layers))
        self.last = c.normalization_type
        if c.final_rms and self.last in ("LN", "LNPre"):
            self.last = self.last.replace("LN", "RMS")
        if self.last is not None:
            self.ln_final = norm_of(self.last, c.d_model)
        self.unembed = parameters(("W_U", c.d_model, c.d_vocab_out), ("b_U", c.d_vocab_out))
        generator = torch.Generator().manual_seed(1)
        for weight in self.parameters():
            weight.data.normal_(0, 1, generator=generator)
        self.to(c.dtype).requires_grad_(False)

    def forward(self, ids):
        return torch.stack([self.of_one(row) for row in ids])

    def of_one(self, row):
        c = self.cfg
        x, added = self.embed.W_E[row], torch.zeros(len(row), c.d_model, dtype=c.dtype)
        if c.post_embedding_ln:
            x = normed(x, "LN", c.eps, self.embed.ln)
        if c.positional_embedding_type == "standard":
            x = x + self.pos_embed["W_pos"][: len(row)]
        if c.positional_embedding_type == "shortformer":
            added = self.pos_embed["W_pos"][: len(row)]
        for block in self.blocks:
            x = block(x, added)
        x = normed(x, self.last, c.eps, getattr(self, "ln_final", None))
        return capped(x @ self.unembed["W_U"] + self.unembed["b_U"], c.output_logits_soft_cap)


def close(x, wanted, within=1e-5):
    """Equal but for float32, by the largest logit."""
    assert x.shape == wanted.shape
    return bool((x - wanted).abs().max() <= within * wanted.abs().max())
