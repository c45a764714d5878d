"""An induction circuit whose weights were set by hand: what an analysis must read back exactly.

The residual stream has four parts: the token (one-hot), the position (one-hot), the token before
(written by head 0.0), and the prediction (written by head 1.0). Head 0.0 attends to the position
before its own and copies its token; head 1.0 looks for the place whose *token before* is the present
token, and copies the token there.
"""

import torch

import mi_widgets as mi

SHARPNESS = 200.0  # large enough that softmax picks one position


def induction_circuit(d_vocab=12, n_ctx=25):
    d_model, d_head = d_vocab * 3 + n_ctx, max(d_vocab, n_ctx)
    config = mi.TransformerConfig(2, 1, d_model, d_head, d_vocab, n_ctx, normalization=None)
    module = mi.Transformer(config).eval().requires_grad_(False)
    for parameter in module.parameters():
        parameter.zero_()
    token, position = slice(0, d_vocab), slice(d_vocab, d_vocab + n_ctx)
    before = slice(d_vocab + n_ctx, 2 * d_vocab + n_ctx)
    prediction = slice(2 * d_vocab + n_ctx, d_model)
    words, places = torch.eye(d_vocab), torch.eye(n_ctx)
    module.embed.W_E[:, token] = words
    module.pos_embed.W_pos[:, position] = places
    scale = SHARPNESS * d_head**0.5
    first, second = module.blocks[0].attn, module.blocks[1].attn
    first.W_Q[0, position, :n_ctx] = scale * torch.roll(places, -1, dims=1)  # place p asks for p - 1
    first.W_K[0, position, :n_ctx] = places
    first.W_V[0, token, :d_vocab] = words
    first.W_O[0, :d_vocab, before] = words
    second.W_Q[0, token, :d_vocab] = scale * words
    second.W_K[0, before, :d_vocab] = words
    second.W_K[0, position, :d_vocab][0] = -1.0  # nothing comes before place 0, so head 0.0 saw itself there
    second.W_V[0, token, :d_vocab] = words
    second.W_O[0, :d_vocab, prediction] = words
    module.unembed.W_U[prediction] = SHARPNESS * words
    return module
