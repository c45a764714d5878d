"""Networks for modular addition whose weights are set by hand, so that what is in them is known exactly."""

import torch

import mi_widgets as mi


def _empty(p, d_model, d_mlp):
    config = mi.TransformerConfig(
        n_layers=1,
        n_heads=1,
        d_model=d_model,
        d_head=d_model,
        d_vocab=p + 1,
        n_ctx=3,
        d_mlp=d_mlp,
        normalization=None,
    )
    module = mi.Transformer(config).eval().requires_grad_(False)
    for parameter in module.parameters():
        parameter.zero_()
    # No query asks for anything: = reads the mean of the three tokens, and writes their sum.
    attention = module.blocks[0].attn
    attention.W_V[0] = torch.eye(d_model)
    attention.W_O[0] = 3 * torch.eye(d_model)
    return module


def waves_of(p, k, n):
    angle = 2 * torch.pi * k * n.double() / p
    return angle.cos(), angle.sin()


def adding_circuit(p, alphas):
    """Its logits are the sum of alpha cos(w_k (a + b - c)) over the frequencies k of `alphas`, exactly.

    The residual stream holds a + b; neuron j is ReLU(a + b - j + 1), and hinges make any function of a whole number.
    """
    module = _empty(p, 1 + 2 * len(alphas), 2 * p - 1)
    numbers, totals = torch.arange(p), torch.arange(2 * p - 1)
    module.embed.W_E[:p, 0] = numbers.float()
    mlp = module.blocks[0].mlp
    mlp.W_in[0] = 1
    mlp.b_in.copy_(1 - totals)
    for i, (k, alpha) in enumerate(alphas.items()):
        for j, (wave, read) in enumerate(zip(waves_of(p, k, totals), waves_of(p, k, numbers), strict=True)):
            bends = wave - 2 * wave.roll(1) + wave.roll(2)
            bends[0], bends[1] = wave[0], wave[1] - 2 * wave[0]
            mlp.W_out[:, 1 + 2 * i + j] = bends.float()
            module.unembed.W_U[1 + 2 * i + j, :p] = alpha * read.float()
    return module


def neurons_of(p, given):
    """Neuron i is 2.5 + cos(w_k a + i) + cos(w_k b + i), for the k that is given for it."""
    module = _empty(p, 2 * len(given), len(given))
    numbers, mlp = torch.arange(p), module.blocks[0].mlp
    for i, k in enumerate(given):
        cos, sin = waves_of(p, k, numbers)
        module.embed.W_E[:p, 2 * i : 2 * i + 2] = torch.stack([cos, sin], 1).float()
        phase = torch.tensor(float(i))
        mlp.W_in[2 * i : 2 * i + 2, i] = torch.stack([phase.cos(), -phase.sin()])
    mlp.b_in.fill_(2.5)
    return module
