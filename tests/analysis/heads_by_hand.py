"""Heads that look where positions alone tell them to."""

import torch

import mi_widgets as mi

_SHARP = 200.0


def looking_back(distance, *, n_ctx, d_vocab):
    """One head that looks a fixed number of tokens back, whatever stands there, and else at its own place."""
    config = mi.TransformerConfig(1, 1, n_ctx, n_ctx, d_vocab, n_ctx, normalization=None)
    module = mi.Transformer(config).eval().requires_grad_(False)
    for parameter in module.parameters():
        parameter.zero_()
    places = torch.eye(n_ctx)
    module.pos_embed.W_pos.copy_(places)
    attention = module.blocks[0].attn
    attention.W_Q[0] = _SHARP * n_ctx**0.5 * places.roll(-distance, 1)  # place p asks for p - distance
    attention.W_Q[0, :distance] = _SHARP * n_ctx**0.5 * places[:distance]
    attention.W_K[0] = places
    return module
