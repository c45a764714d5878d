"""Networks for a + b and a - b modulo p whose weights are set by hand, for any number and order of tokens."""

import torch

import mi_widgets as mi

_SHARP = 200.0
OTHERS = 50.0  # the logit of every token that is no number


def logits_by_hand(p, alphas, sign):
    """The sum of alpha cos(w_k (a + sign b - c)) over the frequencies k of `alphas`, (a, b, c)."""
    n = torch.arange(p).double()
    total = n[:, None, None] + sign * n[:, None] - n
    return sum(alpha * (2 * torch.pi * k / p * total).cos() for k, alpha in alphas.items()).float()


def calculating(p, alphas, sign, *, places, n_ctx, first, d_vocab):
    """Its logits of the numbers are `logits_by_hand`; those of all other tokens are 50.

    One head looks at the place of a, the other at that of b, and each copies the number there. The neuron of a pair,
    ReLU(a is there + b is there - 1), is 1 for that pair and 0 for all others, and writes the pair's logits.

    Args:
        places: of a and of b in a prompt.
        n_ctx: how long a prompt is.
        first: the token id of the number 0.
    """
    width, seen, said = d_vocab + n_ctx, 2 * p, p
    config = mi.TransformerConfig(
        1, 2, width + seen + said, max(p, n_ctx), d_vocab, n_ctx, d_mlp=p * p, normalization=None
    )
    module = mi.Transformer(config).eval().requires_grad_(False)
    for parameter in module.parameters():
        parameter.zero_()
    numbers = slice(first, first + p)
    module.embed.W_E[:, :d_vocab] = torch.eye(d_vocab)
    module.pos_embed.W_pos[:, d_vocab:width] = torch.eye(n_ctx)
    attention, mlp = module.blocks[0].attn, module.blocks[0].mlp
    for head, place in enumerate(places):
        attention.b_Q[head, place] = _SHARP * config.d_head**0.5
        attention.W_K[head, d_vocab:width, :n_ctx] = torch.eye(n_ctx)
        attention.W_V[head, numbers, :p] = torch.eye(p)
        attention.W_O[head, :p, width + head * p : width + (head + 1) * p] = torch.eye(p)
    pairs = torch.cartesian_prod(torch.arange(p), torch.arange(p))
    for which in (0, 1):
        mlp.W_in[width + which * p + pairs[:, which], torch.arange(p * p)] = 1.0
    mlp.b_in.fill_(-1.0)
    mlp.W_out[:, width + seen :] = logits_by_hand(p, alphas, sign).reshape(p * p, p)
    module.unembed.W_U[width + seen :, numbers] = torch.eye(p)
    module.unembed.b_U.fill_(OTHERS)
    module.unembed.b_U[numbers] = 0.0
    return module
